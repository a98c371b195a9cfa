"""Several models in one pass over the features: each text is read once, each feature is looked up once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from schemas.errors import TerminalError
from transforms.label.normalize import fold_table, word_table
from transforms.label.student.features import string_buffers
from transforms.label.student.weights import StudentWeights

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

MAX_MODELS: Final = 16  # in one engine; a row's models are the bits of a word
LANES: Final = 8  # columns of a model are padded to whole vector registers
MAX_UNITS: Final = (
    1 << 24
) - 4096  # places in a store; the table has 24 bits for one, the block of zeros takes some
UNIT: Final = 8  # bytes; the store's places are counted in it
HEADER: Final = (
    8  # bytes before a feature's blocks: which models know it, as a row of `ways`; 4 spare
)
FACTORS: Final = 8  # bytes before a block's values: scale and squared idf, float32
_LOAD: Final = 0.55  # how full the table may be


@dataclass(frozen=True)
class Engine:
    """The features of some models with equal specs, laid out for the kernel (kernel.py).

    `store` holds, feature by feature, header and blocks, those of models that do not know it left out: what a
    feature costs is the cache lines of the models that do. `table` finds a feature's place by its hash. The scores
    of a model do not depend on which models stand beside it.
    """

    spec: NDArray[np.int64]
    table: NDArray[np.uint64]
    store: NDArray[np.int8]
    ways: NDArray[np.uint64]  # (rows, 2 x models), flat: see `_ways`
    bias: NDArray[np.float32]  # all models' columns, padded
    first: NDArray[np.int64]  # first lane group of each model, and the end

    def score(
        self, texts: pl.Series, wanted: NDArray[np.uint32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Score texts; bit m of `wanted` asks for model m.

        Returns scores (rows, padded columns) and whether a model knows any feature (rows, models); of models that
        were not asked for, zeros and no.
        """
        from transforms.label.student.kernel import score_rows

        data, offsets = string_buffers(texts)
        found: tuple[NDArray[np.float32], NDArray[np.bool_]] = score_rows(
            data, offsets, wanted, fold_table(), word_table(), self.spec, self.table,
            self.store, self.store.view(np.float32), self.store.view(np.uint32), self.ways, self.bias, self.first,
        )  # fmt: skip
        return found

    def columns(self, model: int) -> slice:
        """Where the scores of a model begin, and where its padding ends."""
        return slice(int(self.first[model]) * LANES, int(self.first[model + 1]) * LANES)


def pack(models: Sequence[StudentWeights]) -> list[tuple[StudentWeights, ...]]:
    """Models in as few engines as can be: of one spec, not too many, and small enough for the table.

    Raises TerminalError for a model that is too large alone.
    """
    packs: list[list[StudentWeights]] = []
    for model in models:
        if _units(model) >= MAX_UNITS:
            raise TerminalError(
                f"The student {model.version} is too large: {len(model.hashes):,} features times "
                f"{len(model.bias):,} columns.",
                remedy="Train it with fewer features or labels.",
            )
        for found in packs:
            room = sum(map(_units, found)) + _units(model) < MAX_UNITS
            if room and len(found) < MAX_MODELS and found[0].spec == model.spec:
                found.append(model)
                break
        else:
            packs.append([model])
    return [tuple(found) for found in packs]


def _units(model: StudentWeights) -> int:
    """Places that a model's features take at most."""
    lanes = -(-len(model.bias) // LANES) * LANES
    return len(model.hashes) * (HEADER + FACTORS + lanes) // UNIT


def engine_of(models: tuple[StudentWeights, ...]) -> Engine:
    """Lay out models with equal specs; kept for the next call with the same ones."""
    return _engine(_Models(models, tuple(model.version for model in models)))


@dataclass(frozen=True)
class _Models:
    """Models that compare by their versions."""

    models: tuple[StudentWeights, ...]
    versions: tuple[str, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Models) and self.versions == other.versions

    def __hash__(self) -> int:
        return hash(self.versions)


@lru_cache(maxsize=4)
def _engine(asked: _Models) -> Engine:
    from transforms.label.student.kernel import build_table

    models = asked.models
    groups = np.array([-(-len(model.bias) // LANES) for model in models])
    first = np.concatenate([[0], np.cumsum(groups)])
    hashes = _union(models)
    order = np.argsort(hashes, kind="stable")
    known = np.zeros((len(models), len(hashes)), np.bool_)
    rows = []
    for m, model in enumerate(models):
        row = order[np.searchsorted(hashes[order], model.hashes)]
        known[m, row] = True
        rows.append(row)
    sizes = FACTORS + groups * LANES
    place = np.zeros(len(hashes) + 1, np.int64)  # bytes
    np.cumsum(HEADER + sizes @ known, out=place[1:])
    place += HEADER + int(
        sizes.max()
    )  # the first block is zeros: that of what a model does not know
    store = np.zeros(place[-1], np.int8)
    kinds, kind = np.unique(known.T, axis=0, return_inverse=True)
    _write(store, place[:-1], kind.reshape(-1).astype(np.uint32).view(np.int8).reshape(-1, 4))
    at = place[:-1] + HEADER
    for m, model in enumerate(models):
        factors = np.stack([model.scale, model.square], axis=1).astype(np.float32)
        _write(store, at[rows[m]], factors.view(np.int8).reshape(-1, FACTORS))
        _write(store, at[rows[m]] + FACTORS, model.values)
        at[known[m]] += sizes[m]
    bias = np.zeros(first[-1] * LANES, np.float32)
    for m, model in enumerate(models):
        bias[first[m] * LANES : first[m] * LANES + len(model.bias)] = model.bias
    size = 1 << max(4, int(len(hashes) / _LOAD - 1).bit_length())
    table = build_table(hashes, place[:-1] // UNIT, size)
    return Engine(
        models[0].spec.as_array(), table, store, _ways(kinds, sizes), bias, first.astype(np.int64)
    )


def _ways(kinds: NDArray[np.bool_], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """How to come from a feature's place to its block of each model: place & first + second of the model's pair.

    kinds: (rows, models) which models know a feature of this kind. Of a model that does not, the way leads to the
    block of zeros at the begin of the store.
    """
    before = (HEADER + np.cumsum(kinds * sizes, axis=1) - kinds * sizes) // UNIT
    keep = np.where(kinds, ~np.uint64(0), np.uint64(0))
    step = np.where(kinds, before, 0).astype(np.uint64)
    return np.ascontiguousarray(np.stack([keep, step], axis=2).reshape(-1))


def _union(models: tuple[StudentWeights, ...]) -> NDArray[np.uint64]:
    """The distinct hashes, most frequent first: by the best place that one has in any model."""
    hashes = np.concatenate([model.hashes for model in models])
    ranks = np.concatenate([np.arange(len(model.hashes)) for model in models])
    order = np.lexsort((hashes, ranks))
    _, seen = np.unique(hashes[order], return_index=True)
    found: NDArray[np.uint64] = hashes[order][np.sort(seen)]
    return found


def _write(store: NDArray[np.int8], at: NDArray[np.int64], values: NDArray[np.int8]) -> None:
    """Write row i of values to the store from byte at[i]."""
    step = 1 << 16
    for start in range(0, len(at), step):
        part = slice(start, start + step)
        store[at[part][:, None] + np.arange(values.shape[1])] = values[part]
