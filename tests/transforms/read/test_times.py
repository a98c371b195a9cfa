from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.read.times import to_utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", "2024-01-31T00:00:00"),
        ("2024-01-31 10:11", "2024-01-31T10:11:00"),
        ("2024-01-31 10:11:12", "2024-01-31T10:11:12"),
        ("2024-01-31T10:11:12Z", "2024-01-31T10:11:12"),
        ("2024-01-31T10:11:12.5Z", "2024-01-31T10:11:12.500000"),
        ("2024-01-31T10:11:12.123456789+02:00", "2024-01-31T08:11:12.123456"),
        ("2024-01-31T10:11:12-0530", "2024-01-31T15:41:12"),
        ("2024-01-31 10:11:12 UTC", "2024-01-31T10:11:12"),
        ("2024-01-31 10:11:12+00", "2024-01-31T10:11:12"),
        (" 1706695872 ", "2024-01-31T10:11:12"),
        ("1706695872.25", "2024-01-31T10:11:12.250000"),
        ("1706695872123", "2024-01-31T10:11:12.123000"),
        ("1706695872123456", "2024-01-31T10:11:12.123456"),
        ("1.706695872e9", "2024-01-31T10:11:12"),
        ("1905-01-01", "1905-01-01T00:00:00"),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("2024-01-01T25:00:00", None),
        ("2024-01-01T10:00:00+99:00", None),
        ("20240131", None),
        ("2024", None),
        ("7", None),
        ("yesterday", None),
        ("31/01/2024", None),
        ("1e300", None),
        ("9" * 40, None),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59"),
        ("9999-12-31T23:59:59-10:00", None),
        ("0001-01-01", "0001-01-01T00:00:00"),
        ("0001-01-01T00:00+10:00", None),
        ("0000-05-05", None),
        ("-99999999999", None),
        ("", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    want = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert to_utc(pl.Series([text])).to_list() == [want]
    # Also among others, of both kinds.
    mixed = to_utc(pl.Series([text, "2024-01-01", "1706695872", None]))
    assert mixed[0] == want
    assert mixed.null_count() == 1 + (want is None)


def test_native_types() -> None:
    want = datetime(2024, 1, 31, tzinfo=UTC)
    naive = datetime(2024, 1, 31)  # noqa: DTZ001
    warsaw = pl.Series([naive]).dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Warsaw")
    for values in (
        pl.Series([date(2024, 1, 31)]),
        pl.Series([naive]),
        pl.Series([naive]).cast(pl.Datetime("ns")),
        warsaw,
        pl.Series([1706659200]),
        pl.Series([1706659200.0]),
    ):
        assert to_utc(values).to_list() == [want]
    assert to_utc(pl.Series([None])).to_list() == [None]
    with pytest.raises(TypeError):
        to_utc(pl.Series([["a"]]))


def test_native_times_outside_the_years_of_four_digits() -> None:
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert to_utc(pl.Series([-99999999999, None])).to_list() == [None, None]
    assert to_utc(pl.Series([-99999999999.0])).to_list() == [None]
    days = pl.Series([2**31 - 1, -(2**31), 2_932_897, 0], dtype=pl.Int32).cast(pl.Date)
    assert to_utc(days).to_list() == [None, None, None, datetime(1970, 1, 1, tzinfo=UTC)]
    for unit, second in (("ms", 10**3), ("us", 10**6)):
        cells = [int(last.timestamp()) * second, (int(last.timestamp()) + 1) * second, 2**62]
        times = pl.Series(cells, dtype=pl.Int64).cast(pl.Datetime(unit))
        assert to_utc(times).to_list() == [last, None, None]
        assert to_utc(times.dt.replace_time_zone("UTC")).to_list() == [last, None, None]
    nano = pl.Series([2**63 - 1], dtype=pl.Int64).cast(pl.Datetime("ns"))
    assert to_utc(nano).null_count() == 0
