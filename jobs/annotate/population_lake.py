"""Labeled rows of a lake: a snapshot's labels, with the redacted texts and contexts of the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from jobs.annotate.population import FACTS, Told
from jobs.annotate.question import Choice, Question
from pipelines.lake.lake import Lake, open_lake
from pipelines.lake.snapshots import State, state
from pipelines.query.views import empty, literal, parquet
from schemas.errors import ConfigError, TerminalError

_OF_LABELS = "record_id, sample_key, corpus, domain, role, status, labels, scores"


@dataclass(frozen=True)
class LakePopulation:
    """A snapshot of a lake, or of the `corpora` in it only."""

    lake: Lake
    parts: State
    number: int
    corpora: tuple[str, ...]

    @property
    def languages_known(self) -> bool:
        """Clean tells them."""
        return True

    @property
    def shown(self) -> str:
        """The lake's folder."""
        return str(self.lake.root)

    @property
    def snapshot(self) -> int | None:
        """Its number."""
        return self.number

    def relation(self, question: Question, choice: Choice, *, lang: bool) -> str:
        """SQL: see Population. ConfigError: no such labels, or a clinical corpus that was not allowed."""
        files = self._labels(question)
        if choice.corpora and not choice.allow_clinical:
            self._refuse_clinical()
        told = _OF_LABELS + ("" if question.task.answer == "labels" else ", answer")
        rows = f"SELECT {told} FROM {parquet(files)}"
        if not lang:
            return rows
        known = (
            f"SELECT record_id, lang FROM {parquet(self._files('clean'))} WHERE outcome = 'kept'"
        )
        return f"SELECT labels.*, known.lang FROM ({rows}) AS labels INNER JOIN ({known}) AS known USING (record_id)"

    def inside(self, exported: frozenset[str]) -> frozenset[str]:
        """Rows leave under their own ids, which are keyed."""
        return exported

    def told(
        self, database: duckdb.DuckDBPyConnection, chosen: pl.DataFrame, question: Question
    ) -> Told:
        """Texts of clean, contexts where there are any, and the answers."""
        database.register("chosen_rows", chosen.select("record_id").to_arrow())
        contexts = self._files("contexts")
        said = parquet(contexts) if contexts else f"({empty('contexts')})"
        answer = "labels.answer" if question.task.answer != "labels" else "NULL AS answer"
        table = database.sql(
            f"""
            WITH texts AS MATERIALIZED (
                SELECT record_id, text_clean AS text, corpus, domain, lang, role, conversation_id, revision
                FROM {parquet(self._files("clean"))} SEMI JOIN chosen_rows USING (record_id)
                WHERE outcome = 'kept'
            ), answers AS MATERIALIZED (
                SELECT * FROM {parquet(self._labels(question))} SEMI JOIN chosen_rows USING (record_id)
            ), said AS MATERIALIZED (
                SELECT record_id, list_transform(context, lambda turn: struct_pack(role := turn.role, text := turn.text))
                AS context FROM {said} SEMI JOIN chosen_rows USING (record_id)
            )
            SELECT texts.*, texts.record_id AS id, said.context, labels.status, labels.labels, labels.scores, {answer}, labels.labeler_version
            FROM texts INNER JOIN answers AS labels USING (record_id) LEFT JOIN said USING (record_id)
            """
        ).to_arrow_table()
        found = pl.from_arrow(table)
        assert isinstance(found, pl.DataFrame)
        if found.height != chosen.height:
            raise TerminalError(
                f"{chosen.height - found.height:,} chosen rows have no text in the snapshot {self.number}.",
                remedy="Run the config again, so that clean and labels fit together.",
            )
        versions = found["labeler_version"].drop_nulls().unique().sort().to_list()
        return Told(found.select(FACTS), " and ".join(versions) or None)

    def _labels(self, question: Question) -> list[str]:
        variant = f"{question.task.name}/{question.taxonomy.name}/{question.labeler}"
        files = self._files("labels", variant)
        if not files:
            there = {part.variant for part in self.parts.values() if part.dataset == "labels"}
            raise ConfigError(
                f"The lake has no labels {variant} (task/taxonomy/labeler) to choose from.",
                remedy=f"It has: {', '.join(sorted(there)) or 'none'}. "
                "Name one with --task, --taxonomy and --labeler.",
            )
        return files

    def _files(self, dataset: str, variant: str = "") -> list[str]:
        return sorted(
            str(self.lake.path(stored))
            for part in self.parts.values()
            if part.dataset == dataset and part.variant == variant
            if not self.corpora or part.corpus in self.corpora
            for stored in part.stored
        )

    def _refuse_clinical(self) -> None:
        files = self._files("clean")
        named = ", ".join(map(literal, self.corpora))
        clinical = duckdb.sql(
            f"SELECT DISTINCT corpus FROM {parquet(files)} WHERE domain = 'clinical' AND corpus IN ({named}) ORDER BY 1"
        ).fetchall()
        if clinical:
            raise ConfigError(
                f"{', '.join(name for (name,) in clinical)}: clinical texts do not leave a lake unasked, not even "
                "redacted.",
                remedy="If whoever will read them may, add --allow-clinical.",
            )


def lake_population(folder: Path, corpora: Sequence[str]) -> LakePopulation:
    """The newest snapshot. ConfigError: no such lake or corpus; TerminalError: nothing is published."""
    lake = open_lake(folder)
    number, parts = state(lake)
    if number == 0:
        raise TerminalError(
            f"Nothing is published in {folder} yet.",
            remedy="Run a config first: affectmine run CONFIG",
        )
    known = {part.corpus for part in parts.values()}
    if strange := sorted(set(corpora) - known):
        raise ConfigError(
            f"The lake has no corpus {', '.join(strange)}.",
            remedy=f"It has: {', '.join(sorted(known))}.",
        )
    return LakePopulation(lake, parts, number, tuple(corpora))
