"""Reads a config file; all mistakes at once, each with its line and a remedy."""

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from schemas.config.run import RunConfig
from schemas.errors import ConfigError


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
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise ConfigError(f"{path}{where} is not YAML: {problem}.") from None
    if not isinstance(content, dict):
        raise ConfigError(
            f"{path} must hold keys and values at its top level.",
            remedy="Write one from a data file: affectmine init --from FILE",
        )
    try:
        return RunConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_explain(path, error, tree)) from None


def _explain(path: Path, error: ValidationError, tree: yaml.Node | None) -> str:
    lines = []
    for mistake in error.errors(include_url=False, include_input=False):
        location = mistake["loc"]
        dotted = ".".join(str(part) for part in location) or "(top level)"
        lines.append((_line(tree, location), f"{dotted}: {_say(mistake, location)}"))
    lines.sort()
    plural = "mistake" if len(lines) == 1 else "mistakes"
    told = "\n".join(f"  line {line}: {text}" for line, text in lines)
    return f"{path} has {len(lines)} {plural}:\n{told}"


def _say(mistake: Any, location: tuple[int | str, ...]) -> str:
    if mistake["type"] == "extra_forbidden":
        known = list(_fields(RunConfig, location[:-1]))
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key; {hint}"
    if mistake["type"] == "missing":
        return "this key is missing"
    message = str(mistake["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> dict[str, Any]:
    """The fields of the model that lies at `location`."""
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return {}
        nested = _model_in(field.annotation)
        if nested is None:
            return {}
        model = nested
    return dict(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None


def _line(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """The line of the deepest node on the way to `location`."""
    line = node.start_mark.line + 1 if node else 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line
