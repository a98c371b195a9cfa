"""The base tables of words: what is counted by the hundred million, in as many parts as `Tables` makes.

Three passes: over all texts for the vocabulary; over the parts for the words of each record as numbers, for pairs of
words and for repetition; over the parts again for what each group of records says, of the pairs that are frequent.
Numbers of words are put aside on the way; which word a number is, only the database knows.
"""

from __future__ import annotations

from typing import Final

from pipelines.marts.base import Base, need_turns
from pipelines.marts.tables import EVERYTHING, Tables
from pipelines.stages.database import query

REPETITION: Final = "repetition"
"""The table that holds the rows of the mart tactic_repetition."""
_GROUPED: Final = (
    "base_contrasts",
    "base_groups",
    "base_members",
    "base_word_counts",
    "base_pair_counts",
)
_PART: Final = "question_id, label, words, expression_id, n, counted_n, records, speaker_bits"


def need_repetition(base: Base, min_records: int) -> None:
    """Makes the vocabulary, the numbers of all words, pairs of them, and `repetition`."""
    if REPETITION in base.made:
        return
    need_turns(base)
    tables = base.tables
    tables.keep("base_questions", _sql("base_questions"))
    with tables.part(EVERYTHING):
        _make(tables, "base_records")
        # On one machine a view: storing so many lists costs more than finding the words again.
        _make(tables, "base_words", view=True)
        tables.keep("base_vocabulary", _sql("base_vocabulary"))
    for number, bounds in enumerate(tables.bounds()):
        with tables.part(bounds):
            _make(tables, "base_records")
            _make(tables, "base_words")
            tables.save("records", number, "SELECT * FROM base_records")
            tables.save("tokens", number, _sql("base_tokens", min_records))
            tables.show("base_tokens", "tokens", number)
            tables.save("pairs", number, _sql("base_pair_totals"))
            _make(tables, "base_speeches")
            _make(tables, "base_trigrams")
            tables.save(REPETITION, number, _sql("tactic_repetition"))
    tables.show(REPETITION, REPETITION)
    tables.show("pair_parts", "pairs")
    tables.keep(
        "base_pair_totals",
        "SELECT word_id, next_id, CAST(sum(n) AS BIGINT) AS n FROM pair_parts GROUP BY word_id, next_id",
    )
    base.made.add(REPETITION)


def need_counts(base: Base, min_records: int) -> None:
    """Makes `base_expressions`, and `base_compared` with its groups: what each group of records says how often."""
    if "base_compared" in base.made:
        return
    need_repetition(base, min_records)
    tables = base.tables
    tables.keep("base_expressions", _sql("base_expressions", min_records))
    for number, bounds in enumerate(tables.bounds()):
        with tables.part(bounds):
            tables.show("base_records", "records", number)
            tables.show("base_tokens", "tokens", number)
            for name in _GROUPED:
                _make(tables, name)
            _make(tables, "base_counts", view=True)
            tables.save("counts", number, f"SELECT {_PART} FROM base_counts")
    tables.show("count_parts", "counts")
    tables.keep("base_counted", _sql("base_counted"))
    tables.keep("base_groups", _sql("base_counted_groups"))
    tables.keep(
        "base_counts",
        "SELECT base_groups.group_id, base_counted.* "
        "FROM base_counted INNER JOIN base_groups ON base_counted.question_id = base_groups.question_id "
        "AND base_counted.label IS NOT DISTINCT FROM base_groups.label",
    )
    tables.keep("base_compared", _sql("base_compared", min_records))
    base.made.add("base_compared")


def _make(tables: Tables, name: str, *, view: bool = False) -> None:
    tables.make(name, _sql(name), view=view)


def _sql(name: str, min_records: int = 0) -> str:
    """The query of a base table. A statement that makes a table takes no parameters."""
    return query(f"marts/{name}").replace("$min_records", str(min_records))
