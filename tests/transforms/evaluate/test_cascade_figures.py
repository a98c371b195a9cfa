"""Agreement and quality against scikit-learn; what cannot be computed says why."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from transforms.evaluate.cascade_figures import agreement, quality
from transforms.evaluate.figures import Undefined


def test_against_scikit_learn() -> None:
    draw = np.random.default_rng(3)
    one, two = draw.random((2, 300, 5)) < 0.3
    told = agreement(one, two, None, resamples=200)
    assert told["exact_match"].value == pytest.approx((one == two).all(axis=1).mean())
    assert told["macro_f1"].value == pytest.approx(f1_score(one, two, average="macro"))
    assert agreement(two, one, None, resamples=200) == told
    for each in told.values():
        assert each.interval is not None
        assert each.interval[0] < each.value < each.interval[1]
    asked = np.ones_like(one)
    asked[:, 2] = False
    good = quality(one, asked, {"a": two, "b": one}, None, resamples=50)
    kept = [0, 1, 3, 4]
    assert good["a"].value == pytest.approx(f1_score(one[:, kept], two[:, kept], average="macro"))
    assert good["b"].value == 1.0


def test_nothing_to_compute() -> None:
    none = np.zeros((0, 3), bool)
    assert agreement(none, none, None)["exact_match"].value == Undefined(
        "no row of the audit sample has both answers"
    )
    assert quality(none, none, {"a": none}, None)["a"].value == Undefined(
        "no gold in the audit sample"
    )
