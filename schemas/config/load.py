"""Reads a config file; all mistakes at once, each with its line and a remedy."""

from pathlib import Path

from pydantic import ValidationError

from schemas.config.run import RunConfig
from schemas.errors import ConfigError
from schemas.yaml_mistakes import mistakes, told
from schemas.yaml_tree import NotYamlError, read_yaml


def load_config(path: Path) -> RunConfig:
    """The config in the YAML file `path`.

    Raises ConfigError naming every mistake, with line numbers.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no config file {path}.",
            remedy="Write one from a data file: affectmine init --from FILE",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the config file {path}: {error}.") from None
    try:
        tree, content = read_yaml(text)
    except NotYamlError as error:
        raise ConfigError(f"{path}{error.where} is not YAML: {error.problem}.") from None
    if not isinstance(content, dict):
        raise ConfigError(
            f"{path} must hold keys and values at its top level.",
            remedy="Write one from a data file: affectmine init --from FILE",
        )
    config, wrong = None, None
    try:
        config = RunConfig.model_validate(content)
    except ValidationError as error:
        wrong = error
    found = mistakes(text, tree, RunConfig, wrong)
    wrong = None  # it holds this frame: such a cycle through pydantic would never be freed
    if found or config is None:
        plural = "mistake" if len(found) == 1 else "mistakes"
        raise ConfigError(f"{path} has {len(found)} {plural}:\n{told(found)}")
    return config
