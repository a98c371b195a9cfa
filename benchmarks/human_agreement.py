"""How far the people who labeled the gold sets agree, and what a model could reach by their measure.

    python benchmarks/human_agreement.py [--data ../shared/data] [--resamples 1000] [--labels] [--json]

- **alpha**: Krippendorff's, mean over labels (given or not, nominal) or of a dimension (interval);
  **sets**: between whole label sets by the MASI distance; **category**: of the one label, nominal.
- **kappa**: Cohen's, of every two annotators, weighted by the units they share.
- **ceiling**: each annotator against the majority (labels: more than half) or mean (numbers) of the
  others, by the figures that a model gets; 95 % bootstrap intervals over units. Of a taxonomy of which
  exactly one label holds, only where the others have a majority: a model, too, is scored on no others.

EDOS, PReMo and EmoBank do not tell who an annotator is: they are numbered within a unit, so kappa is
between places, not people. `edos_intents` are all dialogues of EDOS; an emotion or a free answer counts
as none of the nine (category: only answers that are one of the nine). A model is scored on those
dialogues alone where two workers agree on one of the nine, and cannot answer with an emotion, both of
which is easier. In `edos`, free answers count as none of the 41. Raters of EmoBank were asked what a
reader feels or what the writer expresses: they are compared within each question. One rater is far from
the mean of the others; a model that learns the mean of all may come closer to it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gold_sets import GOLD_SETS, read_annotated
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.evaluate.agreement import annotator_agreement, value_agreement
from transforms.evaluate.annotations import (
    LabelAnnotations,
    ValueAnnotations,
    majority_of_others,
)
from transforms.evaluate.bootstrap import bootstrap_f1
from transforms.evaluate.ceiling import human_ceiling, human_ceiling_values
from transforms.evaluate.figures import figure_json
from transforms.evaluate.metrics import count, scores_of

NO_ANNOTATORS = {
    "goemotions": "the release at hand has no rater column, only the labels put together",
    "brighter": "the release has only the labels put together",
    "brighter_intensity": "the release has only the levels put together",
    "xed": "the release has only the labels put together",
    "topical_chat": "each turn is labeled once, by its speaker",
    "multidogo": "the release at the turn level has only the labels put together",
}


def label_annotations(frame: pl.DataFrame, names: tuple[str, ...]) -> LabelAnnotations:
    """The column `annotators` of a set with labels; an answer that is none of `names` is no label."""
    rows = _exploded(frame)
    lists = rows["labels"].fill_null([])
    given = np.column_stack([lists.list.contains(name).to_numpy() for name in names])
    return LabelAnnotations(_codes(rows["unit"]), _codes(rows["annotator"]), given)


def value_annotations(
    frame: pl.DataFrame, names: tuple[str, ...], kind: str
) -> dict[str, ValueAnnotations]:
    """By dimension, the column `annotators` of those whose name begins with `kind`."""
    rows = _exploded(frame).filter(pl.col("annotator").str.starts_with(kind))
    who = _codes(rows["unit"]), _codes(rows["annotator"])
    return {
        name: ValueAnnotations(*who, rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy())
        for name in names
    }


def agreement_on_labels(frame: pl.DataFrame, taxonomy: Taxonomy, resamples: int) -> dict[str, Any]:
    """Agreement and ceiling of a set with labels, as JSON."""
    annotations, names = label_annotations(frame, taxonomy.names), list(taxonomy.names)
    found = annotator_agreement(annotations, names, exclusive=taxonomy.exclusive)
    if taxonomy.exclusive:
        return {"agreement": found.to_json(), "ceiling": decided(annotations, names, resamples)}
    ceiling = human_ceiling(annotations, names, resamples=resamples)
    return {"agreement": found.to_json(), "ceiling": ceiling.to_json()}


def decided(annotations: LabelAnnotations, names: list[str], resamples: int) -> dict[str, Any]:
    """The ceiling over the annotations whose unit's other annotators have a majority, as JSON."""
    gold, _ = majority_of_others(annotations)
    kept = gold.any(axis=1)
    gold, given, unit = gold[kept], annotations.given[kept], annotations.unit[kept]
    scores = scores_of(count(gold, given), names, exclusive=True)
    intervals = bootstrap_f1(gold, given, exclusive=True, groups=unit, resamples=resamples)
    return {
        "annotations": len(unit),
        "units": len(np.unique(unit)),
        **{name: figure_json(figure) for name, figure in scores.figures.items()},
        "intervals": {name: list(bounds) for name, bounds in intervals.items()},
        "per_label": {name: score.to_json() for name, score in scores.per_label.items()},
    }


def agreement_on_values(
    frame: pl.DataFrame, taxonomy: Taxonomy, kind: str, resamples: int
) -> dict[str, dict[str, Any]]:
    """By dimension: agreement and ceiling of a set with numbers, as JSON."""
    given = value_annotations(frame, taxonomy.names, kind)
    return {
        name: {
            "agreement": value_agreement({name: each}).to_json(),
            "ceiling": human_ceiling_values(each, resamples=resamples).to_json(),
        }
        for name, each in given.items()
    }


def human_agreement(name: str, data: Path, resamples: int = 1000) -> dict[str, dict[str, Any]]:
    """Rows of the table for a gold set, by name (EmoBank has several); KeyError: see NO_ANNOTATORS."""
    if name in NO_ANNOTATORS:
        raise KeyError(f"{name}: {NO_ANNOTATORS[name]}")
    if name == "edos_intents":
        return {name: agreement_on_labels(*_intents(data), resamples)}
    whole = read_annotated(name, data)
    if whole.task.answer == "labels":
        return {name: agreement_on_labels(whole.frame, whole.taxonomy, resamples)}
    return {
        f"{name}, {kind}s, {dimension}": found
        for kind in ("reader", "writer")
        for dimension, found in agreement_on_values(
            whole.frame, whole.taxonomy, kind, resamples
        ).items()
    }


def _intents(data: Path) -> tuple[pl.DataFrame, Taxonomy]:
    """All dialogues of EDOS, with the answers that are intents (or Neutral) by the intents' names."""
    whole = read_annotated("edos", data)
    mapping = whole.taxonomy.mappings["empathetic_intents"]
    element, name = pl.element().struct, pl.element().struct.field("labels").list.first()
    answer = name.replace_strict(mapping, default=None, return_dtype=pl.String)
    entry = pl.struct(
        element.field("annotator"), pl.concat_list(answer).list.drop_nulls().alias("labels")
    )
    frame = whole.frame.with_columns(pl.col("annotators").list.eval(entry))
    return frame, load_taxonomy("empathetic_intents")


def _exploded(frame: pl.DataFrame) -> pl.DataFrame:
    """One row an annotation: unit, annotator and what was given."""
    rows = frame.select(pl.int_range(pl.len()).alias("unit"), "annotators")
    return rows.explode("annotators").drop_nulls("annotators").unnest("annotators")


def _codes(values: pl.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    return values.rank("dense").to_numpy().astype(np.int64)


def _cell(figure: Any, bounds: list[float] | None = None) -> str:
    if figure is None:
        return "-"
    if isinstance(figure, dict):
        return f"undefined: {figure['undefined']}"
    return f"{figure:.3f}" + (f" ({bounds[0]:.3f} to {bounds[1]:.3f})" if bounds else "")


_LABEL_KINDS = {
    "alpha": "mean_alpha",
    "sets": "sets_alpha",
    "category": "category_alpha",
    "kappa": "mean_kappa",
    "category kappa": "category_kappa",
}


def print_table(rows: dict[str, dict[str, Any]], *, numbers: bool) -> None:
    """Markdown, of sets with labels or of those with numbers."""
    kinds, figures = _LABEL_KINDS, ["macro_f1", "micro_f1", "accuracy"]
    if numbers:
        kinds, figures = {"alpha": "mean_alpha"}, ["pearson", "spearman", "ccc", "rmse"]
    titles = ["set", "units", "annotations", *kinds, *(f"ceiling {each}" for each in figures)]
    print(f"\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, found in rows.items():
        agreement, ceiling = found["agreement"], found["ceiling"]
        cells = [f"{agreement['shared_units']:,}", f"{ceiling['annotations']:,}"]
        cells += [_cell(agreement.get(key)) for key in kinds.values()]
        cells += [_cell(ceiling.get(key), ceiling["intervals"].get(key)) for key in figures]
        print(f"| {name} | {' | '.join(cells)} |")


def print_labels(rows: dict[str, dict[str, Any]]) -> None:
    """Markdown: alpha, kappa and the ceiling's F1 of each label."""
    print("\n| set | label | alpha | kappa | ceiling F1 |\n|---|---|---|---|---|")
    for name, found in rows.items():
        for label, alpha in found["agreement"]["alpha"].items():
            kappa = found["agreement"]["kappa"][label]
            f1 = found["ceiling"]["per_label"][label]["f1"]
            print(f"| {name} | {label} | {_cell(alpha)} | {_cell(kappa)} | {_cell(f1)} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--labels", action="store_true", help="a row per label, too")
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    arguments = parser.parse_args()
    rows: dict[str, dict[str, Any]] = {}
    for name in GOLD_SETS:
        if name not in NO_ANNOTATORS:
            rows |= human_agreement(name, arguments.data, arguments.resamples)
    if arguments.json:
        print(json.dumps({"agreement": rows, "none": NO_ANNOTATORS}, indent=1))
        return
    values = {name: found for name, found in rows.items() if "pearson" in found["ceiling"]}
    labels = {name: found for name, found in rows.items() if name not in values}
    print_table(labels, numbers=False)
    print_table(values, numbers=True)
    if arguments.labels:
        print_labels(labels)
    print()
    for name, reason in NO_ANNOTATORS.items():
        print(f"- {name}: none, because {reason}.")


if __name__ == "__main__":
    main()
