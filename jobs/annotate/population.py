"""The rows to choose from, as a relation of DuckDB, wherever they are; and what is told of the chosen ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import duckdb
import polars as pl

from jobs.annotate.question import Choice, Question

FACTS = (
    "record_id", "id", "text", "corpus", "domain", "lang", "role", "conversation_id", "revision", "context", "status",
    "labels", "scores", "answer",
)  # fmt: skip
"""Columns of what is told of a row; `id`: under which it leaves; `context`: list of role and text, or null; `answer`: only for numbers."""


@dataclass(frozen=True)
class Told:
    """What is told of chosen rows (FACTS), and who labeled them."""

    frame: pl.DataFrame
    labeler_version: str | None


class Population(Protocol):
    """Where labeled rows are."""

    @property
    def languages_known(self) -> bool:
        """Whether rows have a language."""

    @property
    def shown(self) -> str:
        """How messages name it."""

    @property
    def snapshot(self) -> int | None:
        """Of a lake: the number of the snapshot that is read."""

    def relation(self, question: Question, choice: Choice, *, lang: bool) -> str:
        """SQL: record_id, sample_key, corpus, domain, role, status, labels, scores (and answer, lang where asked)."""

    def inside(self, exported: frozenset[str]) -> frozenset[str]:
        """The `record_id` of rows that left under these ids before."""

    def told(
        self, database: duckdb.DuckDBPyConnection, chosen: pl.DataFrame, question: Question
    ) -> Told:
        """What is told of the rows in `chosen` (record_id), with redacted texts only."""
