"""Times as people write them, to UTC microseconds.

Understood: ISO 8601 with or without zone (without: UTC is assumed), also with a blank for the T and
without seconds or time of day; Unix seconds, milliseconds or microseconds, told apart by magnitude
(below 10^11, 10^14, 10^17). Numbers under 10^8 (before March 1973) are refused: they are more
likely a year, a date such as 20240131, or a counter. Times whose year in UTC has not four digits
(0001 to 9999) are refused too.
"""

import polars as pl

UTC = pl.Datetime("us", "UTC")
_DAY = 86_400 * 1_000_000
_FIRST, _END = -719_162 * _DAY, 2_932_897 * _DAY  # 0001-01-01 and 10000-01-01
_ISO = (
    r"^(?<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?<minute>\d\d:\d\d)(?<second>:\d\d)?(?:[.,](?<part>\d{1,9}))?"
    r" ?(?<zone>[Zz]|UTC|[+-]\d\d(?::?\d\d)?)?)?$"
)
_NUMBER = r"^-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?$"


def to_utc(values: pl.Series) -> pl.Series:
    """A column of times as Datetime(us, UTC); null where there is none or it is not understood.

    Takes strings, numbers, dates and datetimes; raises `TypeError` for other types.
    """
    kind = values.dtype
    if kind == pl.Date:
        values = _within(values, _DAY)
    elif isinstance(kind, pl.Datetime) and kind.time_unit == "ms":
        values = _within(values, 1_000)
    return _within(_to_utc(values), 1)


def _within(values: pl.Series, unit: int) -> pl.Series:
    """Null where the year is outside 1 to 9999; `unit`: microseconds of the physical number."""
    number = values.to_physical()
    inside = ((number >= _FIRST // unit) & (number < _END // unit)).fill_null(value=True)
    return values if inside.all() else values.set(~inside, None)


def _to_utc(values: pl.Series) -> pl.Series:
    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        return values.dt.convert_time_zone("UTC").cast(UTC)
    if kind == pl.Date:
        return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if kind.is_numeric():
        return _from_numbers(values)
    if kind == pl.Null:
        return values.cast(UTC)
    if kind != pl.String:
        raise TypeError(f"{kind} holds no times")
    text = values.str.strip_chars(" \t\r\n")
    number = text.str.contains(_NUMBER).fill_null(value=False)
    if number.all():
        return _from_digits(text)
    if not number.any():
        return _from_iso(text)
    found = pl.select(
        pl.when(number).then(_from_digits(text.set(~number, None))).otherwise(_from_iso(text))
    )
    return found.to_series().rename(values.name)


def _from_digits(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return _from_numbers(whole)
    return _from_numbers(text.cast(pl.Float64, strict=False))


def _from_numbers(values: pl.Series) -> pl.Series:
    number = values if values.dtype.is_integer() else values.cast(pl.Float64)
    size = pl.col("n").abs()
    micros: pl.Expr = (
        pl.when(size < 1e8)
        .then(None)
        .when(size < 1e11)
        .then(pl.col("n") * 1_000_000)
        .when(size < 1e14)
        .then(pl.col("n") * 1_000)
        .when(size < 1e17)
        .then(pl.col("n"))
    )
    if number.dtype.is_integer():
        number = number.cast(pl.Int64, strict=False)
    else:
        micros = micros.round()
    table = pl.DataFrame({"n": number})
    return table.select(micros.cast(pl.Int64, strict=False).cast(UTC)).to_series()


def _from_iso(text: pl.Series) -> pl.Series:
    parts = text.str.extract_groups(_ISO).struct.unnest()
    date, part = pl.col("date"), pl.col("part").fill_null("")
    clock = pl.col("minute").fill_null("00:00") + pl.col("second").fill_null(":00")
    fraction = part.str.pad_end(6, "0").str.head(6)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    zone = pl.col("zone").str.replace_all(":", "")
    hours = zone.str.extract(r"^[+-](\d\d)").cast(pl.Int64).fill_null(0)
    minutes = zone.str.extract(r"^[+-]\d\d(\d\d)$").cast(pl.Int64).fill_null(0)
    naive = (date + "T" + clock + "." + fraction).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.6f", time_unit="us", strict=False
    )
    shifted = naive - pl.duration(minutes=sign * (hours * 60 + minutes))
    # A time of day without a real zone, 99 hours off, is a typing error, not a time.
    sane = (hours <= 15) & (minutes < 60)
    return parts.select(
        pl.when(sane).then(shifted).dt.replace_time_zone("UTC").alias(text.name)
    ).to_series()
