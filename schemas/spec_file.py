"""Reading the YAML files that define taxonomies and label tasks, ours and the user's."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.errors import ConfigError

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
            raise ConfigError(
                f"There is no {noun} named {asked!r}.",
                remedy=f"Known: {', '.join(known)}. "
                "For a file of your own, give its path, ending in .yaml.",
            )
        text = (resources.files(package) / f"{asked}.yaml").read_text(encoding="utf-8")
    return parse_spec(text, asked, model, noun)


def parse_spec(text: str, where: str, model: type[M], noun: str) -> M:
    """Validate YAML text against a model; `where` names the file in messages."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"The {noun} file {where} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(
            f"The {noun} file {where} must hold keys and values (name: …), "
            f"not {type(content).__name__}."
        )
    try:
        return model.model_validate(content)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, e['loc'])) or noun}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_url=False)
        ]
        raise ConfigError(
            f"The {noun} file {where} has {len(lines)} mistake(s):\n" + "\n".join(lines)
        ) from error
