"""The label tasks that ship: complete, bounded, and with the labels of their sources."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.label_task import LabelTask, load_task, task_names, walk_fields
from schemas.taxonomy import load_taxonomy, taxonomy_names
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.codes import code_names

# The table "Label tasks" of the literature review that this project follows.
TASKS = [
    "emotion",
    "emotion_intensity",
    "vad",
    "sentiment",
    "intent",
    "support_strategy",
    "talk_type",
    "emotion_cause",
    "aspects",
    "appraisal",
    "reader_emotion",
    "empathy",
    "depression_symptom",
    "severity",
    "toxicity",
    "boundary",
    "persuasion",
    "open_emotion",
    "dream",
    "pain",
    "ambivalence",
    "engagement",
    "text_cue_inconsistency",
]

# How many labels the sources have, and on which scale.
SOURCES = {
    "esconv_strategies": (8, None),  # strategy table of thu-coai/Emotional-Support-Conversation
    "reccon_causes": (5, None),  # "five predominant types", arXiv:2012.11820, section 5
    "phq8": (
        8,
        (0, 3),
    ),  # eight items, 0 to 3 each: 24 in all, doi:10.1186/1472-6963-13-160, table 2
    "redsm5": (9 + 1, None),  # nine DSM-5 symptoms, arXiv:2508.03399; and none
    "epitome": (3, (0, 2)),  # three mechanisms: none, weak, strong, arXiv:2009.08441
    "boundary_patterns": (7, None),  # "seven key patterns", arXiv:2502.14975
    "perspective": (6, None),  # six production attributes of the Perspective API
    "hall_van_de_castle": (5, None),  # five classes, dreams.ucsc.edu/Coding/emotions.html
    "daisee": (4, (0, 3)),  # four states, "very low, low, high, and very high", arXiv:1609.01885
    "affective_dissonance": (3, None),  # "three-way", arXiv:2604.27517
    "ambivalence": (2, None),  # "presence or absence", arXiv:2505.19328
    "appraisal": (5, (0, 3)),  # arXiv:2205.15627; the scale is ours
    "manipulation_techniques": (11, None),  # arXiv:2405.16584
    "persuasion_strategies": (10 + 1, None),  # arXiv:2305.09758; and unclear
    "annomi_therapist": (4, None),
    "annomi_client": (3, None),
    "empathetic_intents": (8 + 1, None),  # eight intents, arXiv:2012.04080; and neutral
    "goemotions": (27 + 1, None),  # 27 emotions, arXiv:2005.00547; and neutral
}


@pytest.fixture(params=task_names())
def task(request: pytest.FixtureRequest) -> LabelTask:
    return load_task(request.param)


def test_every_task_of_the_review_ships() -> None:
    assert task_names() == sorted(TASKS)


def test_what_could_not_be_checked() -> None:
    assert {name for name in task_names() if load_task(name).experimental} == {
        "appraisal", "pain", "persuasion",
    }  # fmt: skip
    assert {name for name in taxonomy_names() if load_taxonomy(name).experimental} == {
        "leia", "appraisal", "pain", "persuasion_strategies", "manipulation_techniques",
    }  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_as_many_labels_as_the_source(name: str) -> None:
    taxonomy = load_taxonomy(name)
    assert (len(taxonomy.names), taxonomy.range) == SOURCES[name]
    assert all(label.definition for label in taxonomy.labels)


def test_what_students_answer_stays_as_it_was() -> None:
    kept = map(load_task, [*TASKS[:5], "talk_type"])
    assert {
        task.name: (task.version, task.unit, task.answer, task.taxonomy, task.multi_label)
        for task in kept
    } == {
        "emotion": ("1", "record", "labels", "goemotions", True),
        "emotion_intensity": ("1", "record", "ordinals", "ekman_intensity", True),
        "vad": ("1", "record", "scalars", "vad", True),
        "sentiment": ("1", "record", "labels", "polarity", False),
        "intent": ("1", "record", "labels", "empathetic_intents", True),
        "talk_type": ("1", "record", "labels", "annomi_therapist", False),
    }


def test_a_task_is_complete(task: LabelTask) -> None:
    taxonomy = load_taxonomy(task.taxonomy)
    assert task.description.endswith(".")
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|doi:10\.|(19|20)\d\d", task.source)
    assert task.multi_label or taxonomy.exclusive
    assert (taxonomy.range is not None) == (task.answer in ("scalars", "ordinals"))


def test_instructions_say_what_to_do(task: LabelTask) -> None:
    said = task.instructions.lower()
    placeholders = set(re.findall(r"\{(.*?)\}", task.instructions))
    # Free words have no list to choose from.
    assert placeholders == ({"labels"} if task.answer != "words" else set()) | set(task.options)
    assert said.startswith(("you are a careful", "you annotate texts"))
    rules = [line for line in task.instructions.splitlines() if line.startswith("- ")]
    assert 3 <= len(rules) <= 7
    if task.name != "dream":  # a report of what was felt, by rules of its own
        assert "irony" in said
        assert "quote" in said
    # What to answer when nothing holds.
    assert re.search(r"none|empty|no (event|sign)|without|level is 0|middle|neutral", said)
    # What the prompter adds to every prompt is not said twice.
    assert "json" not in said
    assert "<text>" not in said


@pytest.mark.parametrize("name", ["depression_symptom", "severity", "pain"])
def test_symptoms_are_never_a_diagnosis(name: str) -> None:
    task = load_task(name)
    assert "never a diagnosis" in task.description.lower()
    assert "never a diagnosis" in task.instructions.lower()


def test_every_answer_ends(task: LabelTask) -> None:
    """Objects are closed, lists, strings and numbers bounded: so a schema-bound answer has a greatest length."""
    for schema in _walk(json_schema(task, load_taxonomy(task.taxonomy))):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
        elif schema.get("type") == "array":
            assert 1 <= schema["maxItems"] <= 64
        elif schema.get("type") == "string":
            assert schema.get("enum") or schema["maxLength"] <= 600
        elif schema.get("type") == "integer":
            assert schema["minimum"] < schema["maximum"]


def _walk(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for each in [*inner, *([schema["items"]] if "items" in schema else [])]:
        yield from _walk(each)


def test_fields_are_explained_and_spans_are_spans(task: LabelTask) -> None:
    names = [field.name for field in task.fields]
    for field in task.fields:
        assert field.definition, field.name
        assert field.name not in load_taxonomy(task.taxonomy).names
    assert len(names) == len(set(names))
    for field in walk_fields(task.fields):
        if field.name in ("span", "evidence", "opinion") and not field.fields:
            assert field.kind == "span"


def test_one_step_answers_have_codes(task: LabelTask) -> None:
    if "score" in task.modes:
        assert 2 <= len(code_names(task, load_taxonomy(task.taxonomy))) <= 52
    if task.mode == "score":
        assert not task.fields  # a score leaves fields out: a task that has them writes its answer


def test_emotions_of_causes_are_those_of_ekman() -> None:
    [emotion, causes] = load_task("emotion_cause").fields
    assert set(emotion.choices) == set(load_taxonomy("ekman").names)
    assert [field.kind for field in causes.fields] == ["turn", "span", "label"]


def test_what_the_review_asks_of_single_tasks() -> None:
    sentiment = {field.name: field for field in load_task("sentiment").fields}
    assert sentiment["strength"].range == (-3, 3)
    assert "subjectivity" in sentiment
    assert load_task("depression_symptom").unit == "sentence"
    assert load_task("severity").unit == "document"
    assert load_task("reader_emotion").options.keys() == {"persona"}
    assert load_task("open_emotion").answer == "words"
    assert load_task("text_cue_inconsistency").context.cues
    [risk] = [field for field in load_task("severity").fields if field.name == "risk"]
    assert risk.range == (0, 3)  # none, low, moderate, severe: the four-point scale of W18-0603
    assert all(word in risk.definition for word in ("none", "low", "moderate", "severe"))
    [flips] = [field for field in load_task("aspects").fields if field.name == "flips"]
    assert {field.name for field in flips.fields} >= {"initial", "flipped", "trigger", "turn"}
    assert {field.name for field in load_task("aspects").fields[0].fields} == {
        "holder", "target", "aspect", "opinion", "sentiment", "rationale",
    }  # fmt: skip
