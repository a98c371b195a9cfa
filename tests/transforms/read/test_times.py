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
