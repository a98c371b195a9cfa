"""Does valence pass to another speaker, against NumPy: the partial correlation as the correlation of residuals."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.transforms.sql.marts.base import run_mart
from tests.transforms.sql.marts.sequences import QUESTION, conversation, picked

_FIGURES = ("correlation", "partial_correlation", "slope")
Values = npt.NDArray[np.float64]


def _pair(x: float | None, z: float | None, y: float | None, **more: Any) -> dict[str, Any]:
    """A turn of valence y by b, whose own was z, after one of valence x by a."""
    return QUESTION | {
        "record_id": "r", "previous_record": "q", "speaker": "b", "previous_speaker": "a", "role": "guest",
        "previous_role": "host", "previous_valence": x, "own_valence": z, "valence": y,
    } | more  # fmt: skip


def _pairs(x: Values, z: Values, y: Values) -> list[dict[str, Any]]:
    return [_pair(*values) for values in zip(x.tolist(), z.tolist(), y.tolist(), strict=True)]


def _data(n: int = 40) -> tuple[Values, Values, Values]:
    random = np.random.default_rng(11)
    x, z = random.uniform(-1, 1, (2, n))
    return x, z, np.clip(0.3 * x + 0.5 * z + random.normal(0, 0.2, n), -1, 1)


def _rest(y: Values, z: Values) -> Values:
    """What a straight line through z leaves of y."""
    given = np.column_stack([np.ones_like(z), z])
    return np.asarray(y - given @ np.linalg.lstsq(given, y, rcond=None)[0])


def _one(turns: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = run_mart("valence_contagion", {"turns": turns})
    return row


def test_by_hand() -> None:
    # Ten pairs: x = 1 five times, y = 1 in four of these; x = 0 five times, y = 1 in two. Means .5 and .6.
    # Sxy = 4 - 10*.5*.6 = 1; Sxx = 5 - 2.5 = 2.5; Syy = 6 - 3.6 = 2.4. slope = 1/2.5; r = 1 / sqrt(6).
    values = [(1, 1)] * 4 + [(1, 0)] + [(0, 1)] * 2 + [(0, 0)] * 3
    row = _one([_pair(x, None, y) for x, y in values])
    assert picked(row, "from_role", "to_role", "pairs") == ("host", "guest", 10)
    assert picked(row, "correlation", "slope") == pytest.approx((1 / np.sqrt(6), 0.4))
    assert row["partial_correlation"] is None


def test_against_numpy() -> None:
    x, z, y = _data()
    row = _one(_pairs(x, z, y))
    assert row["correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert row["slope"] == pytest.approx(np.polyfit(x, y, 1)[0])
    assert row["partial_correlation"] == pytest.approx(np.corrcoef(_rest(x, z), _rest(y, z))[0, 1])


def test_the_partial_correlation_takes_only_pairs_whose_own_valence_is_known() -> None:
    x, z, y = _data()
    turns = _pairs(x, z, y)
    for turn in turns[25:]:
        turn["own_valence"] = None
    row = _one(turns)
    x_held, z_held, y_held = x[:25], z[:25], y[:25]
    expected = np.corrcoef(_rest(x_held, z_held), _rest(y_held, z_held))[0, 1]
    assert row["pairs"] == 40
    assert row["correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert row["partial_correlation"] == pytest.approx(expected)


def test_a_common_cause_is_taken_out() -> None:
    # Both follow z and nothing else: correlated, but not once z is held.
    random = np.random.default_rng(5)
    z, first, second = random.normal(0, 0.3, (3, 400))
    row = _one(_pairs(z + 0.3 * first, z, z + 0.3 * second))
    assert row["correlation"] > 0.8
    assert abs(row["partial_correlation"]) < 0.15


@pytest.mark.parametrize(("n", "there"), [(9, False), (10, True)])
def test_under_ten_pairs_there_is_no_figure(n: int, there: bool) -> None:
    row = _one(_pairs(*_data(n)))
    assert row["pairs"] == n
    assert [figure is not None for figure in picked(row, *_FIGURES)] == [there] * 3


@pytest.mark.parametrize("same", ["x", "y"])
def test_what_does_not_vary_has_no_figure(same: str) -> None:
    x, z, y = _data()
    # Constant but for the last bit of some.
    nearly = np.where(np.arange(40) % 2 == 0, 0.3, 0.1 + 0.2)
    for constant in (np.full(40, 0.3), nearly):
        row = _one(_pairs(constant, z, y) if same == "x" else _pairs(x, z, constant))
        assert picked(row, *_FIGURES) == (None, None, None)


def test_an_own_valence_that_says_the_same_leaves_nothing() -> None:
    x, _, y = _data()
    assert _one(_pairs(x, x, y))["partial_correlation"] is None
    assert _one(_pairs(x, np.full(40, 0.5), y))["partial_correlation"] is None
    assert _one(_pairs(x, x, y))["correlation"] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_perfect_is_not_more_than_one() -> None:
    x = _data()[0]
    for sign in (1, -1):
        row = _one(_pairs(x, _data()[1], sign * x))
        assert row["correlation"] == pytest.approx(sign)
        assert abs(row["correlation"]) <= 1
        assert abs(row["partial_correlation"]) <= 1


def test_only_pairs_of_two_known_speakers_and_valences() -> None:
    x, z, y = _data(10)
    turns = _pairs(x, z, y)
    more = [
        _pair(1, 0, -1, speaker="a"),
        _pair(1, 0, -1, speaker=None),
        _pair(1, 0, -1, previous_speaker=None),
        _pair(None, 0, -1),
        _pair(1, 0, None),
    ]
    assert run_mart("valence_contagion", {"turns": turns + more}) == run_mart(
        "valence_contagion", {"turns": turns}
    )


def test_of_a_conversation() -> None:
    # a and b in turn, 24 turns: 12 from a to b, 11 from b to a.
    values = _data(24)[0].tolist()
    turns = [
        {"speaker": "ab"[i % 2], "role": "ab"[i % 2], "valence": v} for i, v in enumerate(values)
    ]
    rows = run_mart("valence_contagion", {"turns": conversation(turns)})
    found = {row["from_role"]: picked(row, "pairs", "correlation") for row in rows}
    assert found["a"] == (12, pytest.approx(np.corrcoef(values[0::2], values[1::2])[0, 1]))
    assert found["b"] == (11, pytest.approx(np.corrcoef(values[1:-1:2], values[2::2])[0, 1]))


@pytest.mark.parametrize("key", ["corpus", "task", "taxonomy", "labeler"])
def test_questions_are_kept_apart(key: str) -> None:
    x, z, y = _data()
    turns = _pairs(x, z, y) + [turn | {key: "other"} for turn in _pairs(x[:20], z[:20], -y[:20])]
    rows = run_mart("valence_contagion", {"turns": turns})
    found = {row[key] == "other": picked(row, "pairs", "correlation") for row in rows}
    assert found[False] == (40, pytest.approx(np.corrcoef(x, y)[0, 1]))
    assert found[True] == (20, pytest.approx(-np.corrcoef(x[:20], y[:20])[0, 1]))


def test_empty() -> None:
    assert run_mart("valence_contagion", {}) == []
