"""Set scores through a wheel, by hand and against the loop of the source."""

import numpy as np
import pytest

from schemas.taxonomy import load_taxonomy
from transforms.evaluate.figures import Undefined
from transforms.evaluate.wheel import wheel_figures, wheel_of, wheel_sums

pytestmark = pytest.mark.filterwarnings("error")

WHEEL = {"rage": "anger", "fury": "anger", "anger": "anger", "joy": "joy", "glee": "joy"}


def test_worked_by_hand() -> None:
    gold = [["Rage ", "joy"], ["fury"], ["unheard of"], ["glee"]]
    given = [["anger", "fury", "new"], ["glee", "rage"], ["joy"], ["new"]]
    # rows: 1/1 and 1/2; 1/2 and 1/1; no gold group: not counted; nothing known given: 0 and 0
    found = wheel_figures(gold, given, WHEEL)
    assert found["set_precision"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["set_recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert found["set_f1"] == pytest.approx(1 / 2)
    assert found["gold_on_wheel"] == pytest.approx(4 / 5)
    assert found["given_on_wheel"] == pytest.approx(5 / 7)


def overlap_rate(gold: list, given: list, wheel: dict) -> tuple[float, float]:
    """As calculate_openset_overlap_rate of zeroQiaoba/AffectGPT goes about it."""
    precision, recall = [], []
    for truth, answer in zip(gold, given, strict=True):
        a, b = ({wheel[w] for w in words if w in wheel} for words in (truth, answer))
        if a:
            precision.append(len(a & b) / len(b) if b else 0)
            recall.append(len(a & b) / len(a) if b else 0)
    return float(np.mean(precision)), float(np.mean(recall))


@pytest.mark.parametrize("seed", range(5))
def test_on_the_tree_of_parrott(seed: int) -> None:
    taxonomy = load_taxonomy("parrott")
    wheel = wheel_of(taxonomy.parents)
    assert set(wheel.values()) == {"love", "joy", "surprise", "anger", "sadness", "fear"}
    assert set(wheel) == set(taxonomy.names)
    rng = np.random.default_rng(seed)
    words = [*taxonomy.names, "hangry", "meh"]
    gold, given = ([list(rng.choice(words, rng.integers(0, 4))) for _ in range(60)] for _ in "ab")
    found = wheel_figures(gold, given, wheel)
    precision, recall = overlap_rate(gold, given, wheel)
    assert found["set_precision"] == pytest.approx(precision, abs=1e-12)
    assert found["set_recall"] == pytest.approx(recall, abs=1e-12)
    assert found["set_f1"] == pytest.approx(2 * precision * recall / (precision + recall))


def test_tiers_lead_to_the_top() -> None:
    assert wheel_of({"Fury": "rage", "rage": "anger"}) == {
        "fury": "anger", "rage": "anger", "anger": "anger",
    }  # fmt: skip
    assert wheel_of({}) == {}


def test_figures_that_do_not_exist() -> None:
    assert wheel_figures([], [], WHEEL)["set_f1"] == Undefined("there are no rows")
    found = wheel_figures([["new"]], [["joy"]], WHEEL)
    assert found["set_precision"] == Undefined("no row has a gold word on the wheel")
    found = wheel_figures([["joy"]], [[]], WHEEL)
    assert (found["set_precision"], found["set_recall"], found["set_f1"]) == (0.0, 0.0, 0.0)
    assert found["given_on_wheel"] == Undefined("no word is given")
    assert wheel_sums([], [], WHEEL).rows == 0
