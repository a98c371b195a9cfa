"""Score a labeler against gold labels: `affectmine evaluate`, on frames and on lakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jobs.evaluation.result import EvaluationResult
from pipelines.lake.place import Place
from schemas.errors import SourceError

if TYPE_CHECKING:
    import polars as pl

    from jobs.evaluation.answers import Answers
    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy
    from transforms.label.labeler import Labeler

__all__ = ["EvaluationResult", "evaluate", "evaluate_lake"]


def evaluate(
    gold: pl.DataFrame,
    labeler: Labeler | Answers,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    against: Labeler | Answers | None = None,
    by: Sequence[str] = (),
    group: str | None = None,
    min_rows: int = 20,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> EvaluationResult:
    """Label `gold["text"]` and compare with gold: `labels` (list of names, or one name), or for tasks that are
    answered by numbers a column for each dimension.

    Columns that are used where present: `lang`, `lang_confidence` and `lang_source` (for the labeler),
    `annotator` (then rows of one `id`, else of one text, are one), `label_set` (the labels that could be
    given), `group` (rows that depend on each other; or `conversation_id`, or the column named by `group`), and
    what `by` names, or `length`. A row whose gold is null counts for coverage only. `labeler` and `against` may
    be answers that are there already. `progress` gets the number of rows done. SourceError: a missing column,
    or a label outside the taxonomy.
    """
    from jobs.evaluation.answers import Answers, ask
    from jobs.evaluation.compute import Asked, compute
    from jobs.evaluation.frame import facts_of, units_of
    from jobs.evaluation.gold import gold_of

    units = units_of(gold, task, taxonomy, by=by, group=group)

    def answers(of: Labeler | Answers) -> Answers:
        if not isinstance(of, Answers):
            return ask(of, units, task, taxonomy, progress)
        if of.frame.height != units.height:
            raise SourceError(
                f"{of.frame.height:,} answers for {units.height:,} rows of gold.",
                remedy="Give one answer a row, in the order of the rows.",
            )
        return of

    truth = gold_of(units["gold"], task, taxonomy)
    return compute(
        truth,
        answers(labeler),
        None if against is None else answers(against),
        facts_of(units, by),
        Asked(tuple(by), min_rows, resamples, level, seed),
        left_out={"unannotated": int((~truth.annotated).sum())},
    )


def evaluate_lake(
    lake: Place,
    *,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    against: str | None = None,
    corpora: Sequence[str] = (),
    splits: Sequence[str] = (),
    as_of: int | None = None,
    by: Sequence[str] = (),
    min_rows: int = 20,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> EvaluationResult:
    """Compare the published labels of a lake with the gold of its records (of the `corpora` and `splits` only).

    Resampled are conversations, where records have one. Records with gold that were dropped before labeling, or
    not labeled so far, are left out and counted. Raises ConfigError for a lake, snapshot, corpus or labels that
    are not there.
    """
    import os

    import polars as pl

    from jobs.evaluation.compute import Asked, Facts, compute
    from jobs.evaluation.gold import gold_of
    from jobs.evaluation.lake_rows import FACETS, read_lake
    from pipelines.lake.lake import open_lake
    from schemas.errors import ConfigError
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy

    if strange := [name for name in by if name not in FACETS]:
        raise ConfigError(
            f"A lake cannot be broken down by {', '.join(strange)}.",
            remedy=f"Choose among: {', '.join(FACETS)}.",
        )
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    rows = read_lake(
        open_lake(lake), asked, labels, [labeler] if against is None else [labeler, against],
        corpora=corpora, splits=splits, as_of=as_of, threads=os.cpu_count() or 2,
    )  # fmt: skip
    truth = gold_of(rows.frame["gold"], asked, labels)
    kept = truth.annotated
    frame = rows.frame.filter(pl.Series(kept))
    notes = []
    if not frame.height:
        notes.append(
            f"No labeled record has gold of {asked.name} in {labels.name}: name its columns under corpora[].gold in "
            "the config, or ask for another task, taxonomy, corpus or split."
        )
    return compute(
        truth.take(kept),
        rows.answers.take(kept),
        None if rows.other is None else rows.other.take(kept),
        Facts({name: frame[name] for name in by}, frame["group"], "conversations"),
        Asked(tuple(by), min_rows, resamples, level, seed),
        left_out=rows.left_out
        | {"undecided_left_out": int((~kept & truth.undecided).sum()), "snapshot": rows.snapshot},
        notes=notes,
    )
