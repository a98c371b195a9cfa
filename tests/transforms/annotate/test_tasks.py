"""A row as a task and as a line: documented structure, scales, and texts that stay data."""

from dataclasses import replace

import pytest

from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.annotate.tasks import Asked, cells_of, columns_of, id_of_cell, task_of

EMOTION, EKMAN = load_task("emotion"), load_taxonomy("ekman")
SCORES = [{"label": "joy", "probability": 0.75}, {"label": "fear", "probability": 0.5}]
ROW = Asked(
    record_id="r1", text="<b>$text</b> & more", context=None, corpus="posts", lang="en", role=None,
    drawn="random", probability=0.25, weight=4.0, labels=["fear", "joy"], scores=SCORES, numbers=None,
    version="student 1",
)  # fmt: skip


def prediction(row: Asked, task: str = "emotion", taxonomy: Taxonomy = EKMAN) -> dict:
    (found,) = task_of(row, load_task(task), taxonomy, None, predictions=True)["predictions"]
    return found


def test_data() -> None:
    assert task_of(ROW, EMOTION, EKMAN, "ann", predictions=False) == {
        "data": {
            "text": "<b>$text</b> & more", "context": "", "record_id": "r1", "corpus": "posts", "lang": "en",
            "annotator": "ann", "drawn": "random", "probability": 0.25, "weight": 4.0,
        }
    }  # fmt: skip


def test_context_is_lines_of_role_and_text() -> None:
    turns = [{"role": "therapist", "text": "How was it?"}, {"role": None, "text": "Well."}]
    found = task_of(replace(ROW, context=turns), EMOTION, EKMAN, None, predictions=False)
    assert found["data"]["context"] == "therapist: How was it?\nunknown: Well."


def test_prediction_of_labels() -> None:
    assert prediction(ROW) == {
        "model_version": "student 1",
        "score": 0.5,
        "result": [
            {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": ["fear", "joy"]}}
        ],
    }  # fmt: skip


def test_prediction_of_no_label() -> None:
    found = prediction(replace(ROW, labels=[]))
    assert found["result"][0]["value"] == {"choices": ["neutral"]}
    assert found["score"] == 0.25
    found = prediction(replace(ROW, labels=[], scores=None), taxonomy=load_taxonomy("plutchik"))
    assert found["result"][0]["value"] == {"choices": ["none"]}
    assert "score" not in found


def test_prediction_of_numbers() -> None:
    found = prediction(
        replace(ROW, labels=[], numbers=[0.0, 0.625, 1.0]), "vad", load_taxonomy("vad")
    )
    told = {e["from_name"]: (e["type"], e["value"]) for e in found["result"]}
    assert told == {
        "valence": ("number", {"number": 1.0}),
        "arousal": ("number", {"number": 3.5}),
        "dominance": ("number", {"number": 5.0}),
    }
    levels = replace(ROW, numbers=[0.0, 3.0, None, 1.0, 0.0, 2.0])
    found = prediction(levels, "emotion_intensity", load_taxonomy("ekman_intensity"))
    assert [e["value"]["number"] for e in found["result"]] == [0, 3, 1, 0, 2]


def test_lines_are_to_be_filled_in() -> None:
    names = columns_of(EMOTION, EKMAN, annotators=True)
    row = dict(zip(names, cells_of(ROW, EMOTION, EKMAN, "ann"), strict=True))
    assert names[:5] == ("id", "text", "context", "labels", "weight")
    assert row == {
        "id": "r1", "text": "<b>$text</b> & more", "context": "", "labels": "", "weight": 4.0,
        "corpus": "posts", "lang": "en", "role": None, "annotator": "ann",
    }  # fmt: skip
    vad = load_taxonomy("vad")
    names = columns_of(load_task("vad"), vad, annotators=False)
    assert names[3:6] == ("valence", "arousal", "dominance")
    assert len(cells_of(ROW, load_task("vad"), vad, None)) == len(names)


@pytest.mark.parametrize("text", ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "\t=1"])
def test_no_text_runs_in_a_spreadsheet(text: str) -> None:
    cells = cells_of(replace(ROW, text=text, record_id=text), EMOTION, EKMAN, None)
    assert cells[1] == f"'{text}"
    plain = text in {"+1", "-1"}
    assert cells[0] == (text if plain else f"'{text}")
    assert id_of_cell(str(cells[0])) == text
