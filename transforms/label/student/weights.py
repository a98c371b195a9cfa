"""Weights of the student: one safetensors file, checked by its own checksum. No pickle.

Tensors: `hashes` uint64 (features), most frequent first; `values` int8 (features, columns); `scale`
and `square` float32 (features): a weight is `scale * value`, `square` is the squared idf; `bias`
float32 (columns); per head (head.py), by taxonomy, `matrix`, `knots`, `offset`, `threshold`; `seen` uint32, marks of
the texts it was trained on (seen.py), which no answer depends on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from schemas.errors import TerminalError
from transforms.label.student.features import FeatureSpec
from transforms.label.student.head import TENSORS, Head

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = "affectmine-student-2"


@dataclass(frozen=True)
class StudentWeights:
    """A trained student, as stored. Heads by the name of their taxonomy."""

    spec: FeatureSpec
    hashes: NDArray[np.uint64]
    values: NDArray[np.int8]
    scale: NDArray[np.float32]
    square: NDArray[np.float32]
    bias: NDArray[np.float32]
    heads: dict[str, Head]
    languages: tuple[str, ...] = ("en",)
    about: dict[str, Any] = field(default_factory=dict)  # training settings and figures
    seen: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))

    def tensors(self) -> dict[str, NDArray[Any]]:
        """All tensors by name."""
        found: dict[str, NDArray[Any]] = {
            "hashes": self.hashes, "values": self.values, "scale": self.scale,
            "square": self.square, "bias": self.bias, "seen": self.seen,
        }  # fmt: skip
        for name, head in self.heads.items():
            found |= {f"{name}.{part}": getattr(head, part) for part in TENSORS}
        return found

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of a SHA-256 over everything that an answer depends on."""
        tensors = {name: tensor for name, tensor in self.tensors().items() if name != "seen"}
        return _checksum(tensors, self._meaning())[:12]

    def _meaning(self) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "languages": self.languages,
                "spec": self.spec.__dict__,
                "heads": {name: head.meaning() for name, head in self.heads.items()},
            }
        )


def _checksum(tensors: dict[str, NDArray[Any]], meaning: str) -> str:
    digest = hashlib.sha256(meaning.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).data)
    return digest.hexdigest()


def save_weights(weights: StudentWeights, path: Path) -> None:
    """Write the file; the same weights give the same bytes."""
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in weights.tensors().items()}
    broken = [n for n, t in tensors.items() if t.dtype.kind == "f" and not np.isfinite(t).all()]
    if broken:
        raise TerminalError(
            f"The weights hold numbers that are not finite ({', '.join(broken)}); nothing was written.",
            remedy="This is a defect of affectmine; please report it.",
        )
    meaning = weights._meaning()
    header = {
        "meaning": meaning,
        "sha256": _checksum(tensors, meaning),
        "about": json.dumps(weights.about, sort_keys=True),
    }
    # One metadata entry: safetensors does not keep the order of several.
    path.write_bytes(save(tensors, metadata={"affectmine": json.dumps(header)}))


def load_weights(path: Path) -> StudentWeights:
    """Read and check a file; TerminalError when it is missing, damaged or of another format."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as opened:
            header = json.loads((opened.metadata() or {})["affectmine"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 -- it is no dict
        meaning = json.loads(header["meaning"])
        if meaning["format"] != FORMAT:
            raise TerminalError(
                f"{path} has format {meaning['format']}, this version reads {FORMAT}.",
                remedy="Train it again: affectmine train",
            )
        if _checksum(tensors, header["meaning"]) != header["sha256"]:
            raise TerminalError(
                f"{path} is damaged: its checksum does not match.",
                remedy="Install or train it again.",
            )
        return StudentWeights(
            spec=FeatureSpec(**meaning["spec"]),
            hashes=tensors["hashes"],
            values=tensors["values"],
            scale=tensors["scale"],
            square=tensors["square"],
            bias=tensors["bias"],
            heads={
                name: _head(told, {part: tensors[f"{name}.{part}"] for part in TENSORS})
                for name, told in meaning["heads"].items()
            },
            languages=tuple(meaning["languages"]),
            about=json.loads(header["about"]),
            seen=tensors["seen"],
        )
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise TerminalError(
            f"{path} is not a file of student weights: {error}.",
            remedy="Make one with: affectmine train",
        ) from error


def load_heads(path: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Task and labels of each head of a file that `save_weights` wrote, by taxonomy: read off its first bytes."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as opened:
        meaning = json.loads(json.loads(opened.metadata()["affectmine"])["meaning"])
    return {name: (told["task"], tuple(told["labels"])) for name, told in meaning["heads"].items()}


def _head(told: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Head:
    lists = {name: tuple(told[name]) for name in ("labels", "languages")}
    return Head(**(told | lists | tensors))
