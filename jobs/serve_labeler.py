"""The labeler file that `affectmine serve` writes, or checks when it is there."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipelines.serving.model_source import HASHED, ModelSource, find_revision
from schemas.errors import ConfigError
from schemas.language_model import load_language_model


def agreed_revision(path: Path, source: ModelSource, given: str | None) -> str:
    """The revision that the labeler file `path` says, or would say if it were written now.

    Raises ConfigError when the file is of another model or other weights: its answers would be taken for theirs.
    """
    if not path.exists():
        return find_revision(source, given)
    labeler = load_language_model(path)
    if labeler.model != source.served:
        raise ConfigError(
            f"{path} is the labeler file of {labeler.model}, not of {source.served}.",
            remedy="Choose another file: --labeler FILE.yaml",
        )
    # Only a hash or a given revision can be compared; a revision written by hand is its writer's word.
    known = given is not None or (source.folder is not None and labeler.revision.startswith(HASHED))
    found = find_revision(source, given) if known else labeler.revision
    if found != labeler.revision:
        raise ConfigError(
            f"{path} names the revision {labeler.revision}, but these weights are {found}.",
            remedy="Other weights are another labeler: choose another file with --labeler FILE.yaml",
        )
    return found


def write_labeler(
    path: Path, source: ModelSource, revision: str, url: str, key: str | None
) -> bool:
    """Writes the labeler file unless it is there. Whether it was written."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "a hash of its weights and config" if revision.startswith(HASHED) else "of the weights"
    lines = [
        "# A labeler: affectmine label FILE --labeler " + path.name,
        f"name: {source.name}",
        f"model: {_plain(source.served)}",
        f"revision: {_plain(revision)}  # {said}",
        f"urls: [{_plain(url)}]",
    ]
    if key is not None:
        lines.append(f"api_key_env: {key}")
    # Created if absent: two commands at once do not overwrite each other.
    with path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    load_language_model(path)
    return True


def _plain(value: str) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()
    )
