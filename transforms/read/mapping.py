"""Native rows to records' columns, typed; what does not fit is a bad row, never cast silently."""

from dataclasses import dataclass

import polars as pl

from schemas.config.corpus import Columns, GoldColumn, Values
from schemas.errors import SourceError
from transforms.read.chunk import POSITION
from transforms.read.columns import check_columns, wanted
from transforms.read.gold_cells import GOLD, OWN_GOLD, gold_list
from transforms.read.hint_cells import CUES, cue_list, hint_list
from transforms.read.times import UTC, to_utc

META = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
MAPPED: dict[str, pl.DataType | type[pl.DataType]] = {
    POSITION: pl.Int64,
    "id": pl.String,
    "text": pl.String,
    "revision": pl.Int64,
    "conversation_id": pl.String,
    "turn": pl.Int32,
    "reply_to": pl.String,
    "speaker": pl.String,
    "role": pl.String,
    "lang": pl.String,
    "created_at": UTC,
    "start_ms": pl.Int64,
    "end_ms": pl.Int64,
    "gold": GOLD,
    "pii_hints": pl.List(pl.String),
    "cues": CUES,
    "meta": META,
}
_KEYS = ("id", "conversation_id", "reply_to", "speaker", "role", "lang")


@dataclass(frozen=True)
class BadRow:
    """A native row that does not fit the mapping; the message never holds its content."""

    position: int
    error_class: str
    message: str


@dataclass(frozen=True)
class Mapped:
    """`frame`: the columns of `MAPPED`; `bad`: the rows of the input that are not in it."""

    frame: pl.DataFrame
    bad: list[BadRow]


def map_columns(
    frame: pl.DataFrame, columns: Columns, values: Values, gold: tuple[GoldColumn, ...]
) -> Mapped:
    """Map native rows (with `_position`) to records' columns.

    `values` fill where the column is not mapped or null. Empty strings count as null, but for text.
    Bad rows: `missing_text`, `bad_time`, `bad_number` (turn, start_ms, end_ms, a gold value),
    `bad_revision`. Raises `SourceError` for a column that is missing or of a type that cannot be
    used.
    """
    check_columns(wanted(columns, gold), frame.columns, "The source")
    height = frame.height
    out: dict[str, pl.Series] = {POSITION: frame[POSITION]}
    problems: list[tuple[str, str, pl.Series]] = []
    out["text"] = _text(frame[columns.text])
    problems.append(("missing_text", f"column {columns.text!r} is null", out["text"].is_null()))
    for name in _KEYS:
        native = getattr(columns, name)
        constant = getattr(values, name, None)
        found = _none(height, pl.String) if native is None else _key(frame[native])
        out[name] = found if constant is None else found.fill_null(constant)
    for name, kind in (("turn", pl.Int32), ("start_ms", pl.Int64), ("end_ms", pl.Int64)):
        native = getattr(columns, name)
        out[name] = _none(height, kind) if native is None else _whole(frame[native], kind)
        if native is not None:
            wrong = _filled(frame[native]) & out[name].is_null()
            problems.append(("bad_number", f"column {native!r} is not a whole number", wrong))
    if columns.created_at is None:
        out["created_at"] = _none(height, UTC)
    else:
        native_times = frame[columns.created_at]
        out["created_at"] = _times(native_times)
        wrong = _filled(native_times) & out["created_at"].is_null()
        problems.append(("bad_time", f"column {columns.created_at!r} is not a known time", wrong))
    out["revision"], wrong = _revision(frame, columns.revision)
    problems.append(("bad_revision", f"column {columns.revision!r} is no number or time", wrong))
    out["gold"], wrong = gold_list(frame, gold)
    problems.append(("bad_number", "a gold value is not a finite number", wrong))
    if OWN_GOLD in frame.columns:
        out["gold"] = _together(out["gold"], frame[OWN_GOLD])
    out["pii_hints"] = hint_list(frame, columns.pii_hints)
    out["cues"], wrong = cue_list(frame, columns.cues)
    problems.append(("bad_cues", f"column {columns.cues!r} is no list of cues", wrong))
    out["meta"] = _meta(frame, columns.meta)
    table = pl.DataFrame([out[name].alias(name).cast(kind) for name, kind in MAPPED.items()])
    return _without_bad(table, problems)


def _together(configured: pl.Series, own: pl.Series) -> pl.Series:
    """Gold of configured columns, then what the reader itself made; null where there is neither."""
    frame = pl.DataFrame({"configured": configured, "own": own.cast(GOLD)})
    both = pl.concat_list(pl.all().fill_null([]))
    return frame.select(pl.when(both.list.len() > 0).then(both)).to_series()


def _without_bad(table: pl.DataFrame, problems: list[tuple[str, str, pl.Series]]) -> Mapped:
    bad: dict[int, BadRow] = {}
    for error_class, message, wrong in problems:
        for position in table[POSITION].filter(wrong).to_list():
            bad.setdefault(position, BadRow(position, error_class, message))
    if not bad:
        return Mapped(table, [])
    rows = [bad[position] for position in sorted(bad)]
    kept = table.filter(~pl.col(POSITION).is_in([row.position for row in rows]))
    return Mapped(kept, rows)


def _none(height: int, kind: pl.DataType | type[pl.DataType]) -> pl.Series:
    return pl.repeat(None, height, dtype=kind, eager=True)


def _filled(native: pl.Series) -> pl.Series:
    """Which cells hold something (an empty string does not)."""
    if native.dtype == pl.String:
        return (native.str.strip_chars() != "").fill_null(value=False)
    return native.is_not_null()


def _refused(native: pl.Series, use: str) -> SourceError:
    return SourceError(
        f"The column {native.name!r} is of type {native.dtype} and cannot be used as {use}.",
        remedy="Choose another column in the config, or convert the file.",
    )


def _text(native: pl.Series) -> pl.Series:
    if native.dtype in (pl.Categorical, pl.Enum, pl.Null):
        native = native.cast(pl.String)
    if native.dtype != pl.String:
        raise _refused(native, "text: text must be a column of strings")
    return native


def _key(native: pl.Series) -> pl.Series:
    if not (
        native.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null) or native.dtype.is_integer()
    ):
        raise _refused(native, "an id or name")
    text = native.cast(pl.String)
    return text.set(text == "", None) if native.dtype == pl.String else text


def _whole(native: pl.Series, kind: type[pl.DataType]) -> pl.Series:
    """Whole numbers; 3.0 is 3, fractions and what does not fit are null."""
    if native.dtype.is_integer():
        return native.cast(kind, strict=False)
    if native.dtype == pl.String:
        text = native.str.strip_chars()
        exact = text.cast(kind, strict=False)
        if exact.null_count() == native.null_count():
            return exact
        return exact.fill_null(_integral(text.cast(pl.Float64, strict=False), kind))
    if native.dtype.is_float() or native.dtype == pl.Null:
        return _integral(native.cast(pl.Float64), kind)
    raise _refused(native, "a whole number")


def _integral(number: pl.Series, kind: type[pl.DataType]) -> pl.Series:
    return number.set(number.floor() != number, None).cast(kind, strict=False)


def _times(native: pl.Series) -> pl.Series:
    try:
        return to_utc(native)
    except TypeError:
        raise _refused(native, "a time") from None


def _revision(frame: pl.DataFrame, native: str | None) -> tuple[pl.Series, pl.Series]:
    """A growing number as it is, a time as Unix microseconds; null, false and true are 0."""
    nothing = pl.repeat(value=False, n=frame.height, eager=True)
    if native is None:
        return pl.repeat(0, frame.height, dtype=pl.Int64, eager=True), nothing
    values = frame[native]
    if values.dtype == pl.Boolean:
        return pl.repeat(0, frame.height, dtype=pl.Int64, eager=True), nothing
    if values.dtype == pl.String:
        values = values.set(values.str.to_lowercase().is_in(["false", "true", ""]), None)
        found = _whole(values, pl.Int64)
        found = found.fill_null(
            values.cast(pl.Float64, strict=False).floor().cast(pl.Int64, strict=False)
        )
        if found.null_count() > values.null_count():
            found = found.fill_null(to_utc(values).cast(pl.Int64))
    elif values.dtype.is_temporal():
        found = _times(values).cast(pl.Int64)
    else:
        found = _whole(values, pl.Int64)
    return found.fill_null(0), values.is_not_null() & found.is_null()


def _meta(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.Series:
    if not names:
        return _none(frame.height, META)
    entries = []
    for name in names:
        text = cell_text(frame[name])
        entries.append(
            pl.when(text.is_not_null()).then(
                pl.struct(pl.lit(name).alias("key"), text.alias("value"))
            )
        )
    joined = pl.select(pl.concat_list(entries).list.drop_nulls().alias("meta"))
    return joined.to_series()


def cell_text(native: pl.Series) -> pl.Series:
    """Cells as text: lists and structs as JSON; null stays null."""
    if native.dtype.is_nested():
        wrapped = native.to_frame("v").select(pl.struct("v").struct.json_encode())
        text = wrapped.to_series().str.strip_prefix('{"v":').str.strip_suffix("}")
        return text.set(native.is_null(), None)  # a null cell is none, not the word null
    return native.cast(pl.String)
