"""Weights of the student: one safetensors file, checked by its own checksum. No pickle.

Tensors: `hashes` uint64 (features), most frequent first; `values` int8 (features, columns); `scale`
and `square` float32 (features): a weight is `scale * value`, `square` is the squared idf; `bias`
float32 (columns); per head `matrix` float32 (knots, columns, labels), `knots`, `offset`,
`threshold`.
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

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = "affectmine-student-1"
COLUMNS: Final = 32  # scores are padded to four vector registers
HEAD_TENSORS: Final = ("matrix", "knots", "offset", "threshold")
MAX_FEATURES: Final = 1 << 20  # the kernel's table keeps 20 bits for a feature's index


@dataclass(frozen=True)
class Head:
    """How the scores of the columns become probabilities of one taxonomy's labels.

    A label's logit is its offset plus, over columns c and knots k, matrix[k, c, label] times
    score[c] (k = 0) or max(0, score[c] - knots[k]): a sum of piecewise linear functions, so that
    what one label's score says about another need not be proportional. A label is given when its
    probability, rounded to four decimals as published, reaches `threshold`. When none does, the one
    that comes closest (in odds over threshold odds) is given: see docs/student.md for the trial.
    """

    labels: tuple[str, ...]
    matrix: NDArray[np.float32]
    knots: NDArray[np.float32]  # ascending; the first is not used
    offset: NDArray[np.float32]
    threshold: NDArray[np.float32]


@dataclass(frozen=True)
class StudentWeights:
    """A trained student, as stored."""

    spec: FeatureSpec
    hashes: NDArray[np.uint64]
    values: NDArray[np.int8]
    scale: NDArray[np.float32]
    square: NDArray[np.float32]
    bias: NDArray[np.float32]
    heads: dict[str, Head]
    task: str = "emotion"
    languages: tuple[str, ...] = ("en",)
    about: dict[str, Any] = field(default_factory=dict)  # training settings and figures

    def tensors(self) -> dict[str, NDArray[Any]]:
        """All tensors by name."""
        found: dict[str, NDArray[Any]] = {
            "hashes": self.hashes, "values": self.values, "scale": self.scale,
            "square": self.square, "bias": self.bias,
        }  # fmt: skip
        for name, head in self.heads.items():
            found |= {f"{name}.{part}": getattr(head, part) for part in HEAD_TENSORS}
        return found

    @cached_property
    def version(self) -> str:
        """First 12 hex digits of a SHA-256 over everything that an answer depends on."""
        return _checksum(self.tensors(), self._meaning())[:12]

    def _meaning(self) -> str:
        heads = {name: head.labels for name, head in self.heads.items()}
        spec = self.spec.__dict__
        return json.dumps(
            {
                "format": FORMAT,
                "task": self.task,
                "languages": self.languages,
                "spec": spec,
                "heads": heads,
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
                f"{path} has format {meaning['format']}, this version reads {FORMAT}."
            )
        if _checksum(tensors, header["meaning"]) != header["sha256"]:
            raise TerminalError(
                f"{path} is damaged: its checksum does not match.",
                remedy="Install or train it again.",
            )
        heads = {
            name: Head(tuple(labels), *(tensors[f"{name}.{part}"] for part in HEAD_TENSORS))
            for name, labels in meaning["heads"].items()
        }
        return StudentWeights(
            spec=FeatureSpec(**meaning["spec"]),
            hashes=tensors["hashes"],
            values=tensors["values"],
            scale=tensors["scale"],
            square=tensors["square"],
            bias=tensors["bias"],
            heads=heads,
            task=meaning["task"],
            languages=tuple(meaning["languages"]),
            about=json.loads(header["about"]),
        )
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
        raise TerminalError(
            f"{path} is not a file of student weights: {error}.",
            remedy="Make one with: affectmine train",
        ) from error
