"""Change points of series with a planted change."""

import sys
from datetime import date, timedelta
from math import log

import numpy as np
import pyarrow as pa
import pytest

from schemas.errors import MissingExtraError
from transforms.marts.change_points import CHANGE_POINTS, change_points, changes, penalty

START = date(2026, 1, 1)
ruptures = pytest.importorskip("ruptures")


def table(
    shares: list[float | None], label: str | None = "joy", days: list[int] | None = None
) -> pa.Table:
    places = list(range(len(shares))) if days is None else days
    return pa.table(
        {
            "corpus": ["c"] * len(shares),
            "task": ["emotion"] * len(shares),
            "taxonomy": ["ekman"] * len(shares),
            "labeler": ["m"] * len(shares),
            "label": pa.array([label] * len(shares), pa.string()),
            "day": pa.array([START + timedelta(days=n) for n in places], pa.date32()),
            "n": [0] * len(shares),
            "rows": [100] * len(shares),
            "share": pa.array(shares, pa.float64()),
        }
    )


def wave(level: float, days: int) -> list[float | None]:
    """A mean of `level` (over an even number of days), up and down by 0.01."""
    return [level + (0.01 if n % 2 else -0.01) for n in range(days)]


def test_a_planted_change_is_found() -> None:
    found = change_points(table(wave(0.2, 20) + wave(0.5, 30)))
    assert found.schema.equals(CHANGE_POINTS)
    (row,) = found.to_pylist()
    assert row["period"] == START + timedelta(days=20)
    assert row["days"] == 50
    assert row["before"] == pytest.approx(0.2)
    assert row["after"] == pytest.approx(0.5)
    assert row["change"] == pytest.approx(0.3)
    assert (row["corpus"], row["labeler"], row["label"]) == ("c", "m", "joy")


def test_means_are_of_the_neighboring_segments() -> None:
    rows = change_points(table(wave(0.2, 20) + wave(0.6, 20) + wave(0.4, 20))).to_pylist()
    assert [(row["period"] - START).days for row in rows] == [20, 40]
    assert [row["before"] for row in rows] == pytest.approx([0.2, 0.6])
    assert [row["change"] for row in rows] == pytest.approx([0.4, -0.2])


def test_no_change_in_what_does_not_change() -> None:
    assert change_points(table([0.3] * 60)).num_rows == 0
    assert change_points(table(wave(0.3, 60))).num_rows == 0
    noise = np.random.default_rng(1).normal(0.3, 0.05, (100, 60))
    wrong = sum(bool(changes(series)) for series in noise)
    assert wrong <= 5  # of 100 series of noise alone


def test_a_short_spell_is_no_change() -> None:
    spell = wave(0.2, 20) + wave(0.25, 4) + wave(0.2, 20)
    assert change_points(table(spell)).num_rows == 0


def test_too_few_days_have_no_changes() -> None:
    short = [0.2, 0.21] * 3 + [0.8, 0.81] * 3
    assert change_points(table([*short])).num_rows == 0  # 12 days, two segments need 14
    assert change_points(table([0.2, *short, 0.8])).num_rows == 1  # 14 days


def test_missing_days_are_no_points() -> None:
    shares = wave(0.2, 20) + wave(0.5, 20)
    days = [3 * n for n in range(40)]
    (row,) = change_points(table(shares, days=days)).to_pylist()
    assert row["period"] == START + timedelta(days=60)  # the 21st day with rows
    assert row["days"] == 40


def test_rows_without_a_day_or_share_are_left_out_and_order_does_not_matter() -> None:
    full = table(wave(0.2, 20) + wave(0.5, 20))
    nowhen = full.slice(0, 5).set_column(5, "day", pa.nulls(5, pa.date32()))
    unknown = table([None] * 5, days=[100, 101, 102, 103, 104])
    turned = full.take(pa.array(np.random.default_rng(2).permutation(40)))
    assert change_points(pa.concat_tables([nowhen, unknown, turned])).equals(change_points(full))


def test_series_are_kept_apart() -> None:
    joy, none = (
        table(wave(0.2, 20) + wave(0.5, 20)),
        table(wave(0.2, 10) + wave(0.6, 30), label=None),
    )
    rows = change_points(pa.concat_tables([none, table([0.1] * 40, "fear"), joy])).to_pylist()
    assert [(row["label"], (row["period"] - START).days) for row in rows] == [
        ("joy", 20),
        (None, 10),
    ]


def test_nothing_in_nothing_out() -> None:
    found = change_points(table([]))
    assert found.num_rows == 0
    assert found.schema.equals(CHANGE_POINTS)


def test_penalty_by_hand() -> None:
    # Differences 1, -1, 2: mean square 2, noise 1; 4 days.
    assert penalty(np.array([0.0, 1.0, 0.0, 2.0])) == pytest.approx(3 * log(4))
    assert penalty(np.array([0.5])) == 0


@pytest.mark.parametrize("seed", range(10))
def test_cuts_are_those_of_pelt_in_python(seed: int) -> None:
    random = np.random.default_rng(seed)
    series = np.repeat(random.uniform(0, 1, 6), 20) + random.normal(0, 0.1, 120)
    pelt = ruptures.Pelt(model="l2", min_size=7, jump=1).fit(series.reshape(-1, 1))
    assert changes(series) == pelt.predict(pen=penalty(series))[:-1]
    assert changes(series)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ruptures", None)
    assert change_points(table([0.3] * 60)).num_rows == 0
    with pytest.raises(MissingExtraError, match="report"):
        change_points(table(wave(0.3, 60)))
