"""Evaluation gates: reading rows with gold, and judging their figures."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.gates.evaluation import broken, judge_evaluation
from pipelines.gates.evaluation_rows import rows_with_gold
from schemas.config.check import EvaluateConfig
from tests.pipelines.gates.conftest import clean, labels

CONTENT = {"n": 150, "macro_f1": 0.5, "intervals": {"macro_f1": [0.4, 0.6]}, "per_label": {}}


def gold(taxonomy: str, *names: str) -> dict:
    return {
        "task": "emotion", "taxonomy": taxonomy, "label_set": None, "split": None, "annotator": None,
        "labels": list(names), "value": None,
    }  # fmt: skip


@pytest.fixture
def read(write):
    def _read(cleaned, labeled, people=()):
        return rows_with_gold(
            write("labels", labeled), write("clean", cleaned), task="emotion", taxonomy="tiny",
            numbers=False, memory_limit="200MB", threads=1,
            annotations=write("annotations", people) if people else (),
        )  # fmt: skip

    return _read


def test_only_rows_with_gold_of_this_task_and_taxonomy_are_read(read):
    cleaned = [row | {"gold": [], "outcome": "kept"} for row in clean(6)]
    cleaned[1]["gold"] = [gold("tiny", "joy"), gold("other", "rage")]
    cleaned[2]["gold"] = [gold("other", "rage")]
    cleaned[3] |= {"gold": [gold("tiny", "joy")], "outcome": "dropped"}
    cleaned[4]["gold"] = None
    cleaned[5] |= {"gold": [gold("tiny")]}
    labeled = labels(6)
    labeled[5] |= {"status": "rejected", "labels": None, "scores": None, "conversation_id": None}
    found = read(cleaned, labeled)
    assert found["unit"].to_list() == ["k0", "r0005"]
    assert found["status"].to_list() == ["labeled", "rejected"]
    assert [[entry["labels"] for entry in row] for row in found["gold"]] == [[["joy"]], [[]]]
    assert "text" not in " ".join(found.columns)


def test_what_people_answered_later_is_gold_too(read):
    cleaned = [row | {"gold": None, "outcome": "kept"} for row in clean(4)]
    cleaned[0]["gold"] = [gold("tiny", "joy")]
    keys = [{k: row[k] for k in row if k in labels(1)[0] and k != "task"} for row in clean(9)]
    person = {
        "task": "emotion", "taxonomy": "tiny", "label_set": None, "annotator": "a", "labels": ["joy"],
        "value": None, "weight": None, "annotated_at": None, "file": "f",
    }  # fmt: skip
    people = [
        keys[0] | person | {"annotator": "b"},
        keys[0] | person | {"labels": []},
        keys[1] | person,
        keys[2] | person | {"taxonomy": "other"},
        keys[3] | person | {"task": "vad", "labels": None, "value": 1.0},
        keys[8] | person,  # its record is not there
    ]
    found = read(cleaned, labels(4), people)
    told = [[(e["annotator"], e["split"], e["labels"]) for e in row] for row in found["gold"]]
    assert told == [
        [(None, None, ["joy"]), ("a", "annotated", []), ("b", "annotated", ["joy"])],
        [("a", "annotated", ["joy"])],
    ]


@pytest.mark.parametrize(
    ("more", "holds"),
    [
        ({"min": 0.5}, True),
        ({"min": 0.55}, False),
        ({"min": 0.55, "bound": "upper"}, True),
        ({"min": 0.45, "bound": "lower"}, False),
        ({"max": 0.45}, False),
    ],
)
def test_a_figure_is_held_to_its_limit(more, holds):
    finding = judge_evaluation(EvaluateConfig(figure="macro_f1", **more), CONTENT)
    assert (finding.success, finding.judged, finding.observed) == (holds, True, 0.5)
    assert "macro_f1 0.5000 [0.400, 0.600]" in (finding.told or "")
    assert ("missed by" in (finding.told or "")) is not holds


def test_few_rows_are_not_judged_and_what_is_not_there_fails():
    few = EvaluateConfig(figure="macro_f1", min=0.9, min_rows=151, corpora=("c",), splits=("dev",))
    finding = judge_evaluation(few, CONTENT)
    assert (finding.success, finding.judged) == (True, False)
    assert finding.told == "c, split dev: not judged, 150 rows with gold: under min_rows (151)"
    absent = judge_evaluation(EvaluateConfig(figure="ece", max=0.1), CONTENT)
    assert (absent.success, absent.judged) == (False, True)
    assert "no figure ece" in (absent.error or "")
    assert not broken(few, "IOException").success


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"figure": "macro_f1"}, "give one of min and max"),
        ({"figure": "macro_f1", "min": 0.1, "max": 0.2}, "give one of min and max"),
        ({"figure": "makro", "min": 0.1}, "there is no figure 'makro'"),
        ({"figure": "f1", "min": 0.1}, "name it, as in f1.anger"),
    ],
)
def test_mistakes_in_the_config_are_told(settings, told):
    with pytest.raises(ValidationError, match=told):
        EvaluateConfig(**settings)


def test_gates_about_nothing_are_mistakes(tmp_path: Path):
    from schemas.config.load import load_config
    from schemas.errors import ConfigError

    config = tmp_path / "config.yaml"
    config.write_text(
        "corpora: [{name: c, domain: social, license: x, sources: f}]\n"
        "check: {drift: {taxonomy: ekman}, evaluate: {figure: macro_f1, min: .1, corpora: d}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert "check.drift[0] is about no label stage of this config" in str(caught.value)
    assert "check.evaluate[0] is about the corpus 'd'" in str(caught.value)
