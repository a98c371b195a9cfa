"""Limits on figures: what can be written, and when they hold."""

import pytest

from schemas.errors import ConfigError, GateError
from transforms.evaluate.limits import Limit, enforce_limits, judge, parse_limit

CONTENT = {
    "task": "emotion",
    "n": 120,
    "coverage": 0.98,
    "macro_f1": 0.5,
    "accuracy": {"undefined": "no row has a gold label"},
    "intervals": {"macro_f1": [0.45, 0.55]},
    "per_label": {"anger": {"f1": 0.3, "precision": 0.4, "intervals": {"f1": [0.2, 0.41]}}},
    "per_dimension": {"valence": {"pearson": 0.6}},
}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("macro_f1=0.5", Limit("macro_f1", "min", 0.5)),
        ("pearson.valence=.57", Limit("pearson.valence", "min", 0.57)),
        (" f1.anger:lower=3e-1", Limit("f1.anger", "min", 0.3, "lower")),
        ("f1.no emotion:upper=1", Limit("f1.no emotion", "min", 1.0, "upper")),
    ],
)
def test_limits_as_written(text, limit):
    assert parse_limit(text, "min") == limit


@pytest.mark.parametrize(
    "text", ["", "macro_f1", "macro_f1=", "macro_f1=x", "macro=1", "f1=.5", "macro_f1=nan", "a=b=1", "ece:middle=1"]
)  # fmt: skip
def test_what_is_no_limit_is_told_with_an_example(text):
    with pytest.raises(ConfigError) as caught:
        parse_limit(text, "max")
    assert "--max macro_f1=0.5" in str(caught.value)


@pytest.mark.parametrize(
    ("limit", "holds"),
    [
        (Limit("macro_f1", "min", 0.5), True),  # at the limit is within it
        (Limit("macro_f1", "min", 0.5001), False),
        (Limit("macro_f1", "min", 0.46, "lower"), False),
        (Limit("macro_f1", "min", 0.45, "lower"), True),
        (Limit("macro_f1", "min", 0.54, "upper"), True),
        (Limit("macro_f1", "max", 0.5), True),
        (Limit("macro_f1", "max", 0.52, "upper"), False),
        (Limit("coverage", "min", 0.99), False),
        (Limit("f1.anger", "min", 0.25), True),
        (Limit("f1.anger", "min", 0.25, "lower"), False),
        (Limit("pearson.valence", "min", 0.57), True),
    ],
)
def test_a_limit_holds_or_not(limit, holds):
    assert judge(limit, CONTENT).holds is holds


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        (Limit("accuracy", "min", 0.1), "accuracy is undefined: no row has a gold label"),
        (Limit("ece", "max", 0.9), "no figure ece; it has: coverage, macro_f1, accuracy, f1.anger"),
        (Limit("f1.joy", "min", 0.0), "no figure f1.joy"),
        (Limit("pearson.valence", "min", 0.1, "lower"), "no interval of pearson.valence"),
    ],
)
def test_what_cannot_be_judged_does_not_hold(limit, why):
    verdict = judge(limit, CONTENT)
    assert not verdict.holds
    assert why in (verdict.error or "")


def test_what_fails_is_told_with_how_much():
    verdicts = [judge(Limit("macro_f1", "min", value), CONTENT) for value in (0.4, 0.6)]
    with pytest.raises(GateError) as caught:
        enforce_limits(verdicts)
    told = str(caught.value)
    assert caught.value.exit_code == 3
    assert "1 limit(s) do not hold" in told
    assert "macro_f1 0.5000 [0.450, 0.550]; estimate 0.5000, min 0.6, missed by 0.1" in told
    enforce_limits(verdicts[:1])
