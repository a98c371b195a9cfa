"""Reads the candidate labels of records with gold: no text, and no row without gold."""

from collections.abc import Sequence

import polars as pl

from pipelines.lake.place import register
from pipelines.query.answered import clean_with_answers
from pipelines.query.views import literal, parquet
from pipelines.stages.database import open_database


def rows_with_gold(
    labels: Sequence[str],
    clean: Sequence[str],
    *,
    task: str,
    taxonomy: str,
    numbers: bool,
    memory_limit: str,
    threads: int,
    annotations: Sequence[str] = (),
) -> pl.DataFrame:
    """Answers and gold of one label variant: corpus, unit, status, reason, labels, scores, gold (and answer, of
    `numbers`).

    `unit` is the conversation, else the record. `gold` has the annotations of this task and taxonomy, those of the
    files `annotations` included. Raises TransientError where memory and disk are too little, duckdb.Error for what
    cannot be read.
    """
    answer = ", labels.answer" if numbers else ""
    annotated = (
        "list_filter(gold, lambda entry: "
        f"entry.task = {literal(task)} AND entry.taxonomy = {literal(taxonomy)})"
    )
    with open_database(memory_limit, threads, "The evaluation gate") as database:
        register(database, (*labels, *clean, *annotations))
        rows = database.sql(
            "SELECT labels.corpus, coalesce(labels.conversation_id, labels.record_id) AS unit, "
            f"labels.status, labels.reason, labels.labels, labels.scores, clean.gold{answer} "
            f"FROM {parquet(labels)} AS labels INNER JOIN ("
            f"SELECT record_id, {annotated} AS gold FROM {clean_with_answers(clean, annotations, task)} "
            "WHERE outcome = 'kept' AND len(gold) > 0) AS clean USING (record_id) "
            "WHERE len(clean.gold) > 0 ORDER BY labels.corpus, labels.record_id"
        ).to_arrow_table()
    found = pl.from_arrow(rows)
    assert isinstance(found, pl.DataFrame)
    return found
