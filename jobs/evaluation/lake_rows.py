"""Published labels of a lake beside the gold of their records: no text, and no row without gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.breakdown import lengths
from pipelines.lake.lake import Lake
from pipelines.lake.snapshots import State, state
from pipelines.query.views import literal, parquet
from pipelines.stages.database import open_database
from schemas.errors import ConfigError, TerminalError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import SCORES_TYPE

FACETS = ("lang", "corpus", "domain", "role", "length", "split", "partition")
_FACTS = (
    "record_id, corpus, domain, role, lang, n_chars, partition, conversation_id, outcome, reason"
)


@dataclass(frozen=True)
class LakeRows:
    """Rows with gold that a labeler was asked for: FACETS, `group` and `gold`; its answers, and the other's.

    `left_out`: records with gold that it was never asked for, by why. `snapshot`: the number that was read.
    """

    frame: pl.DataFrame
    answers: Answers
    other: Answers | None
    left_out: dict[str, int]
    snapshot: int


def read_lake(
    lake: Lake,
    task: LabelTask,
    taxonomy: Taxonomy,
    labelers: Sequence[str],
    *,
    corpora: Sequence[str] = (),
    splits: Sequence[str] = (),
    as_of: int | None = None,
    memory_limit: str = "2GB",
    threads: int = 2,
) -> LakeRows:
    """Gold and answers of the first labeler (and the second) in a snapshot; memory grows with rows of gold only.

    Gold of the `splits` only, where given. ConfigError: no such snapshot, labels or corpus.
    """
    number, parts = state(lake, as_of)
    if number == 0:
        raise TerminalError(
            f"Nothing is published in {lake.root} yet.",
            remedy="Run a config first: affectmine run CONFIG",
        )
    _require(parts, task, taxonomy, labelers, corpora)
    found = _query(
        [_files(lake, parts, "clean", "", corpora)]
        + [_files(lake, parts, "labels", _variant(task, taxonomy, n), corpora) for n in labelers],
        task, taxonomy, splits, memory_limit, threads,
    )  # fmt: skip
    left_out = _left_out(found)
    kept = found.filter(pl.col("status_0").is_not_null())
    answers = [
        _answers(kept, place, name, numbers=task.answer != "labels")
        for place, name in enumerate(labelers)
    ]
    split = pl.col("gold").list.eval(pl.element().struct.field("split").drop_nulls().first())
    frame = kept.select(
        "lang", "corpus", "domain", "role", lengths(kept["n_chars"]),
        split.list.first().alias("split"), "partition",
        pl.coalesce("conversation_id", "record_id").alias("group"), "gold",
    )  # fmt: skip
    return LakeRows(frame, answers[0], answers[1] if len(answers) > 1 else None, left_out, number)


def _variant(task: LabelTask, taxonomy: Taxonomy, labeler: str) -> str:
    return f"{task.name}/{taxonomy.name}/{labeler}"


def _files(
    lake: Lake, parts: State, dataset: str, variant: str, corpora: Sequence[str]
) -> list[str]:
    return sorted(
        str(lake.path(stored))
        for part in parts.values()
        if part.dataset == dataset and part.variant == variant
        if not corpora or part.corpus in corpora
        for stored in part.stored
    )


def _require(
    parts: State,
    task: LabelTask,
    taxonomy: Taxonomy,
    labelers: Sequence[str],
    corpora: Sequence[str],
) -> None:
    known = {part.corpus for part in parts.values()}
    if strange := sorted(set(corpora) - known):
        raise ConfigError(
            f"The lake has no corpus {', '.join(strange)}.",
            remedy=f"It has: {', '.join(sorted(known)) or 'none'}.",
        )
    variants = {part.variant for part in parts.values() if part.dataset == "labels"}
    for name in labelers:
        if _variant(task, taxonomy, name) not in variants:
            there = ", ".join(sorted(variants)) or "none"
            raise ConfigError(
                f"The lake has no labels {_variant(task, taxonomy, name)} (task/taxonomy/labeler).",
                remedy=f"It has: {there}. Name one with --task, --taxonomy and --labeler.",
            )


def _query(
    files: Sequence[Sequence[str]],
    task: LabelTask,
    taxonomy: Taxonomy,
    splits: Sequence[str],
    memory_limit: str,
    threads: int,
) -> pl.DataFrame:
    clean, *labels = files
    asked = f"entry.task = {literal(task.name)}"
    if task.answer == "labels":
        asked += f" AND entry.taxonomy = {literal(taxonomy.name)}"
    if splits:
        asked += f" AND entry.split IN ({', '.join(map(literal, splits))})"
    of_number = ", answer" if task.answer != "labels" else ""
    columns, joins, sources = "", "", ""
    for place, names in enumerate(labels):
        columns += "".join(
            f", l{place}.{name} AS {name}_{place}"
            for name in ("status", "labels", "scores", "reason", "labeler_version")
        ) + (f", l{place}.answer AS answer_{place}" if of_number else "")
        told = f"record_id, status, labels, scores, reason, labeler_version{of_number}"
        # First only the labels of rows with gold: the join would else hold all labels, scores and all.
        source = (
            f"SELECT {told} FROM {parquet(names)} WHERE record_id IN (SELECT record_id FROM gold_rows)"
            if names
            else f"SELECT * FROM (SELECT {_nothing(of_number)}) WHERE false"
        )
        sources += f", l{place} AS MATERIALIZED ({source})"
        joins += f" LEFT JOIN l{place} ON l{place}.record_id = gold_rows.record_id"
    annotated = (
        f"WITH gold_rows AS MATERIALIZED (SELECT {_FACTS}, list_filter(gold, lambda entry: {asked}) AS gold "
        f"FROM {parquet(clean)} WHERE len(list_filter(gold, lambda entry: {asked})) > 0)"
    )
    wanted = (
        f"{annotated}{sources} SELECT gold_rows.*{columns} FROM gold_rows{joins} "
        "ORDER BY gold_rows.corpus, gold_rows.record_id"
    )
    with open_database(memory_limit, threads, "The evaluation") as database:
        try:
            table = database.sql(wanted).to_arrow_table()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:  # its message may quote values
            raise TerminalError(
                f"The published files cannot be read ({type(error).__name__}).",
                remedy="`affectmine status` shows what is published; published files stay put.",
            ) from None
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def _nothing(of_number: str) -> str:
    kinds = {
        "record_id": "VARCHAR", "status": "VARCHAR", "labels": "VARCHAR[]",
        "scores": "STRUCT(label VARCHAR, probability FLOAT)[]", "reason": "VARCHAR",
        "labeler_version": "VARCHAR",
    }  # fmt: skip
    told = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in kinds.items())
    return told + (", NULL AS answer" if of_number else "")


def _left_out(found: pl.DataFrame) -> dict[str, int]:
    """Records with gold that have no row of labels: dropped before, or not labeled so far."""
    without = found.filter(pl.col("status_0").is_null())
    dropped = int((without["outcome"] != "kept").sum())
    return {"dropped_before_labeling": dropped, "not_labeled_yet": without.height - dropped}


def _answers(kept: pl.DataFrame, place: int, name: str, *, numbers: bool) -> Answers:
    """A row that only the first labeler was asked for failed for the second: `not_labeled_yet`."""
    versions = kept[f"labeler_version_{place}"].drop_nulls().unique().sort().to_list()
    there = pl.col(f"status_{place}").is_not_null()
    frame = kept.select(
        pl.col(f"status_{place}").fill_null("failed").alias("status"),
        pl.col(f"labels_{place}").alias("labels"),
        pl.col(f"scores_{place}").cast(SCORES_TYPE).alias("scores"),
        pl.when(there).then(f"reason_{place}").otherwise(pl.lit("not_labeled_yet")).alias("reason"),
        *([pl.col(f"answer_{place}").alias("answer")] if numbers else []),
    )
    return Answers(name, " and ".join(versions) or "none", frame)
