"""What compares all rows of a synthesis: near-duplicates, caps, and how varied what is kept is.

Semantics: the verdicts do not depend on the order of rows or shards. Memory is bounded: what needs all rows is SQL that
spills; diversity is that of a sample.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.engines.duck_database import DuckDatabase, open_duck_database
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.control_near import clusters
from pipelines.stages.database import query
from schemas.manifest import DataFile
from transforms.synthesize.diversity import Diversity, diversity

VERSION = 1
"""Raise it when the same drafts get other verdicts."""

_SAMPLE = 20_000  # rows of which diversity is that of all
_ALL = 2**62
_ROWS = [
    "record_id", "sample_key", "item", "part", "turn", "role", "task", "target", "judge_scores", "checker",
    "checked_labels", "agreed", "outcome", "reason",
]  # fmt: skip
_CHECKED = (
    (pl.col("judge_scores").list.len() > 0)
    & pl.col("checker").is_not_null()
    & pl.col("checked_labels").is_not_null()
).fill_null(value=False)
_STRATEGY = "support_strategy"


@dataclass(frozen=True)
class Agreement:
    """Of the texts that were to show a label: how many the checker labeled, and how many so."""

    label: str
    checked: int
    agreed: int


class Verdicts:
    """What was decided; open while `control` is."""

    def __init__(self, database: DuckDatabase, lake: Lake, drafts: Sequence[DataFile]) -> None:
        self._database, self._lake, self._drafts = database, lake, drafts

    def of(self, shard: int) -> pl.DataFrame:
        """record_id, outcome, reason of the rows of a shard, by its place among the drafts."""
        frame = self._frame(f"SELECT record_id, reason FROM verdicts WHERE shard = {shard}")
        outcome = (
            pl.when(pl.col("reason").is_null()).then(pl.lit("kept")).otherwise(pl.lit("dropped"))
        )
        return frame.with_columns(outcome.alias("outcome"))

    def reasons(self) -> dict[str, int]:
        """Dropped rows by reason."""
        found = self._database.rows(
            "SELECT reason, count(*) FROM verdicts WHERE reason IS NOT NULL GROUP BY reason ORDER BY reason"
        )
        return {reason: int(count) for reason, count in found}

    def kept(self) -> int:
        """Rows that are kept."""
        ((count,),) = self._database.rows("SELECT count(*) FROM verdicts WHERE reason IS NULL")
        return int(count)

    def agreement(self) -> list[Agreement]:
        """By label, of all that was checked, kept or not."""
        found = self._database.rows(
            "SELECT label, count(*), count(*) FILTER (WHERE agreed) FROM generated "
            "WHERE agreed IS NOT NULL GROUP BY label ORDER BY label"
        )
        return [Agreement(label, int(checked), int(agreed)) for label, checked, agreed in found]

    def diversity(self) -> Diversity:
        """Of the kept texts, or of a sample of them by sample key."""
        ids = self._frame(
            "SELECT generated.record_id FROM generated INNER JOIN verdicts USING (record_id) "
            "WHERE verdicts.reason IS NULL AND part NOT IN ('prompt', 'instruction') "
            f"ORDER BY sample_key, generated.record_id LIMIT {_SAMPLE}"
        )
        texts = [
            batch.join(ids, on="record_id", how="semi")
            for file in self._drafts
            for batch in read_batches(self._lake, file, ["record_id", "text_clean"])
        ]
        turns = self._frame(
            "SELECT item, role, turn, label AS tactic FROM generated INNER JOIN verdicts USING (record_id) "
            f"WHERE verdicts.reason IS NULL AND task = '{_STRATEGY}' AND label IS NOT NULL AND item IN "
            f"(SELECT item FROM generated ORDER BY sample_key LIMIT {_SAMPLE})"
        )
        found = pl.concat(texts)["text_clean"] if texts else pl.Series([], dtype=pl.String)
        return diversity(found, turns if turns.height else None)

    def _frame(self, sql: str) -> pl.DataFrame:
        frame = pl.from_arrow(self._database.connection.sql(sql).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return frame


@contextmanager
def control(
    lake: Lake, drafts: Sequence[DataFile], *, similarity: float, max_per_label: int | None,
    memory_limit: str, threads: int = 2,
) -> Iterator[Verdicts]:  # fmt: skip
    """Decides on all rows of the drafts.

    Raises TransientError where memory and disk are too little, TerminalError where a draft is gone.
    """
    with (
        tempfile.TemporaryDirectory(prefix="affectmine-control-") as folder,
        open_duck_database(memory_limit, threads, "Comparing generated rows") as database,
    ):
        _read(database, lake, drafts)
        database.execute("CREATE TABLE clusters (record_id VARCHAR, cluster VARCHAR)")
        scratch = Lake(Path(folder))
        for alike in clusters(
            database, lake, drafts, scratch, similarity=similarity, memory_limit=memory_limit
        ):
            _insert(database, "clusters", alike)
        database.execute(
            f"CREATE TABLE verdicts AS {query('control_verdicts')}", {"most": max_per_label or _ALL}
        )
        yield Verdicts(database, lake, drafts)


def _read(database: DuckDatabase, lake: Lake, drafts: Sequence[DataFile]) -> None:
    database.execute(
        "CREATE TABLE generated (shard BIGINT, record_id VARCHAR, sample_key UBIGINT, item VARCHAR, part VARCHAR, "
        "turn INTEGER, role VARCHAR, task VARCHAR, label VARCHAR, agreed BOOLEAN, unchecked BOOLEAN, outcome VARCHAR, "
        "reason VARCHAR)"
    )
    for number, file in enumerate(drafts):
        for batch in read_batches(lake, file, _ROWS):
            frame = batch.select(
                pl.lit(number, dtype=pl.Int64).alias("shard"),
                "record_id", "sample_key", "item", "part", "turn", "role", "task",
                pl.col("target").list.first().alias("label"),
                "agreed", ((pl.col("outcome") == "kept") & ~_CHECKED).alias("unchecked"), "outcome", "reason",
            )  # fmt: skip
            _insert(database, "generated", frame)


def _insert(database: DuckDatabase, table: str, frame: pl.DataFrame) -> None:
    if frame.height:
        database.register("incoming", frame.to_arrow())
        database.execute(f"INSERT INTO {table} SELECT * FROM incoming")
        database.unregister("incoming")
