"""Which label stages a gate is about, and what it may ask of them."""

from pathlib import Path

import pytest

from jobs.check_stages import require_figures, stages
from pipelines.gates.drift_counts import Bins
from schemas.config.check import EvaluateConfig
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError

LABEL = [
    LabelConfig(),
    LabelConfig(task="vad", taxonomy="vad"),
    LabelConfig(task="emotion_intensity", taxonomy="ekman_intensity"),
]
STAGES = stages(LABEL, ["a", "b", "c"], Path())


def test_answers_decide_what_figures_there_are() -> None:
    labels, scalars, ordinals = STAGES
    assert {"macro_f1", "f1.anger", "ece"} <= set(labels.figures)
    assert {"accuracy", "pearson.valence"}.isdisjoint(labels.figures)  # several labels may hold
    assert {"pearson", "pearson.valence", "ccc.arousal"} <= set(scalars.figures)
    assert "quadratic_kappa.anger" in ordinals.figures
    assert "ccc.anger" not in ordinals.figures


def test_only_numbers_are_put_into_bins() -> None:
    assert [stage.bins for stage in STAGES] == [
        None,
        Bins(("valence", "arousal", "dominance"), 0, 1),
        None,
    ]


@pytest.mark.parametrize(
    ("gate", "known"),
    [
        ({"figure": "macro_f1"}, True),
        ({"figure": "pearson.valence"}, True),
        ({"figure": "pearson.valence", "task": "emotion"}, False),
        ({"figure": "f1.hangry"}, False),
        ({"figure": "macro_f1", "taxonomy": "vad"}, False),
    ],
)
def test_a_figure_that_no_stage_has_is_refused_before_the_work(gate: dict, known: bool) -> None:
    asked = EvaluateConfig(min=0.1, **gate)
    if known:
        require_figures(STAGES, [asked])
        return
    with pytest.raises(ConfigError, match="is no figure of the label stages it is about"):
        require_figures(STAGES, [asked])
