"""Exports written by hand after Label Studio's documentation (labelstud.io/guide/task_format, …/guide/export)."""

import datetime as dt
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.annotate.filled_table import table_outcomes
from transforms.annotate.given import Annotation, Broken, Question, Skipped, newest
from transforms.annotate.json_stream import elements
from transforms.annotate.label_studio import outcomes

EKMAN = Question(load_task("emotion"), load_taxonomy("ekman"))
VAD = Question(load_task("vad"), load_taxonomy("vad"))
LEVELS = Question(load_task("emotion_intensity"), load_taxonomy("ekman_intensity"))
DATA = {"text": "What a day!", "context": "", "record_id": "r1", "corpus": "c", "weight": 2.5}


def choices(*names, control="labels"):
    return {
        "from_name": control, "id": "Dx_aB91ISN", "to_name": "text", "type": "choices",
        "origin": "manual", "value": {"choices": list(names)},
    }  # fmt: skip


def number(control, value, kind="number"):
    return {
        "from_name": control, "id": "t5sp3TyXPo", "to_name": "text", "type": kind,
        "value": {kind: value},
    }  # fmt: skip


def annotation(*result, **more):
    return {
        "id": 1001, "result": list(result), "was_cancelled": False, "ground_truth": False,
        "created_at": "2021-03-09T22:16:08.728353Z", "updated_at": "2021-03-10T22:16:08.728378Z",
        "lead_time": 4.288, "result_count": 0, "task": 1, "completed_by": 10,
    } | more  # fmt: skip


def task(*annotations, **data):
    return {
        "id": 1, "created_at": "2021-03-09T21:52:49.513742Z", "updated_at": "2021-03-09T22:16:08.746926Z",
        "project": 83, "data": DATA | data, "annotations": list(annotations), "drafts": [annotation(choices("fear"))],
        "predictions": [{"created_ago": "3 hours", "model_version": "m", "result": [choices("disgust")]}],
    }  # fmt: skip


def one(element, question=EKMAN):
    (found,) = outcomes(element, 7, question)
    return found


def test_a_task_gives_its_annotations_and_neither_predictions_nor_drafts():
    found = one(task(annotation(choices("joy", "anger"))))
    assert isinstance(found, Annotation)
    assert (found.unit, found.record_id, found.annotator) == ("r1", "r1", "10")
    assert found.answer.labels == ("anger", "joy")  # in the order of the taxonomy
    assert (found.text, found.corpus, found.weight) == ("What a day!", "c", 2.5)
    assert found.annotated_at == dt.datetime(2021, 3, 10, 22, 16, 8, 728378, dt.UTC)


@pytest.mark.parametrize(
    ("told", "who"),
    [
        (10, "10"),
        ("10", "10"),
        ({"id": 10, "email": "Ann@Example.org ", "first_name": "Ann"}, "ann@example.org"),
        ({"id": 10}, "10"),
        (None, "annotation 1001"),  # an export without details of users
        ({}, "annotation 1001"),
    ],
)
def test_annotators_are_told_by_id_or_mail(told, who):
    assert one(task(annotation(choices("joy"), completed_by=told))).annotator == who


def test_what_is_no_answer_is_skipped_with_a_reason():
    told = task(
        annotation(choices("joy"), was_cancelled=True),
        annotation(),
        annotation({"from_name": "remark", "type": "textarea", "value": {"text": ["hm"]}}),
    )
    assert [each.reason for each in outcomes(told, 1, EKMAN)] == [
        "cancelled",
        "no_answer",
        "no_answer",
    ]
    assert one(task()) == Skipped("task 7", "not_annotated")
    assert one({"id": 3, "data": DATA}) == Skipped("task 7", "not_annotated")


@pytest.mark.parametrize(
    ("element", "error"),
    [
        (17, "not_an_object"),
        ({"id": 1}, "not_a_task"),
        (task() | {"annotations": {}}, "not_a_task"),
        (task("x"), "not_an_object"),
        (task(annotation(choices("joy"))) | {"data": None}, "no_data"),
        (task(annotation() | {"result": None}), "broken_result"),
        (task(annotation("x")), "broken_result"),
        (task(annotation(choices("joy") | {"value": "joy"})), "broken_value"),
        (task(annotation(choices("glee"))), "unknown_label"),
        (task(annotation(choices(3))), "unknown_label"),
        (task(annotation(choices("joy"), updated_at="yesterday")), "broken_time"),
        (task(annotation(choices("joy")), weight="much"), "broken_weight"),
        (task(annotation(choices("joy")), weight=-1), "broken_weight"),
    ],
)
def test_what_cannot_be_used_is_told_by_class_and_place(element, error):
    found = one(element)
    assert isinstance(found, Broken)
    assert found.error_class == error
    assert found.where.startswith("task 7")


def test_none_is_an_answer_where_no_label_says_it():
    plutchik = Question(load_task("emotion"), load_taxonomy("plutchik"))
    assert one(task(annotation(choices("none"))), plutchik).answer.labels == ()
    assert one(task(annotation(choices("none", "joy"))), plutchik).error_class == "contradiction"


def test_one_label_of_an_exclusive_taxonomy_and_those_of_the_label_set_only():
    exclusive = Question(EKMAN.task, EKMAN.taxonomy.model_copy(update={"exclusive": True}))
    assert one(task(annotation(choices("joy", "fear"))), exclusive).error_class == "several_labels"
    some = Question(EKMAN.task, EKMAN.taxonomy, ("joy", "fear"))
    assert one(task(annotation(choices("joy"))), some).answer.labels == ("joy",)
    assert one(task(annotation(choices("anger"))), some).error_class == "unknown_label"


def test_other_controls_are_left_out_beside_labels_and_taken_alone():
    beside = annotation(choices("joy"), choices("yes", control="sarcasm"))
    assert one(task(beside)).answer.labels == ("joy",)
    assert one(task(annotation(choices("fear", control="feeling")))).answer.labels == ("fear",)


def test_numbers_are_on_the_scale_of_gold():
    low, high = VAD.taxonomy.gold_range or VAD.taxonomy.range
    full = annotation(number("valence", low), number("arousal", high), number("other", 9))
    assert one(task(full), VAD).answer.values == (("valence", low), ("arousal", high))
    rated = annotation(number("anger", 3, "rating"), choices("2", control="fear"))
    assert one(task(rated), LEVELS).answer.values == (("anger", 3.0), ("fear", 2.0))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (99, "out_of_range"),
        (float("nan"), "broken_value"),
        ("high", "broken_value"),
        (True, "broken_value"),
        (10**400, "broken_value"),
        (1.5, "broken_value"),
        ([1, 2], "broken_value"),
    ],
)
def test_levels_are_whole_numbers_in_range(value, error):
    assert one(task(annotation(number("anger", value))), LEVELS).error_class == error


def test_json_min_of_one_and_of_several_choices():
    row = DATA | {
        "id": 1, "annotator": 10, "annotation_id": 1001, "lead_time": 4.288, "labels": "joy",
        "created_at": "2021-03-09T22:16:08.728353Z", "updated_at": "2021-03-10T22:16:08.728378Z",
    }  # fmt: skip
    told = one(task(annotation(choices("joy"))))
    assert one(row) == Annotation(**{**vars(told), "where": "task 7"})
    assert one(row | {"labels": {"choices": ["joy", "fear"]}}).answer.labels == ("fear", "joy")
    assert one(row | {"labels": [{"choices": ["joy"]}]}).answer.labels == ("joy",)
    assert one(row | {"labels": []}).reason == "no_answer"
    del row["labels"]  # as JSON-MIN has it where nothing was answered
    assert one(row).reason == "no_answer"
    row["labels"] = "joy"
    assert one(row | {"annotator": "Ann@Example.org"}).annotator == "ann@example.org"
    rated = row | {"anger": [{"rating": 3}], "fear": [{"number": 2}]}
    assert one(rated, LEVELS).answer.values == (("anger", 3.0), ("fear", 2.0))


def test_the_newest_annotation_of_an_annotator_holds():
    first, second = annotation(choices("joy")), annotation(choices("fear"), updated_at="2022-01-01")
    other = annotation(choices("anger"), completed_by=11)
    found = [each for told in (second, first, other) for each in outcomes(task(told), 1, EKMAN)]
    kept, others = newest(found)
    assert [each.answer.labels for each in kept] == [("fear",), ("anger",)]
    assert others == 1


def read_table(text, question=EKMAN):
    return list(table_outcomes(io.BytesIO(text.encode()), "t.csv", question))


def test_a_filled_table_in_each_spelling():
    lines = 'id,text,context,labels,weight,annotator\nr1,"a, b",,"joy, fear",2.5,Ann\nr2,b,,,1,Ann\nr3,c,,FEAR;,1,\n'
    first, second, third = read_table(lines)
    assert (first.unit, first.answer.labels, first.weight) == ("r1", ("fear", "joy"), 2.5)
    assert (first.annotator, first.text, first.where) == ("ann", "a, b", "line 2")
    assert second == Skipped("line 3", "no_answer")
    assert (third.answer.labels, third.annotator) == (("fear",), None)
    semicolons = '\ufeffid;text;labels\nr1;a;"{""choices"": [""joy"", ""fear""]}"\n'
    assert read_table(semicolons)[0].answer.labels == ("fear", "joy")
    numbers = "id\ttext\tanger\tfear\nr1\ta\t2\t\n"
    assert read_table(numbers, LEVELS)[0].answer.values == (("anger", 2.0),)


def test_a_table_as_label_studio_writes_it():
    """The cells that label-studio-converter 0.0.59 wrote of tasks with one and several choices, a number, a rating."""
    labels = (
        '"annotation_id","annotator","created_at","id","labels","record_id","text","updated_at"\n'
        '1,"3","2021-03-09T22:16:08.728353Z",1,"joy","r1","Two\nlines","2021-03-10T22:16:08.728378Z"\n'
        '2,"Ann@Example.org","2021-03-09T22:16:08.728353Z",1,"{""choices"":[""joy"",""fear""]}","r1","a",""\n'
        '3,"5","2021-03-09T22:16:08.728353Z",1,"","r1","a","2021-03-10T22:16:08.728378Z"\n'
    )
    first, second, third = read_table(labels)
    assert (first.unit, first.annotator, first.answer.labels) == ("r1", "3", ("joy",))
    assert (second.annotator, second.answer.labels) == ("ann@example.org", ("fear", "joy"))
    assert third.reason == "no_answer"
    numbers = '"anger","fear","record_id","text"\n"[{""number"":2}]","[{""rating"":3}]","r1","a"\n'
    (found,) = read_table(numbers, LEVELS)
    assert found.answer.values == (("anger", 2.0), ("fear", 3.0))
    commas = "id;text;valence;weight\nr1;a;2,5;1,5\n"
    (found,) = read_table(commas, VAD)
    assert (found.answer.values, found.weight) == ((("valence", 2.5),), 1.5)


def test_broken_lines_of_a_table_are_told_apart():
    lines = "id,text,labels,weight\nr1,a,glee,1\nr2,b\nr3,c,joy,x\nr4,d,joy,1\n"
    found = read_table(lines)
    assert [getattr(each, "error_class", "fine") for each in found] == [
        "unknown_label",
        "wrong_number_of_cells",
        "broken_weight",
        "fine",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,text\nr1,a\n", "none of the columns labels"),
        (b"id,labels,labels\nr1,joy,joy\n", "two columns of one name"),
        (b"id,labels\nr1,\xff\n", "not UTF-8"),
        (b'id,labels\nr1,"joy\n', "no readable table after line 1"),
    ],
)
def test_what_is_no_table_is_told(content, told):
    with pytest.raises(SourceError, match=told):
        list(table_outcomes(io.BytesIO(content), "t.csv", EKMAN))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file ends at line 1, column 1"),
        ('[{"a": 1},\n {"a": }]', "expecting value at line 2, column 8"),
        ('[{"a": 1}', "bracket is missing at line 1, column 10"),
        ('[{"a": 1} {"a": 1}]', "bracket is missing at line 1, column 11"),
        ('[{"a": 1}] x', "something follows the end at line 1, column 12"),
        ("[1,]", "expecting value at line 1, column 4"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "a number is too long"),
        ('"secret"', "an array of tasks is missing"),
    ],
)
def test_broken_json_is_told_with_its_place_and_no_content(text, told):
    with pytest.raises(SourceError, match=told) as caught:
        list(elements(io.BytesIO(text.encode()), "export.json"))
    assert "secret" not in str(caught.value)


def test_a_huge_element_is_refused():
    text = json.dumps([{"a": "x" * 3_000_000}])
    with pytest.raises(SourceError, match="more than 1,000 characters"):
        list(elements(io.BytesIO(text.encode()), "export.json", max_element=1000))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)  # fmt: skip


class Slow(io.BytesIO):
    """Gives a few bytes at a time, however many are asked for."""

    def read(self, size=-1):
        return super().read(3 if size != 0 else 0)


@settings(max_examples=150, deadline=None)
@given(st.lists(JSON), st.sampled_from([None, 1]), st.booleans())
def test_a_stream_gives_what_the_whole_gives(values, indent, ascii_only):
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
    raw = text.encode("utf-8", "surrogatepass")
    for file in (io.BytesIO(raw), Slow(raw)):
        assert list(elements(file, "x")) == json.loads(text)


WILD = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.sampled_from(["joy", "choices", "labels"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["data", "annotations", "result", "value", "choices", "from_name", "type", "annotator", "completed_by",
             "labels", "text", "record_id", "was_cancelled", "updated_at", "weight"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(WILD, st.sampled_from([EKMAN, VAD, LEVELS]))
def test_nothing_breaks_the_reader(element, question):
    found = list(outcomes(element, 1, question))
    listed = element.get("annotations") if isinstance(element, dict) else None
    assert len(found) == (max(1, len(listed)) if isinstance(listed, list) else 1)
