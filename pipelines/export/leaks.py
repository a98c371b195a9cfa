"""Rows that repeat an evaluation text are taken out of the table rows, and noted in the table removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from pipelines.query.views import literal
from schemas.errors import ConfigError
from schemas.export import Against, Contamination
from transforms.clean.redacted import redacted
from transforms.export.contamination import Evaluation

_BATCH = 32_768


def take_out(database: duckdb.DuckDBPyConnection, wanted: Contamination | None, base: Path) -> int:
    """Takes them out; returns how many. With a row goes its piece: its pair, or the whole conversation of a chat.

    removed: record_id, source, why, evaluation (which set), evaluation_row (from 0), similarity is above the limit.
    Raises ConfigError: a file that cannot be read or has no such column.
    """
    database.execute(
        "CREATE TABLE removed (record_id VARCHAR, source VARCHAR, why VARCHAR, evaluation VARCHAR, "
        "evaluation_row BIGINT)"
    )
    if wanted is None:
        return 0
    for against in wanted.against:
        name, texts = _texts(database, against, base)
        evaluation = Evaluation(texts, words=wanted.words, similarity=wanted.similarity)
        for batch in _batches(database):
            found = evaluation.found(batch["text"])
            if found.is_empty():
                continue
            rows = batch.select("record_id", "source")[found["row"]]
            noted = rows.hstack(
                [
                    found["why"],
                    pl.Series("evaluation", [name] * rows.height),
                    found["evaluation_row"],
                ]
            )
            database.register("noted", noted.to_arrow())
            database.execute("INSERT INTO removed SELECT * FROM noted")
            database.unregister("noted")
    database.execute(
        "CREATE TABLE leaked AS SELECT DISTINCT piece FROM rows WHERE record_id IN (SELECT record_id FROM removed)"
    )
    counted = database.execute(
        "SELECT count(*) FROM rows WHERE piece IN (SELECT piece FROM leaked)"
    ).fetchone()
    database.execute("DELETE FROM rows WHERE piece IN (SELECT piece FROM leaked)")
    assert counted is not None
    return int(counted[0])


def clear_contexts(database: duckdb.DuckDBPyConnection) -> None:
    """Leaves in the contexts of rows only turns that are rows themselves: the others were compared with nothing."""
    database.execute(
        "CREATE TABLE cleared AS SELECT rows.* REPLACE (clear.context AS context) FROM rows LEFT JOIN ("
        "SELECT record_id, list(shown ORDER BY place) AS context FROM ("
        "SELECT record_id, unnest(context) AS shown, generate_subscripts(context, 1) AS place FROM rows) "
        "WHERE shown.record_id IN (SELECT record_id FROM rows) GROUP BY record_id) AS clear USING (record_id)"
    )
    database.execute("DROP TABLE rows")
    database.execute("ALTER TABLE cleared RENAME TO rows")


def _batches(database: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    reader = (
        database.cursor().sql("SELECT record_id, source, text FROM rows").to_arrow_reader(_BATCH)
    )
    for batch in reader:
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        yield frame


def _texts(
    database: duckdb.DuckDBPyConnection, against: Against, base: Path
) -> tuple[str, pl.Series]:
    """The name of an evaluation set and its texts, redacted as those of the lake are."""
    if against.file is None:
        splits = ", ".join(map(literal, against.gold_splits))
        sql = (
            "SELECT text_clean AS text FROM clean WHERE outcome = 'kept' AND "
            f"len(list_filter(gold, lambda entry: entry.split IN ({splits}))) > 0 ORDER BY record_id"
        )
        frame = pl.from_arrow(database.execute(sql).to_arrow_table())
        assert isinstance(frame, pl.DataFrame)
        return f"gold of the lake: {', '.join(against.gold_splits)}", frame["text"]
    path = base / against.file
    try:
        frame = _read(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigError(
            f"{path} cannot be read ({type(error).__name__}).",
            remedy="Correct contamination.against, or the file.",
        ) from None
    if against.text_column not in frame.columns:
        raise ConfigError(
            f"{path} has no column {against.text_column}.",
            remedy=f"Its columns: {', '.join(frame.columns)}. Name one in text_column.",
        )
    return path.name, redacted(frame[against.text_column].cast(pl.String))


def _read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix == ".jsonl":
        return pl.read_ndjson(path)
    if path.suffix == ".tsv":
        return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    if path.suffix == ".csv":
        return pl.read_csv(path, infer_schema=False)
    raise ConfigError(
        f"{path} is no csv, tsv, jsonl or parquet.", remedy="Name a file with such an ending."
    )
