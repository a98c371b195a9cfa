"""Whatever a model may answer to a shipped task becomes a column and comes back from Parquet as it was."""

import io
import json
from random import Random

import polars as pl
import pytest

from pipelines.serving.answers_frame import answers_frame
from tests.transforms.label.prompted.made import SHIPPED, model, one_answer
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.fit import Limits
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.question import Mistake
from transforms.label.prompted.row import Row, Turn

TEXT = "I lost my job. 我很难过 😀 yesterday!"
ROW = Row(TEXT, "own", role="client", context=(Turn("a", "helper", "How are you?"),))


def spans_from(fields, value, text: str):
    """An answer with words of the text wherever words must be copied, of turn 0."""
    for field in fields:
        if field.kind == "items":
            for item in value[field.name]:
                spans_from(field.fields, item, text)
        elif value[field.name] is not None and field.kind == "span":
            value[field.name] = text[: 1 + len(value[field.name]) % len(text)]
        elif value[field.name] is not None and field.kind == "turn":
            value[field.name] = 0


@pytest.mark.parametrize(("task", "taxonomy"), SHIPPED, ids=[each.name for each, _ in SHIPPED])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_comes_back(task, taxonomy, seed):
    rng = Random(seed)
    prompter = Prompter(task, taxonomy, model(mode="generate"), limits=Limits(9_000, len))
    schema = json_schema(task, taxonomy)
    given = []
    for question in prompter.questions(ROW):
        answer = one_answer(schema, rng)
        spans_from(task.fields, answer, question.text)
        message = {"message": {"content": json.dumps(answer)}, "finish_reason": "stop"}
        told = prompter.read(question, {"choices": [message]})
        assert not isinstance(told, Mistake), told
        json.dumps(told)
        given.append((question, told))
    answered = prompter.answer(ROW, given)
    frame = answers_frame(
        ["labeled", "failed"], [answered, None], [None, "x"], prompter.answer_type
    )
    assert frame.select(ANSWER_SCHEMA.names()).schema == ANSWER_SCHEMA
    file = io.BytesIO()
    frame.write_parquet(file)
    file.seek(0)
    back = pl.read_parquet(file)
    assert back.equals(frame)
    row = back.row(0, named=True)
    assert row["labels"] == answered.labels
    assert set(row["labels"]) <= set(taxonomy.names) or task.answer == "words"
    if prompter.answer_type is not None:
        same(row["answer"], answered.answer)
        spans_lie_in_their_text(row["answer"])


def same(column, answer):
    """Equal, but for what half-precision and keys that are null change."""
    if isinstance(column, dict):
        assert set(answer or {}) <= set(column)
        for key, value in column.items():
            same(value, (answer or {}).get(key))
    elif isinstance(column, list):
        assert len(column) == len(answer)
        for one, other in zip(column, answer, strict=True):
            same(one, other)
    elif isinstance(column, float):
        assert column == pytest.approx(answer, abs=1e-6)
    else:
        assert column == answer


def spans_lie_in_their_text(value):
    if isinstance(value, dict):
        if {"record_id", "start", "end"} == set(value) and value["record_id"] is not None:
            text = {"own": ROW.text, "a": ROW.context[0].text}[value["record_id"]]
            assert 0 <= value["start"] <= value["end"] <= len(text)
        for inner in value.values():
            spans_lie_in_their_text(inner)
    elif isinstance(value, list):
        for inner in value:
            spans_lie_in_their_text(inner)


def test_no_rows():
    for task, taxonomy in SHIPPED:
        frame = answers_frame([], [], [], Prompter(task, taxonomy, model()).answer_type)
        assert frame.height == 0
