"""A calibration is fitted on made gold whose true probabilities are known."""

import numpy as np
import pytest

from schemas.errors import SourceError
from transforms.label.prompted.calibration_fit import Judged, fit_calibration
from transforms.label.prompted.calibration_maps import logistic, logit

LABELS = ("joy", "fear", "rare")


def judged(p: np.ndarray, holds: np.ndarray, *, exclusive: bool = False, **more: object) -> Judged:
    names = LABELS[: p.shape[1]]
    given = np.eye(p.shape[1], dtype=bool)[p.argmax(axis=1)] if exclusive else p >= 0.5
    asked = np.ones(p.shape, bool)
    half = np.full(p.shape[1], 0.5)
    return Judged(names, exclusive, p, holds, more.pop("asked", asked), given, half, **more)  # type: ignore[arg-type]


def too_sure(rng: np.random.Generator, rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """What a model says (rows, 2), and what holds: it is three times too sure, and says too rarely yes."""
    true = rng.beta(0.4, 1.2, (rows, 2))
    return logistic(3 * logit(true) - 2), rng.random((rows, 2)) < true


def test_probabilities_become_true_and_thresholds_find_more() -> None:
    p, holds = too_sure(np.random.default_rng(0))
    found = fit_calibration(judged(p, holds))
    assert found.fit.ece_before > 0.08
    assert found.fit.ece_after < 0.02
    assert found.fit.log_loss_after < found.fit.log_loss_before
    assert found.fit.macro_f1_after > found.fit.macro_f1_before + 0.05
    assert found.kept == ()
    assert found.per_label["joy"][0] == holds[:, 0].sum()


def test_the_kind_is_the_one_that_fits() -> None:
    rng = np.random.default_rng(1)
    p, holds = too_sure(rng)
    assert fit_calibration(judged(p, holds)).kind == "temperature"
    said = rng.random((4000, 2))
    steps = np.where(said > 0.9, 0.95, np.where(said > 0.3, 0.3, 0.02))  # no logistic curve
    holds = rng.random(said.shape) < steps
    assert fit_calibration(judged(said, holds)).kind == "isotonic"
    assert fit_calibration(judged(said, holds), "temperature").kind == "temperature"


def test_the_figures_after_are_of_rows_not_seen() -> None:
    rng = np.random.default_rng(2)
    p = rng.random((60, 2))
    holds = rng.random((60, 2)) < 0.5  # nothing to learn: a fit of its own rows would look good
    found = fit_calibration(judged(p, holds), "isotonic")
    chance = -np.log(0.5)
    assert found.fit.log_loss_after > chance
    inside = found.curves.apply(p)
    own = -np.log(np.where(holds, inside, 1 - inside)).mean()
    assert own < chance < found.fit.log_loss_after


def test_a_label_with_little_gold_is_told() -> None:
    rng = np.random.default_rng(3)
    p, holds = too_sure(rng, 1000)
    p, holds = np.column_stack([p, rng.random(1000)]), np.column_stack([holds, np.arange(1000) < 9])
    found = fit_calibration(judged(p, holds))
    assert found.kept == ("rare",)
    assert found.thresholds["rare"] == 0.5
    assert (found.curves.apply(p)[:, 2] == p[:, 2]).all()


def test_cells_that_were_not_asked_do_not_count() -> None:
    rng = np.random.default_rng(4)
    p, holds = too_sure(rng, 2000)
    asked = np.ones(p.shape, bool)
    asked[1000:, 1] = False
    wrong = holds.copy()
    wrong[1000:, 1] = rng.random(1000) < 0.5
    one = fit_calibration(judged(p, holds, asked=asked), "temperature")
    other = fit_calibration(judged(p, wrong, asked=asked), "temperature")
    assert one.curves == other.curves
    assert one.thresholds == other.thresholds


def test_exclusive_labels_share_a_temperature() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(0, 1.5, (3000, 3)) + np.array([1.5, 0, 0])
    e = np.exp(z)
    true = e / e.sum(axis=1, keepdims=True)
    holds = np.eye(3, dtype=bool)[(true.cumsum(axis=1) > rng.random((3000, 1))).argmax(axis=1)]
    said = true**4 / (true**4).sum(axis=1, keepdims=True)
    found = fit_calibration(judged(said, holds, exclusive=True), "temperature")
    assert found.curves.temperature == pytest.approx(4, rel=0.1)
    assert found.fit.ece_after < 0.02 < found.fit.ece_before
    assert found.thresholds["joy"] == max(found.thresholds.values())  # the frequent label yields
    assert found.fit.macro_f1_after > found.fit.macro_f1_before - 0.005


def test_groups_stay_in_one_fold() -> None:
    # Each conversation says one thing over and over: only a fold without it shows that nothing was learned.
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(20), 30)
    p = np.repeat(rng.random((20, 1)), 30, axis=0)
    holds = np.repeat(rng.random((20, 1)) < 0.5, 30, axis=0)
    apart = fit_calibration(judged(p, holds), "isotonic").fit.log_loss_after
    together = fit_calibration(judged(p, holds, groups=groups), "isotonic").fit.log_loss_after
    assert together > apart + 0.2


def test_too_little_gold() -> None:
    rng = np.random.default_rng(7)
    p = rng.random((15, 2))
    with pytest.raises(SourceError, match="Too little gold to calibrate: no label"):
        fit_calibration(judged(p, p > 0.5))
    with pytest.raises(SourceError, match="in 2 groups"):
        fit_calibration(
            judged(rng.random((60, 2)), rng.random((60, 2)) < 0.5, groups=np.arange(60) % 2)
        )
