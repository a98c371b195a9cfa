"""Gold columns to the `gold` list: one entry per configured gold column that the row has."""

import polars as pl

from schemas.config.corpus import GoldColumn

ENTRY = pl.Struct(
    {
        "task": pl.String,
        "taxonomy": pl.String,
        "label_set": pl.String,
        "split": pl.String,
        "annotator": pl.String,
        "labels": pl.List(pl.String),
        "value": pl.Float64,
    }
)
GOLD = pl.List(ENTRY)
OWN_GOLD = "_gold"  # native column of this type: gold that a reader makes itself


def gold_list(frame: pl.DataFrame, gold: tuple[GoldColumn, ...]) -> tuple[pl.Series, pl.Series]:
    """(`gold`, which rows are bad): null where no column of the row was annotated.

    An empty or null cell is "not annotated", `[]` is "annotated, with no label". A value that is
    not a finite number makes the row bad.
    """
    bad = pl.repeat(value=False, n=frame.height, eager=True)
    if not gold:
        return pl.Series("gold", [None] * frame.height, dtype=GOLD), bad
    entries = []
    for column in gold:
        entry, wrong = _entry(frame, column)
        entries.append(entry)
        bad |= wrong
    table = pl.DataFrame([entry.alias(str(index)) for index, entry in enumerate(entries)])
    joined = table.select(pl.concat_list(pl.all()).list.drop_nulls()).to_series()
    found = pl.select(pl.when(joined.list.len() > 0).then(joined)).to_series()
    return found.cast(GOLD).alias("gold"), bad


def _entry(frame: pl.DataFrame, column: GoldColumn) -> tuple[pl.Series, pl.Series]:
    none = pl.repeat(None, frame.height, eager=True)
    wrong = pl.repeat(value=False, n=frame.height, eager=True)
    labels = none.cast(pl.List(pl.String))
    value = none.cast(pl.Float64)
    if column.labels is not None:
        labels = _labels(frame[column.labels], column.separator)
    if column.value is not None:
        native = frame[column.value]
        if native.dtype == pl.String:
            native = native.str.strip_chars()
            native = native.set(native == "", None)
        value = native.cast(pl.Float64, strict=False)
        wrong = native.is_not_null() & (value.is_null() | ~value.is_finite().fill_null(value=True))
    split, annotator = (
        none.cast(pl.String) if name is None else _name(frame[name])
        for name in (column.split, column.annotator)
    )
    fields = [
        pl.lit(column.task).alias("task"),
        pl.lit(column.taxonomy).alias("taxonomy"),
        pl.lit(column.label_set, dtype=pl.String).alias("label_set"),
        split.alias("split"),
        annotator.alias("annotator"),
        labels.alias("labels"),
        value.alias("value"),
    ]
    table = pl.DataFrame([labels.alias("labels"), value.alias("value")])
    annotated = table.select(
        pl.when(pl.col("labels").is_not_null() | pl.col("value").is_not_null()).then(
            pl.struct(fields)
        )
    )
    return annotated.to_series().cast(ENTRY), wrong


def _name(native: pl.Series) -> pl.Series:
    text = native.cast(pl.String)
    return text.set(text == "", None)


def _labels(native: pl.Series, separator: str | None) -> pl.Series:
    """Lists of labels: a list as it is, a JSON list in a string, a string split at `separator`."""
    if isinstance(native.dtype, pl.List):
        return native.cast(pl.List(pl.String)).list.drop_nulls()
    text = native.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None)
    split = (
        text.str.split(separator) if separator else text.reshape((-1, 1)).cast(pl.List(pl.String))
    )
    column = pl.col("split")
    table = pl.DataFrame({"text": text, "split": split})
    stripped = column.list.eval(pl.element().str.strip_chars())
    kept = stripped.list.eval(pl.element().filter(pl.element().fill_null("") != ""))
    plain = table.select(pl.when(pl.col("text").is_not_null()).then(kept)).to_series()
    listed = text.str.contains(
        r'(?s)^\[\s*(?:"(?:[^"\\]|\\.)*"\s*(?:,\s*"(?:[^"\\]|\\.)*"\s*)*)?\]$'
    )
    where = listed.fill_null(value=False).arg_true()
    if not len(where):
        return plain
    decoded = text.gather(where).str.json_decode(pl.List(pl.String))
    return _put(plain, where, decoded)


def _put(into: pl.Series, where: pl.Series, values: pl.Series) -> pl.Series:
    """`into` with `values` at the rows `where` (scatter does not know lists)."""
    order = pl.DataFrame({"row": pl.arange(len(into), eager=True), "old": into})
    new = pl.DataFrame({"row": where.cast(pl.Int64), "new": values})
    joined = order.join(new, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("new", "old")).to_series()
