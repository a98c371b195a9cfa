"""Other people's rows as the batch that labelers read: text_clean, lang; for language models also record_id, role and
context; and beside them why a row is refused before it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from schemas.errors import ConfigError

REFUSED: Final = "refused"
"""The column of the reasons: not_a_text, missing_text (the row has no such field), invalid_utf8, bad_context."""

_TURN: Final = pl.Struct({"record_id": pl.String, "role": pl.String, "text": pl.String})
_OF_MODELS: Final[dict[str, pl.DataType]] = {
    "record_id": pl.String(),
    "role": pl.String(),
    "context": pl.List(_TURN),
}
_STRINGS: Final = (pl.String, pl.Categorical, pl.Enum, pl.Null)


def batch_of_frame(frame: pl.DataFrame, text_column: str, *, context: bool) -> pl.DataFrame:
    """The batch of a frame: its `text_column`; `lang` where there is one; with `context`, also the columns of models.

    `context` is a list of strings, the oldest turn first, or of structs with the field text, and where known role and
    record_id. Raises ConfigError for columns that are missing or hold something else.
    """
    if text_column not in frame.columns:
        raise ConfigError(
            f"There is no column {text_column!r}.",
            remedy=f"Name the right one with text_column; there are: {', '.join(frame.columns)}.",
        )
    strings = ["lang", "record_id", "role"] if context else ["lang"]
    for name in (text_column, *(each for each in strings if each in frame.columns)):
        if frame.schema[name] not in _STRINGS:
            raise ConfigError(
                f"The column {name!r} holds {frame.schema[name]}, not strings.",
                remedy="Convert it, or name it otherwise.",
            )
    found = [pl.col(text_column).cast(pl.String).alias("text_clean")]
    found += [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(pl.String).alias(name)
        for name in strings
    ]
    if context:
        found.append(_turns(frame).alias("context"))
    return frame.select(*found, pl.lit(None, pl.String).alias(REFUSED))


def batch_of_rows(rows: Sequence[Any], text_column: str, *, context: bool) -> pl.DataFrame:
    """The batch of single rows: texts, nulls, or mappings (also named tuples and Beam's rows) with the fields that a
    frame would have as columns.

    Never raises for a row: what is no text is refused; a language that is no string counts as not declared.
    """
    read = [_row(row, text_column, context=context) for row in rows]
    string = pl.String()
    schema = {
        "text_clean": string,
        "lang": string,
        **(_OF_MODELS if context else {}),
        REFUSED: string,
    }
    return pl.DataFrame({name: [row.get(name) for row in read] for name in schema}, schema=schema)


def _turns(frame: pl.DataFrame) -> pl.Expr:
    kind = frame.schema.get("context", pl.Null())
    if kind == pl.Null:
        return pl.lit(None, pl.List(_TURN))
    turn = kind.inner if isinstance(kind, pl.List) else None
    if turn == pl.String:
        each = pl.struct(text=pl.element())
        known = {"text"}
    elif isinstance(turn, pl.Struct) and "text" in (known := {field.name for field in turn.fields}):
        each = pl.element()
    else:
        raise ConfigError(
            f"The column 'context' holds {kind}, not lists of turns.",
            remedy="Give lists of strings, or of structs with the fields text, role and record_id.",
        )
    fields = [
        (each.struct.field(name) if name in known else pl.lit(None)).cast(pl.String).alias(name)
        for name in ("record_id", "role", "text")
    ]
    return pl.col("context").list.eval(pl.struct(fields))


def _row(row: Any, text_column: str, *, context: bool) -> dict[str, Any]:
    if hasattr(row, "_asdict"):
        row = row._asdict()
    if not isinstance(row, Mapping):
        return _text(row)
    if text_column not in row:
        return {REFUSED: "missing_text"}
    found = _text(row[text_column])
    names = ("lang", "record_id", "role") if context else ("lang",)
    found |= {name: row[name] for name in names if _encodes(row.get(name))}
    if context and row.get("context") is not None:
        turns = _context(row["context"])
        if turns is None:
            return {REFUSED: found.get(REFUSED) or "bad_context"}
        found["context"] = turns
    return found


def _text(text: Any) -> dict[str, Any]:
    if text is None or _encodes(text):
        return {"text_clean": text}
    return {REFUSED: "invalid_utf8" if isinstance(text, str) else "not_a_text"}


def _context(turns: Any) -> list[dict[str, str | None]] | None:
    """Turns as structs; None where one of them cannot be read."""
    if not isinstance(turns, Sequence) or isinstance(turns, str | bytes):
        return None
    found = []
    for turn in turns:
        fields = turn if isinstance(turn, Mapping) else {"text": turn}
        told = {name: fields.get(name) for name in ("record_id", "role", "text")}
        if not all(value is None or _encodes(value) for value in told.values()):
            return None
        found.append(told)
    return found


def _encodes(value: Any) -> bool:
    """Whether this is a string without lone surrogates, which have no place in UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
