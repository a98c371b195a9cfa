"""The student: the labeler that is always there. No server, no download, 5 µs per short text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from schemas.errors import ConfigError
from transforms.label.labeler import ANSWER_SCHEMA, LABELED, REJECTED, SCORES_TYPE, language_reason
from transforms.label.normalize import fold_table, word_table
from transforms.label.student.features import string_buffers
from transforms.label.student.weights import COLUMNS, Head, StudentWeights, load_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy

NAME: Final = "student"
SHIPPED: Final = "emotion-goemotions"
MAX_BYTES: Final = (
    4 << 20
)  # the kernel needs about 60 bytes of scratch per byte of the longest text
_CHUNK: Final = 16_384  # rows scored at a time: their scores stay in the processor's cache
_LOAD: Final = 0.5  # how full the kernel's table may be


@dataclass(frozen=True)
class _Compiled:
    """Weights laid out for the kernel: one row per feature holds (scale, square) and the int8
    values.
    """

    table: NDArray[np.int32]
    values: NDArray[np.int8]  # features x (8 + COLUMNS); the first 8 bytes are `factors`
    factors: NDArray[np.float32]  # the same memory as float32
    bias: NDArray[np.float32]


class StudentLabeler:
    """A linear model over hashed n-grams (weights.py), scored by a compiled kernel (kernel.py).

    The same text gets the same answer whatever its batch, thread or machine. Instances may be
    shared
    between threads; scoring releases the GIL.
    """

    name = NAME

    def __init__(self, weights: StudentWeights) -> None:
        self.weights = weights
        self.version = weights.version
        self.languages = frozenset(weights.languages)
        self._tiles: dict[tuple[str, ...], pl.Series] = {}

    @cached_property
    def _compiled(self) -> _Compiled:
        # Late: who only asks for the version need not wait for the kernels.
        return _lay_out(self.weights)

    @classmethod
    def load(cls, path: str | Path | None = None) -> StudentLabeler:
        """Load the shipped student (once per process), or one that `affectmine train` wrote."""
        return _shipped() if path is None else cls(load_weights(Path(path)))

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """One answer per row, in order: see `Labeler.label`.

        Rejected: `empty_text`, `too_long` (over 4 MiB), `language:<code>`, and `no_known_feature`
        for a text in which the model knows nothing (its answer would be the prior: a guess).
        """
        head = self._head(task, taxonomy)
        starts = range(0, max(1, len(batch)), _CHUNK)
        return pl.concat(
            [self._label(batch.slice(start, _CHUNK), head) for start in starts], rechunk=False
        )

    def _label(self, batch: pl.DataFrame, head: Head) -> pl.DataFrame:
        reasons = _reasons(batch, self.languages)
        scores, known = self._score(batch["text_clean"], reasons.is_null().to_numpy())
        unknown = pl.Series(known == 0)
        reason = pl.select(
            pl.when(reasons.is_null() & unknown).then(pl.lit("no_known_feature")).otherwise(reasons)
        ).to_series() if unknown.any() else reasons  # fmt: skip
        return self._answer(head, scores, reason)

    def thresholds(self, taxonomy: Taxonomy) -> dict[str, float]:
        """Probability from which each label of a taxonomy is given."""
        head = self.weights.heads.get(taxonomy.name)
        return (
            {}
            if head is None
            else dict(zip(head.labels, (round(float(t), 4) for t in head.threshold), strict=True))
        )

    def scores(self, texts: pl.Series) -> NDArray[np.float32]:
        """Linear scores before any head, (rows, COLUMNS); for training and tests."""
        return self._score(texts, np.ones(len(texts), np.bool_))[0]

    def require(self, task: LabelTask, taxonomy: Taxonomy) -> None:
        """Raise ConfigError when this student cannot answer the task in the taxonomy."""
        self._head(task, taxonomy)

    def _head(self, task: LabelTask, taxonomy: Taxonomy) -> Head:
        if task.name != self.weights.task:
            raise ConfigError(
                f"The student {self.version} answers the task {self.weights.task!r}, "
                f"not {task.name!r}.",
                remedy="Train one for it (affectmine train) or choose another labeler.",
            )
        head = self.weights.heads.get(taxonomy.name)
        if head is None or head.labels != taxonomy.names:
            known = ", ".join(sorted(self.weights.heads))
            what = (
                "is unknown to it" if head is None else "has other labels (or another order) there"
            )
            raise ConfigError(
                f"The student {self.version} answers in the taxonomies {known}; "
                f"{taxonomy.name!r} {what}.",
                remedy="Choose one of those, or train a student for it.",
            )
        return head

    def _score(
        self, texts: pl.Series, wanted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        from transforms.label.student.kernel import score_rows

        data, offsets = string_buffers(texts)
        c = self._compiled
        found: tuple[NDArray[np.float32], NDArray[np.int32]] = score_rows(
            data, offsets, wanted, fold_table(), word_table(), self.weights.spec.as_array(),
            c.table, self.weights.hashes, c.values, c.factors, c.bias,
        )  # fmt: skip
        return found

    def _answer(self, head: Head, scores: NDArray[np.float32], reason: pl.Series) -> pl.DataFrame:
        from transforms.label.student.head_kernel import answer_rows

        accepted = reason.is_null()
        everything = bool(accepted.all())
        if not everything:
            scores = scores[accepted.to_numpy()]
        probabilities, given = answer_rows(
            scores, head.matrix, head.knots, head.offset, head.threshold
        )
        answers = pl.DataFrame(
            {
                "labels": _labels(head.labels, given),
                "scores": self._score_lists(head.labels, probabilities),
            }
        )
        if not everything:  # null for the rejected rows
            row = accepted.cum_sum().cast(pl.Int64) - 1
            answers = answers.select(
                pl.all().gather(pl.select(pl.when(accepted).then(row)).to_series())
            )
        status = pl.select(
            pl.when(accepted).then(pl.lit(LABELED)).otherwise(pl.lit(REJECTED))
        ).to_series()
        return (
            answers.with_columns(status=status, reason=reason)
            .select(ANSWER_SCHEMA.names())
            .cast(ANSWER_SCHEMA)
        )

    def _score_lists(
        self, labels: tuple[str, ...], probabilities: NDArray[np.float32]
    ) -> pl.Series:
        """list<struct<label, probability>> from flat arrays; the label column is a slice of a
        cached tile.
        """
        cells = probabilities.size
        tile = self._tiles.get(labels)
        if tile is None or len(tile) < cells:
            positions = np.tile(np.arange(len(labels), dtype=np.uint32), len(probabilities))
            tile = self._tiles[labels] = pl.Series(labels, dtype=pl.String).gather(positions)
        flat = pl.DataFrame(
            {"label": tile.head(cells), "probability": probabilities.reshape(-1)}
        ).to_struct()
        return (
            flat.reshape((-1, len(labels))).arr.to_list()
            if cells
            else pl.Series([], dtype=SCORES_TYPE)
        )


def _labels(labels: tuple[str, ...], given: NDArray[np.bool_]) -> pl.Series:
    """list<string> of the given labels of each row, from the flat positions of the true cells."""
    import pyarrow as pa

    names = (
        pl.Series(labels, dtype=pl.String)
        .gather(np.nonzero(given)[1])
        .to_arrow(compat_level=pl.CompatLevel.oldest())
    )
    bounds = np.zeros(len(given) + 1, np.int64)
    np.cumsum(given.sum(axis=1), out=bounds[1:])
    # From buffers, because pa.array would import pandas where it is installed: .3 s before the
    # first label.
    lists = pa.Array.from_buffers(
        pa.large_list(names.type), len(given), [None, pa.py_buffer(bounds)], children=[names]
    )
    series = pl.from_arrow(lists)
    assert isinstance(series, pl.Series)
    return series


def _reasons(batch: pl.DataFrame, languages: frozenset[str]) -> pl.Series:
    """Why a row is rejected before its text is read; null where it is not."""
    if "text_clean" not in batch.columns:
        raise ConfigError(
            "The student reads the column 'text_clean'.",
            remedy=f"Columns found: {', '.join(batch.columns)}.",
        )
    foreign = language_reason(batch, languages)
    long = pl.col("text_clean").str.len_bytes() > MAX_BYTES
    empty = pl.col("text_clean").is_null() | (pl.col("text_clean").str.strip_chars() == "")
    return batch.select(
        pl.when(empty)
        .then(pl.lit("empty_text"))
        .when(long)
        .then(pl.lit("too_long"))
        .otherwise(foreign)
        .alias("reason")
    )["reason"]


def _lay_out(weights: StudentWeights) -> _Compiled:
    from transforms.label.student.kernel import build_table

    features, columns = weights.values.shape
    values = np.zeros((features, 8 + COLUMNS), np.int8)
    factors = values.view(np.float32)
    factors[:, 0] = weights.scale
    factors[:, 1] = weights.square
    values[:, 8 : 8 + columns] = weights.values
    bias = np.zeros(COLUMNS, np.float32)
    bias[:columns] = weights.bias
    size = 1 << max(4, int(features / _LOAD).bit_length())
    return _Compiled(build_table(weights.hashes, size), values, factors, bias)


@cache
def _shipped() -> StudentLabeler:
    with resources.as_file(
        resources.files("transforms.label.student") / "models" / f"{SHIPPED}.safetensors"
    ) as path:
        return StudentLabeler(load_weights(path))


def model_card() -> str:
    """Read the shipped student's model card (Markdown)."""
    return (resources.files("transforms.label.student") / "models" / f"{SHIPPED}.md").read_text(
        encoding="utf-8"
    )


__all__ = ["NAME", "StudentLabeler", "model_card"]
