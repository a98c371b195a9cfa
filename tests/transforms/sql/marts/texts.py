"""Marts of texts, over the base tables of words that are made from a test's rows."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from tests.transforms.sql.marts.base import run_mart

# In the order in which they read one another, as pipelines/marts makes them (base_words and base_counts as views).
STEPS = (
    "base_records", "base_questions", "base_words", "base_vocabulary", "base_tokens", "base_pair_totals",
    "base_expressions", "base_contrasts", "base_groups", "base_members", "base_word_counts", "base_pair_counts",
    "base_counts", "base_compared", "base_speeches", "base_trigrams",
)  # fmt: skip
_READER = (
    "CREATE TABLE labels_reader_emotion (record_id VARCHAR, taxonomy VARCHAR, labeler VARCHAR, status VARCHAR, "
    "labels VARCHAR[], answer STRUCT(writer VARCHAR, strength TINYINT));"
)


def run_text_mart(
    name: str,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    setup: str = "",
    **parameters: float,
) -> list[dict[str, Any]]:
    """The rows of a text mart; `setup` may fill `labels_reader_emotion`."""
    least = str(parameters.get("min_records", 5))
    made = [_READER, setup]
    for step in STEPS:
        sql = files("transforms.sql.marts").joinpath(f"{step}.sql").read_text()
        made.append(f"CREATE TABLE {step} AS {sql.replace('$min_records', least)};")
    return run_mart(name, tables, "\n".join(made), parameters)
