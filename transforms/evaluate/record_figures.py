"""Figures of labels against the gold of the same records, as `affectmine evaluate --json` names them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.bootstrap import Intervals, bootstrap, bootstrap_f1
from transforms.evaluate.calibration import bootstrap_ece, reliability
from transforms.evaluate.figures import figure_json
from transforms.evaluate.metrics import count, indicator, scores_of
from transforms.evaluate.ordinals import bootstrap_ordinals, ordinal_figures
from transforms.evaluate.record_gold import LabelGold, entries, label_gold, value_gold
from transforms.evaluate.scalars import bootstrap_scalars, scalar_figures
from transforms.evaluate.sums import Figures, Floats, Sums, divide

Bools = NDArray[np.bool_]
_OF_ONE = ("f1", "precision", "recall")


def evaluate_records(
    rows: pl.DataFrame,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    splits: tuple[str, ...] = (),
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Any]:
    """Figures and intervals of the answers in `rows` against the gold in them, as JSON.

    Columns: status, labels, scores (and `answer`, where the task is answered by numbers), `gold` (annotations of this
    task and taxonomy), and `unit`: rows of one unit, such as a conversation, are drawn together. Rows without gold (of
    the `splits`) are left out; those without an answer are empty answers. SourceError: gold outside the taxonomy.
    """
    found = entries(rows, splits)
    draw: dict[str, Any] = {"resamples": resamples, "level": level, "seed": seed}
    gold = None
    if task.answer == "labels":
        gold = label_gold(found, len(rows), taxonomy)
        there: Bools = np.asarray(gold.asked.any(axis=1))
    else:
        values = value_gold(found, len(rows), task, taxonomy)
        there = np.asarray(np.isfinite(values).any(axis=1))
    kept = rows.filter(there)
    if kept.is_empty():
        return {"n": 0}
    content = (
        _labels(kept, LabelGold(gold.holds[there], gold.asked[there]), taxonomy, draw)
        if gold is not None
        else _values(kept, values[there], task, taxonomy, draw)
    )
    return {
        "n": len(kept),
        "coverage": int((kept["status"] == "labeled").sum()) / len(kept),
        "interval_level": level,
        **content,
    }


def _labels(
    rows: pl.DataFrame, gold: LabelGold, taxonomy: Taxonomy, draw: dict[str, Any]
) -> dict[str, Any]:
    names, units = list(taxonomy.names), rows["unit"].to_numpy()
    given = indicator(rows["labels"], names)
    scores = scores_of(count(gold.holds, given, gold.asked), names, exclusive=taxonomy.exclusive)
    probability = _probabilities(rows["scores"], names)
    of_each = _of_each(gold.holds & gold.asked, given & gold.asked, names)
    draw = draw | {"groups": units}
    intervals: Intervals = bootstrap_f1(
        gold.holds, given, gold.asked, exclusive=taxonomy.exclusive, **draw
    )
    intervals |= bootstrap_ece(probability, gold.holds, asked=gold.asked, **draw)
    intervals |= bootstrap(of_each, len(rows), **draw)
    calibration = reliability(probability, gold.holds, asked=gold.asked)
    return {
        **scores.summary(),
        "ece": figure_json(calibration.ece),
        "intervals": {name: list(bounds) for name, bounds in intervals.items()},
        "per_label": {name: score.to_json() for name, score in scores.per_label.items()},
    }


def _values(
    rows: pl.DataFrame, gold: Floats, task: LabelTask, taxonomy: Taxonomy, draw: dict[str, Any]
) -> dict[str, Any]:
    units = rows["unit"].to_numpy()
    low, high = taxonomy.range or (0, 1)
    levels = range(int(low), int(high) + 1)
    per_dimension: dict[str, Any] = {}
    intervals: dict[str, list[float]] = {}
    for place, name in enumerate(taxonomy.names):
        answer = rows["answer"].struct.field(name).cast(pl.Float64).fill_null(np.nan).to_numpy()
        rated = gold[:, place]
        if task.answer == "ordinals":
            figures = ordinal_figures(rated, answer, levels)
            spread = bootstrap_ordinals(rated, answer, levels, groups=units, **draw)
        else:
            figures = scalar_figures(rated, answer)
            spread = bootstrap_scalars(rated, answer, groups=units, **draw)
        per_dimension[name] = {key: figure_json(figure) for key, figure in figures.items()}
        intervals |= {f"{key}.{name}": list(bounds) for key, bounds in spread.items()}
    return {"intervals": intervals, "per_dimension": per_dimension}


def _probabilities(scores: pl.Series, names: list[str]) -> Floats:
    """(rows, labels); NaN where a row has no score of a label."""
    found = np.full((len(scores), len(names)), np.nan)
    flat = (
        pl.DataFrame({"row": np.arange(len(scores), dtype=np.uint32), "score": scores})
        .explode("score")
        .drop_nulls("score")
        .unnest("score")
        .filter(pl.col("label").is_in(names))
    )
    column = flat["label"].replace_strict(names, range(len(names)), return_dtype=pl.Int64)
    found[flat["row"].to_numpy(), column.to_numpy()] = flat["probability"].to_numpy()
    return found


def _of_each(gold: Bools, given: Bools, names: list[str]) -> Sums:
    """f1, precision and recall of each label as a statistic of sums, named f1.anger."""
    number = len(names)

    def figures(sums: Floats) -> Figures:
        both, held, answered = (sums[:, n * number : (n + 1) * number] for n in range(3))
        of_all = (
            divide(2 * both, held + answered),
            divide(both, answered),
            divide(both, held),
        )
        return {
            f"{figure}.{label}": values[:, place]
            for figure, values in zip(_OF_ONE, of_all, strict=True)
            for place, label in enumerate(names)
        }

    return Sums(np.hstack([gold & given, gold, given]).astype(np.float64), figures)
