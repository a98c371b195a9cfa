"""Answers that are spans, from a file: column `answer_spans` or `spans`, found like other answers by id or order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.answers_file import SUFFIXES, in_order_of_gold, status_of, version_of
from jobs.evaluation.gold_columns import SPANS
from jobs.evaluation.gold_file import GoldRows
from jobs.evaluation.span_cells import read_spans
from schemas.errors import SourceError
from transforms.label.labeler import FAILED, LABELED
from transforms.read.chunk import WANTED, Kind, Limits
from transforms.read.mapping import cell_text
from transforms.read.registry import guess
from transforms.read.source import expand

ANSWER_SPANS: Final = "answer_spans"
SPANS_TYPE: Final = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String}))
_KEYS: Final[dict[str, Kind]] = {"id": "key", "position": "int", "status": "key", "reason": "key"}


def read_span_answers(path: Path, rows: GoldRows, *, is_gold: bool = False) -> Answers:
    """The spans that a file has for the rows of gold, as the column `spans` of the answers' frame.

    A row with a span that does not fit its text failed, and the reason says what is wrong. `is_gold`: it is the file of
    gold itself, whose column `spans` is no answer. SourceError: a file that cannot be read, or without such a column.
    """
    raw = _read(path, (ANSWER_SPANS,) if is_gold else (ANSWER_SPANS, SPANS))
    told = raw.select(
        status_of(raw, raw[SPANS].is_not_null()).alias("status"),
        (raw["reason"] if "reason" in raw.columns else pl.lit(None, pl.String)).alias("reason"),
        SPANS,
    )
    frame = in_order_of_gold(told, raw, rows, path)
    spans, wrong = read_spans(frame[SPANS], rows.frame["text"])
    cells = [
        None if of is None else [dict(zip(("start", "end", "label"), span, strict=False)) for span in of]
        for of in spans
    ]  # fmt: skip
    nothing = pl.lit(None)
    refused = pl.col("wrong").is_not_null() & (pl.col("status") == LABELED)
    answers = frame.with_columns(
        pl.Series(SPANS, cells, SPANS_TYPE),
        pl.Series("wrong", wrong, pl.String),
        nothing.cast(pl.List(pl.String)).alias("labels"),
        nothing.alias("scores"),
    ).with_columns(
        pl.when(refused).then(pl.lit(FAILED)).otherwise("status").alias("status"),
        pl.when(refused).then("wrong").otherwise("reason").alias("reason"),
    )
    return Answers(path.name, version_of(path), answers.drop("wrong"))


def _read(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """The columns of _KEYS that there are, and `spans` as text, whichever of the `columns` holds them."""
    if path.suffix not in SUFFIXES:
        raise SourceError(
            f"{path} is no file of answers.", remedy=f"Let it end in {', '.join(SUFFIXES)}."
        )
    source = expand([str(path)], Path.cwd())[0]
    reader = guess(source)
    names = reader.found(source, {})
    column = next((name for name in columns if name in names), None)
    if column is None:
        raise SourceError(
            f"{path} has no column {' or '.join(reversed(columns))}.",
            remedy="Write the spans of each row there, as a list of objects with start and end.",
        )
    kinds: dict[str, Kind] = {name: kind for name, kind in _KEYS.items() if name in names}
    kinds[column] = "any"
    frames, bad = [], 0
    limits = Limits()
    for chunk in reader.cut(source, limits, {}):
        for parsed in reader.parse(source, chunk, limits, {WANTED: kinds}):
            keys = [pl.col(name).cast(pl.String) for name in kinds if name != column]
            frames.append(parsed.frame.select(*keys, cell_text(parsed.frame[column]).alias(SPANS)))
            bad += len(parsed.bad)
    if bad:
        raise SourceError(
            f"{path} has {bad:,} rows that cannot be read.",
            remedy="Write it anew: each row as the first, in UTF-8.",
        )
    if not frames:
        raise SourceError(f"{path} is empty.", remedy="Give a file with at least one answer.")
    table = pl.concat(frames)
    text = pl.col(pl.String).str.strip_chars()
    return table.with_columns(pl.when(text != "").then(pl.col(pl.String)).name.keep())
