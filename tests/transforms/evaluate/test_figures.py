"""A figure is a finite number, or says why it is none."""

import pytest

from transforms.evaluate.figures import Undefined, figure_json, finite, mean_figure, ratio


def test_ratio() -> None:
    assert ratio(1, 4, "never") == 0.25
    assert ratio(0, 0, "there is nothing") == Undefined("there is nothing")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_undefined(value: float) -> None:
    assert finite(value, "it does not exist") == Undefined("it does not exist")
    assert finite(1.5, "it does not exist") == 1.5


def test_mean_leaves_out_what_is_undefined() -> None:
    assert mean_figure([0.25, Undefined("gone"), 0.75], "none") == 0.5
    assert mean_figure([Undefined("gone")], "none of them exists") == Undefined(
        "none of them exists"
    )
    assert mean_figure([], "none") == Undefined("none")


def test_json() -> None:
    assert figure_json(0.5) == 0.5
    assert figure_json(Undefined("no row has gold")) == {"undefined": "no row has gold"}
