"""Published labels of a lake beside the gold of their records: no text, and no row without gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.breakdown import lengths
from jobs.evaluation.lake_query import gold_and_answers
from jobs.evaluation.lake_seen import with_seen
from pipelines.lake.lake import Lake
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.place import register
from pipelines.lake.snapshots import State, published, stored_paths
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
    number, parts = published(lake, as_of)
    _require(parts, task, taxonomy, labelers, corpora)
    clean = stored_paths(lake, parts, "clean", "", corpora)
    labels = [
        stored_paths(lake, parts, "labels", _variant(task, taxonomy, n), corpora) for n in labelers
    ]
    people = stored_paths(lake, parts, "annotations", "", corpora)
    wanted = gold_and_answers(clean, labels, task, taxonomy, splits, people)
    found = _query(lake, wanted, memory_limit, threads)
    left_out = _left_out(found)
    kept = found.filter(pl.col("status_0").is_not_null())
    answers = [
        _answers(kept, place, name, numbers=task.answer != "labels")
        for place, name in enumerate(labelers)
    ]
    answers[0] = with_seen(answers[0], kept["record_id"], clean, task, taxonomy)
    split = pl.col("gold").list.eval(pl.element().struct.field("split").drop_nulls().first())
    frame = kept.select(
        "lang", "corpus", "domain", "role", lengths(kept["n_chars"]),
        split.list.first().alias("split"), "partition",
        pl.coalesce("conversation_id", "record_id").alias("group"), "gold",
    )  # fmt: skip
    return LakeRows(frame, answers[0], answers[1] if len(answers) > 1 else None, left_out, number)


def _variant(task: LabelTask, taxonomy: Taxonomy, labeler: str) -> str:
    return f"{task.name}/{taxonomy.name}/{labeler}"


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
    if not any(
        p.dataset == "clean" and (not corpora or p.corpus in corpora) for p in parts.values()
    ):
        raise TerminalError(
            "No cleaned records are published, in which the gold is.",
            remedy="Run the config again: affectmine run CONFIG",
        )
    variants = {part.variant for part in parts.values() if part.dataset == "labels"}
    for name in labelers:
        if _variant(task, taxonomy, name) not in variants:
            there = ", ".join(sorted(variants)) or "none"
            raise ConfigError(
                f"The lake has no labels {_variant(task, taxonomy, name)} (task/taxonomy/labeler).",
                remedy=f"It has: {there}. Name one with --task, --taxonomy and --labeler.",
            )


def _query(lake: Lake, wanted: str, memory_limit: str, threads: int) -> pl.DataFrame:
    with open_database(memory_limit, threads, "The evaluation") as database:
        try:
            register(database, [lake.root])
            table = database.sql(wanted).to_arrow_table()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:  # its message may quote values
            raise_store_trouble(error)
            raise TerminalError(
                f"The published files cannot be read ({type(error).__name__}).",
                remedy="`affectmine status` shows what is published; published files stay put.",
            ) from None
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


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
