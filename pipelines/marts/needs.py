"""Makes the base tables that a mart reads, when the first mart needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pipelines.marts.base import Base, need_turns
from pipelines.stages.database import query
from schemas.config.marts import MartsConfig

# What each table of words reads; see the files of these names.
_READS: Final[Mapping[str, Sequence[str]]] = {
    "base_records": (),
    "base_questions": ("turns",),
    "base_words": ("base_records",),
    "base_vocabulary": ("base_words",),
    "base_tokens": ("base_words", "base_vocabulary"),
    "base_expressions": ("base_tokens", "base_vocabulary"),
    "base_contrasts": ("turns", "base_records", "base_questions"),
    "base_groups": ("base_contrasts",),
    "base_members": ("base_contrasts", "base_groups"),
    "base_word_counts": ("base_tokens", "base_members"),
    "base_pair_counts": ("base_tokens", "base_expressions", "base_members"),
    "base_counts": ("base_word_counts", "base_pair_counts", "base_groups"),
    "base_compared": ("base_counts",),
    "base_speeches": ("turns", "base_records"),
    "base_trigrams": ("base_words", "base_vocabulary", "base_speeches"),
}
_VIEWS: Final = frozenset({"base_counts"})


def need(base: Base, tables: Sequence[str], settings: MartsConfig) -> None:
    """Makes those of `tables` that are not there yet, and what they read."""
    for name in tables:
        if name == "turns":
            need_turns(base)
        elif name in _READS:
            need(base, _READS[name], settings)
            _make(base, name, settings)


def _make(base: Base, name: str, settings: MartsConfig) -> None:
    kind = "VIEW" if name in _VIEWS else "TABLE"
    # A statement that makes a table takes no parameters.
    sql = query(f"marts/{name}").replace("$min_records", str(settings.min_records))
    base.database.execute(f"CREATE {kind} IF NOT EXISTS {name} AS {sql}")
