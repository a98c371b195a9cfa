"""Reading the YAML files that define taxonomies and label tasks, ours and the user's."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from schemas.errors import ConfigError
from schemas.yaml_mistakes import mistakes, near, told
from schemas.yaml_tree import NotYamlError, read_yaml

M = TypeVar("M", bound=BaseModel)


def shipped_names(package: str) -> list[str]:
    """Names of the YAML files in one of our packages, without the ending, sorted."""
    return sorted(
        p.name.removesuffix(".yaml")
        for p in resources.files(package).iterdir()
        if p.name.endswith(".yaml")
    )


def load_spec(name_or_path: str | Path, package: str, model: type[M], noun: str) -> M:
    """Read a shipped spec by its name, or a user's file by its path (it has a folder or ends in
    .yaml/.yml).

    Raises ConfigError: unknown name (with the known ones), unreadable file, YAML mistake, or every
    mistake of content at once.
    """
    asked = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in asked or asked.endswith((".yaml", ".yml")):
        try:
            text = Path(name_or_path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The {noun} file {asked} cannot be read: {error}.") from error
    else:
        known = shipped_names(package)
        if asked not in known:
            close = near(asked, known)
            raise ConfigError(
                f"There is no {noun} named {asked!r}.",
                remedy=(f"Did you mean {close!r}? " if close else "")
                + f"Known: {', '.join(known)}. "
                "For a file of your own, give its path, ending in .yaml.",
            )
        text = (resources.files(package) / f"{asked}.yaml").read_text(encoding="utf-8")
    return parse_spec(text, asked, model, noun)


def parse_spec(text: str, where: str, model: type[M], noun: str) -> M:
    """Validate YAML text against a model; `where` names the file in messages.

    Raises ConfigError: every mistake at once, each with its line and what to do about it.
    """
    try:
        tree, content = read_yaml(text)
    except NotYamlError as error:
        raise ConfigError(
            f"The {noun} file {where} is not valid YAML{error.where}: {error.problem}."
        ) from None
    if not isinstance(content, dict):
        raise ConfigError(
            f"The {noun} file {where} must hold keys and values (name: …), "
            f"not {type(content).__name__}."
        )
    spec, wrong = None, None
    try:
        spec = model.model_validate(content)
    except ValidationError as error:
        wrong = error
    found = mistakes(text, tree, model, wrong)
    wrong = None  # it holds this frame: such a cycle through pydantic would never be freed
    if found or spec is None:
        raise ConfigError(f"The {noun} file {where} has {len(found)} mistake(s):\n{told(found)}")
    return spec
