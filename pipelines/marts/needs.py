"""Makes the base tables that a mart reads, when the first mart needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pipelines.marts.base import Base, need_turns
from pipelines.marts.words import REPETITION, need_counts, need_repetition
from schemas.config.marts import MartsConfig

MADE: Final[Mapping[str, str]] = {"tactic_repetition": f"SELECT * FROM {REPETITION}"}
"""Marts whose rows are made with their base tables, and the query that gives them."""


def need(base: Base, tables: Sequence[str], settings: MartsConfig) -> None:
    """Makes those of `tables` that are not there yet."""
    if "turns" in tables:
        need_turns(base)
    if "base_trigrams" in tables:
        need_repetition(base, settings.min_records)
    if "base_compared" in tables:
        need_counts(base, settings.min_records)
