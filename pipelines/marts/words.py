"""The base tables of words: what is counted by the hundred million, in pieces that fit in memory.

Three passes: over all texts for the vocabulary; over the pieces for the words of each record as numbers, for pairs of
words and for repetition; over the pieces again for what each group of records says, of the pairs that are frequent.
Numbers of words lie in scratch files on the way; which word a number is, only the database knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipelines.marts.base import Base, need_turns
from pipelines.marts.pieces import make, piece, piece_bounds, told
from pipelines.query.views import literal
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
    if _there(base, "base_pair_totals"):
        return
    need_turns(base)
    make(base, "base_questions")
    _vocabulary(base)
    for number, bounds in enumerate(piece_bounds(base)):
        with piece(base, bounds):
            make(base, "base_records")
            make(base, "base_words")
            _save(base, "SELECT * FROM base_records", f"records-{number:03d}")
            _save(base, told("base_tokens", min_records), f"tokens-{number:03d}")
            _view(base, "base_tokens", f"tokens-{number:03d}")
            _save(base, query("marts/base_pair_totals"), f"pairs-{number:03d}")
            make(base, "base_speeches")
            make(base, "base_trigrams")
            _save(base, query("marts/tactic_repetition"), f"{REPETITION}-{number:03d}")
    _view(base, REPETITION, f"{REPETITION}-*")
    _view(base, "pair_parts", "pairs-*")
    base.database.execute(
        "CREATE OR REPLACE TABLE base_pair_totals AS SELECT word_id, next_id, CAST(sum(n) AS BIGINT) AS n "
        "FROM pair_parts GROUP BY word_id, next_id"
    )


def need_counts(base: Base, min_records: int) -> None:
    """Makes `base_expressions`, and `base_compared` with its groups: what each group of records says how often."""
    if _there(base, "base_compared"):
        return
    need_repetition(base, min_records)
    make(base, "base_expressions", min_records=min_records)
    for number, bounds in enumerate(piece_bounds(base)):
        with piece(base, bounds):
            _view(base, "base_records", f"records-{number:03d}")
            _view(base, "base_tokens", f"tokens-{number:03d}")
            for name in _GROUPED:
                make(base, name)
            make(base, "base_counts", kind="VIEW")
            _save(base, f"SELECT {_PART} FROM base_counts", f"counts-{number:03d}")
    _view(base, "count_parts", "counts-*")
    make(base, "base_counted")
    base.database.execute(
        f"CREATE OR REPLACE TABLE base_groups AS {query('marts/base_counted_groups')}"
    )
    base.database.execute(
        "CREATE OR REPLACE VIEW base_counts AS SELECT base_groups.group_id, base_counted.* "
        "FROM base_counted INNER JOIN base_groups ON base_counted.question_id = base_groups.question_id "
        "AND base_counted.label IS NOT DISTINCT FROM base_groups.label"
    )
    make(base, "base_compared", min_records=min_records)


def _vocabulary(base: Base) -> None:
    with piece(base, "true"):
        make(base, "base_records")
        make(base, "base_words", kind="VIEW")
        base.database.execute(
            f"CREATE OR REPLACE TABLE main.base_vocabulary AS {query('marts/base_vocabulary')}"
        )


def _there(base: Base, name: str) -> bool:
    found = base.database.execute(
        f"SELECT 1 FROM duckdb_tables() WHERE table_name = {literal(name)}"
    )
    return bool(found.fetchall())


def _path(base: Base, name: str) -> Path:
    return base.folder / f"{name}.parquet"


def _save(base: Base, sql: str, name: str) -> None:
    path = literal(str(_path(base, name)))
    base.database.execute(f"COPY ({sql}) TO {path} (FORMAT parquet, COMPRESSION lz4_raw)")


def _view(base: Base, name: str, files: str) -> None:
    path = literal(str(_path(base, files)))
    base.database.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM read_parquet({path})")
