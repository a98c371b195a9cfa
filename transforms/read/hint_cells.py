"""Native columns to `pii_hints` (names of people) and `cues` (what was not said in words)."""

import polars as pl

CUE = pl.Struct(
    {"channel": pl.String, "value": pl.String, "start_ms": pl.Int64, "end_ms": pl.Int64}
)
CUES = pl.List(CUE)


def hint_list(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.Series:
    """The distinct names of a row, sorted; null where it has none.

    A column holds a name, a list of names, or (in a table of strings) a JSON list of them.
    """
    kind = pl.List(pl.String)
    if not names:
        return pl.repeat(None, frame.height, dtype=kind, eager=True)
    lists = [_names(frame[name]).alias(str(place)) for place, name in enumerate(names)]
    joined = pl.DataFrame(lists).select(pl.concat_list(pl.all().fill_null([])).alias("names"))
    trimmed = pl.col("names").list.eval(pl.element().str.strip_chars())
    kept = trimmed.list.eval(pl.element().filter(pl.element().fill_null("") != ""))
    found = joined.select(kept.list.unique().list.sort().alias("names"))
    return found.select(pl.when(pl.col("names").list.len() > 0).then("names")).to_series()


def _names(native: pl.Series) -> pl.Series:
    kind = pl.List(pl.String)
    if isinstance(native.dtype, pl.List):
        return native.cast(kind)
    text = native.cast(pl.String)
    single = text.reshape((-1, 1)).cast(kind)
    listed = text.str.contains(r'^\s*\["').fill_null(value=False)
    if not listed.any():
        return single
    decoded = text.set(~listed, None).str.json_decode(kind)
    return pl.select(pl.when(listed).then(decoded).otherwise(single)).to_series()


def cue_list(frame: pl.DataFrame, name: str | None) -> tuple[pl.Series, pl.Series]:
    """(`cues`, which rows are bad): null where there are none.

    A column holds lists of structs with the fields of a cue, or JSON text of such a list.
    """
    bad = pl.repeat(value=False, n=frame.height, eager=True)
    if name is None:
        return pl.repeat(None, frame.height, dtype=CUES, eager=True), bad
    native = frame[name]
    if native.dtype == pl.String:
        try:
            cues = native.str.json_decode(CUES)
        except pl.exceptions.PolarsError:
            one = [_decoded(cell) for cell in native.to_list()]
            cues = pl.Series(one, dtype=CUES)
    elif native.dtype == pl.Null or isinstance(native.dtype, pl.List):
        try:
            cues = native.cast(CUES)
        except pl.exceptions.PolarsError:
            cues = pl.repeat(None, frame.height, dtype=CUES, eager=True)
    else:
        cues = pl.repeat(None, frame.height, dtype=CUES, eager=True)
    bad = native.is_not_null() & cues.is_null()
    some = pl.DataFrame({"cues": cues}).select(
        pl.when(pl.col("cues").list.len() > 0).then("cues").alias(name)
    )
    return some.to_series(), bad


def _decoded(cell: str | None) -> list[dict[str, object]] | None:
    if cell is None:
        return None
    try:
        found = pl.Series([cell]).str.json_decode(CUES).to_list()[0]
    except pl.exceptions.PolarsError:
        return None
    return list(found) if found is not None else None
