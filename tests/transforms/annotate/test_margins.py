"""Margins and rarest labels: the SQL against plain Python."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.annotate.margins import margin, rarest

NAMES = ("joy", "it's", "fear")
SCORES = st.lists(st.sampled_from(range(1001)), min_size=3, max_size=3)
TYPE = "STRUCT(label VARCHAR, probability FLOAT)[]"


def asked(sql: str, column: str, kind: str, value: object) -> object:
    ((found,),) = duckdb.execute(
        f"SELECT {sql} FROM (SELECT CAST(? AS {kind}) AS {column})", [value]
    ).fetchall()
    return found


@given(SCORES, st.lists(st.floats(0.01, 0.99), max_size=3))
def test_distance_to_the_nearest_threshold(told: list[int], cuts: list[float]) -> None:
    thresholds = dict(zip(NAMES, cuts, strict=False))
    scores = [{"label": n, "probability": p / 1000} for n, p in zip(NAMES, told, strict=True)]
    expected = min(abs(s["probability"] - thresholds.get(s["label"], 0.5)) for s in scores)
    sql = margin(exclusive=False, thresholds=thresholds)
    assert asked(sql, "scores", TYPE, scores) == pytest.approx(expected, abs=1e-6)


@given(SCORES)
def test_distance_of_the_two_best(told: list[int]) -> None:
    scores = [{"label": n, "probability": p / 1000} for n, p in zip(NAMES, told, strict=True)]
    _, second, best = sorted(told)
    sql = margin(exclusive=True, thresholds={"joy": 0.9})
    assert asked(sql, "scores", TYPE, scores) == pytest.approx((best - second) / 1000, abs=1e-6)


@pytest.mark.parametrize("exclusive", [True, False])
def test_no_scores_no_margin(exclusive: bool) -> None:
    sql = margin(exclusive=exclusive, thresholds={})
    assert asked(sql, "scores", TYPE, None) is None
    assert asked(sql, "scores", TYPE, []) is None


@given(st.sets(st.sampled_from(NAMES)), st.lists(st.integers(1, 4), min_size=3, max_size=3))
def test_the_rarest_label(labels: set[str], numbers: list[int]) -> None:
    counts = dict(zip(NAMES, numbers, strict=True))
    found = asked(rarest(counts, "(none)"), "labels", "VARCHAR[]", sorted(labels))
    if labels:
        fewest = min(counts[name] for name in labels)
        assert found == min(name for name in labels if counts[name] == fewest)
    else:
        assert found == "(none)"


def test_no_label_at_all() -> None:
    assert asked(rarest({}, "(none)"), "labels", "VARCHAR[]", []) == "(none)"
