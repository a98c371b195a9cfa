"""Gold for tuning: rows to tune on, rows that are kept back to report on, and rows to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from jobs.calibrate import gold_rows
from jobs.evaluation.gold import Gold, LabelGold, gold_of
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.gold_file import read_gold
from jobs.evaluation.rows import choose, other_splits
from jobs.tune_answers import Part
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.annotations import Bools

_LEAST: Final = 40  # rows with gold to tune and report on
_TRAIN, _DEV = "train", "dev"


@dataclass(frozen=True)
class TuningGold:
    """`tune` and `report`: halves of the rows asked for, whole groups in one, in random order. `shown`: other rows, as
    demonstrations (demonstration_gold.py).
    """

    tune: Part
    report: Part
    shown: pl.DataFrame


def tuning_gold(
    path: Path,
    task: LabelTask,
    taxonomy: Taxonomy,
    splits: Sequence[str],
    wanted: Wanted,
    *,
    shown: bool,
    seed: int,
) -> TuningGold:
    """The rows of a file of gold, apart: those of the `splits` (default: dev, where there are any, else all) are tuned
    and reported on; those of split train are shown, or a third of the rows where there are none besides.

    Raises SourceError: the file cannot be read, or has too few rows with gold.
    """
    rows = read_gold(path, wanted, task, taxonomy)
    truth = gold_of(rows.frame["gold"], task, taxonomy)
    known = set(rows.frame["split"].drop_nulls().unique())
    asked = list(splits) or ([_DEV] if _DEV in known else [])
    chosen, _ = choose(truth, rows, asked)
    if chosen.sum() < _LEAST:
        raise SourceError(
            f"{path} has {int(chosen.sum()):,} rows with gold of {task.name} in {taxonomy.name} to tune on; "
            f"{_LEAST} are needed, better some hundred.",
            remedy=other_splits(rows, truth.annotated) if truth.annotated.any() else None,
        )
    frame = gold_rows(rows)
    train = (frame["split"] == _TRAIN).fill_null(value=False).to_numpy()
    pool = truth.annotated & train & ~chosen
    unit = _units(frame)
    rng = np.random.default_rng(seed)
    place = rng.permutation(int(unit.max()) + 1)[unit]  # whole groups, in random order
    number = len(np.unique(place[chosen]))
    rank = np.searchsorted(np.unique(place[chosen]), place)
    if shown and not pool.any():
        pool = chosen & (rank < number // 3)
        chosen = chosen & ~pool
        number, rank = number - number // 3, rank - number // 3
    order = np.argsort(place, kind="stable")
    tune, report = chosen & (rank < number // 2), chosen & (rank >= number // 2)
    return TuningGold(
        _part(frame, order[tune[order]], task, taxonomy),
        _part(frame, order[report[order]], task, taxonomy),
        _shown(frame, truth, pool),
    )


def _part(frame: pl.DataFrame, places: np.ndarray, task: LabelTask, taxonomy: Taxonomy) -> Part:
    rows = frame[places]
    return Part(rows, gold_of(rows["gold"], task, taxonomy))


def _units(frame: pl.DataFrame) -> np.ndarray:
    """A number for each group; rows without one that have the same text are one."""
    own = "text " + pl.col("text").fill_null("").str.to_lowercase().str.strip_chars()
    group = pl.coalesce("group " + pl.col("group").cast(pl.String), own)
    return frame.select(group.rank("dense") - 1).to_series().to_numpy()


def _shown(frame: pl.DataFrame, truth: Gold, pool: Bools) -> pl.DataFrame:
    texts = frame.filter(pl.Series(pool))["text"]
    names = truth.taxonomy.names
    if isinstance(truth.truth, LabelGold):
        holds = truth.truth.holds[pool]
        labels = [[names[at] for at in np.flatnonzero(row)] for row in holds]
        return pl.DataFrame({"text": texts, "labels": pl.Series(labels, dtype=pl.List(pl.String))})
    values = truth.truth[pool]
    if truth.taxonomy.range and truth.taxonomy.gold_range:  # back to the scale of gold files
        (low, high), (first, last) = truth.taxonomy.range, truth.taxonomy.gold_range
        values = first + (values - low) / (high - low) * (last - first)
    columns = {name: values[:, at] for at, name in enumerate(names)}
    return pl.DataFrame({"text": texts, **columns}).with_columns(pl.col(names).fill_nan(None))
