"""Which model is to be served, and which weights exactly: a folder, or a name on a hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xxhash

from schemas.errors import ConfigError

HASHED: Final = "xxh3-"
_CHUNK: Final = 8 << 20
_MEANS: Final = {
    ".safetensors", ".bin", ".pt", ".gguf", ".json", ".jinja", ".txt", ".model", ".tiktoken", ".py",
}  # fmt: skip
_HUB: Final = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model: what vLLM loads, the name under which it is served, its folder if it has one."""

    model: str
    served: str
    folder: Path | None

    @property
    def name(self) -> str:
        """A name for the column labeler: lower case, digits, underscores."""
        plain = re.sub(r"[^a-z0-9]+", "_", self.served.rpartition("/")[2].lower()).strip("_")
        return (plain if plain[:1].isalpha() else f"model_{plain}")[:63].rstrip("_")


def find_source(model: str) -> ModelSource:
    """The model that a folder or a hub's name means. Raises ConfigError: neither."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").exists() and not list(folder.glob("*.gguf")):
            raise ConfigError(
                f"The folder {model} holds no model: it has no config.json.",
                remedy="Name a folder in the format of Hugging Face (save_pretrained).",
            )
        folder = folder.resolve()
        return ModelSource(str(folder), folder.name, folder)
    if _HUB.fullmatch(model) and not model.startswith("."):
        return ModelSource(model, model, None)
    raise ConfigError(
        f"There is no model folder {model}.", remedy="Check the path, or name a model of the hub."
    )


def find_revision(source: ModelSource, given: str | None) -> str:
    """What identifies the weights: the commit of a hub's snapshot on this machine, or a hash of a folder's files.

    Raises ConfigError when nothing identifies them.
    """
    if source.folder is not None:
        return given or hash_folder(source.folder)
    if given is not None and _COMMIT.fullmatch(given):
        return given
    commit = _snapshot(source.model, given or "main")
    if commit is None and given is None:
        raise ConfigError(
            f"Nothing says which weights of {source.model} are meant: no snapshot of it is on this machine.",
            remedy="Name the commit that the hub shows for it: --revision COMMIT",
        )
    return commit or str(given)


def hash_folder(folder: Path) -> str:
    """A hash over names and contents of a folder's weights, config and tokenizer: `xxh3-` and 32 hex digits."""
    hasher = xxhash.xxh3_128()
    for path in sorted(folder.iterdir()):
        if path.suffix not in _MEANS or not path.is_file():
            continue
        hasher.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                hasher.update(chunk)
    return HASHED + hasher.hexdigest()


def _snapshot(model: str, reference: str) -> str | None:
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub"))
    file = cache / f"models--{model.replace('/', '--')}" / "refs" / reference
    try:
        commit = file.read_text().strip()
    except OSError:
        return None
    return commit if _COMMIT.fullmatch(commit) else None
