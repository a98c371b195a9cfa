"""Halving spends within its budget, on the same rows, and finds the better ones."""

import numpy as np
import pytest

from jobs.tune_halving import Halving, halve
from schemas.errors import ConfigError


class Made:
    """Variants whose quality and cost are known; notes what is asked and judged."""

    def __init__(self, quality: dict[str, float], cost: dict[str, int], rows: int = 10_000) -> None:
        rng = np.random.default_rng(0)
        self.right = {name: rng.random(rows) < q for name, q in quality.items()}
        self.cost, self.rows, self.spent = cost, rows, 0
        self.done: dict[str, int] = {}
        self.judged: list[tuple[str, int]] = []

    def ask(self, name: str, rows: int) -> int:
        new = (rows - self.done.get(name, 0)) * self.cost[name]
        self.done[name] = rows
        self.spent += new
        return new

    def judge(self, name: str, rows: int) -> float | None:
        assert rows <= self.done[name.removesuffix("*")]
        self.judged.append((name, rows))
        return float(self.right[name][:rows].mean())

    def halving(self) -> Halving:
        return Halving(self.ask, self.judge, lambda name: name.removesuffix("*"), self.rows)


QUALITY = {"plain": 0.5, "bad": 0.3, "fine": 0.6, "best": 0.75, "worse": 0.4}


def test_the_best_wins_within_the_budget() -> None:
    made = Made(QUALITY, dict.fromkeys(QUALITY, 2))
    found, cost = halve(list(QUALITY), made.halving(), 2000)
    assert found[0].name == "best"
    assert {one.name for one in found} == set(QUALITY)
    assert 0.8 * 2000 < made.spent <= 2000
    assert cost == dict.fromkeys(QUALITY, 2.0)
    assert found[0].rows > 3 * found[-1].rows  # the worst was left early
    by_rows: dict[int, set[str]] = {}
    for name, rows in made.judged:
        by_rows.setdefault(rows, set()).add(name)
    sizes = [len(by_rows[rows]) for rows in sorted(by_rows)]
    assert sizes == [5, 3, 2]  # each round on the same rows


def test_dear_variants_cost_rows_and_ties_go_to_the_cheap() -> None:
    made = Made({"dear": 1.0, "cheap": 1.0}, {"dear": 30, "cheap": 1})
    found, _ = halve(["dear", "cheap"], made.halving(), 2000)
    assert [one.name for one in found] == ["cheap", "dear"]
    assert found[0].rows == found[1].rows == pytest.approx(2000 / 31, abs=1)
    assert made.spent <= 2000


def test_answers_are_shared_by_variants_that_ask_the_same() -> None:
    made = Made({"plain": 0.3, "plain*": 0.9}, {"plain": 1})
    found, _ = halve(["plain", "plain*"], made.halving(), 500)
    assert found[0].name == "plain*"
    assert made.done == {"plain": 500}


def test_what_costs_nothing_more_stays() -> None:
    quality = {"plain": 0.7, "plain*": 0.0, "b": 0.6, "c": 0.2, "d": 0.1}
    made = Made(quality, dict.fromkeys(quality, 1))
    found, _ = halve(list(quality), made.halving(), 800)
    rows = {one.name: one.rows for one in found}
    assert rows["plain*"] == rows["plain"] > rows["d"]
    assert made.spent <= 800


def test_no_more_rows_than_there_are_and_one_alone() -> None:
    made = Made(QUALITY, dict.fromkeys(QUALITY, 1), rows=30)
    found, _ = halve(list(QUALITY), made.halving(), 10_000)
    assert made.spent == 150
    assert found[0].rows == 30
    alone = Made({"plain": 0.5}, {"plain": 1}, rows=30)
    assert [one.name for one in halve(["plain"], alone.halving(), 1000)[0]] == ["plain"]


def test_an_undefined_figure_comes_last() -> None:
    made = Made(QUALITY, dict.fromkeys(QUALITY, 1))
    how = made.halving()
    none = Halving(how.ask, lambda n, r: None if n == "best" else made.judge(n, r), how.key, 500)
    found, _ = halve(list(QUALITY), none, 2000)
    assert found[0].name == "fine"
    assert found[-1].name == "best"


def test_too_small_a_budget() -> None:
    made = Made(QUALITY, dict.fromkeys(QUALITY, 1))
    with pytest.raises(ConfigError, match="5 variants need at least 100"):
        halve(list(QUALITY), made.halving(), 99)
    dear = Made(QUALITY, dict.fromkeys(QUALITY, 50))
    with pytest.raises(ConfigError, match="spent on 4 rows of 1 of 5 variants: 200 requests"):
        halve(list(QUALITY), dear.halving(), 150)
