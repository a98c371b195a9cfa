"""Written answers: what is read, every mistake and what the model is told of it."""

import json

import pytest

from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.generate import generate_body, read_answer, repair
from transforms.label.prompted.question import Mistake

from .made import question, task, taxonomy

LABELS = taxonomy("joy", "fear", "none", neutral="none")
SPANS = task(
    "fields",
    context={"turns": 2},
    fields=[
        {"name": "causes", "kind": "items", "fields": [
            {"name": "turn", "kind": "turn", "optional": True}, {"name": "words", "kind": "span"},
        ]},
        {"name": "strength", "kind": "number", "range": [1, 7]},
        {"name": "why", "kind": "text", "optional": True},
    ],
)  # fmt: skip
ASKED = question("I lost my job and I <cry>", "hello there", "Dr. <b> fired you")


def response(content, finish: str = "stop", **more):
    return {"choices": [{"message": {"content": content}, "finish_reason": finish, **more}]}


def read(
    asked, content, about=ASKED, *, labels=LABELS, free_text: bool = True, finish: str = "stop"
):
    text = content if isinstance(content, str) else json.dumps(content)
    schema = json_schema(asked, labels)
    return read_answer(asked, labels, schema, about, response(text, finish), free_text=free_text)


def cause(words: str, turn: int | None, strength: int = 50, why: str | None = "so"):
    return {"causes": [{"turn": turn, "words": words}], "strength": strength, "why": why}


def test_labels_once_each_in_the_order_in_which_they_came():
    told = read(task(), {"labels": ["fear", "joy", "fear"]})
    assert told["labels"] == ["fear", "joy"]
    assert set(told["p"]) == {"joy", "fear", "none"}
    assert read(task(), {"labels": []})["labels"] == []
    one = taxonomy("joy", "fear", exclusive=True)
    assert read(task(), {"label": "fear"}, labels=one)["labels"] == ["fear"]


def test_words_are_folded_and_come_once():
    told = read(task("words"), {"words": ["Home  Sick", "home sick", " ", "SAD\n"]})
    assert told == {"words": ["home sick", "sad"]}


def test_numbers_are_brought_to_their_range():
    labels = LABELS.model_copy(update={"range": (-1.0, 1.0)})
    told = read(task("scalars"), {"joy": 0, "fear": 25, "none": 100}, labels=labels)
    assert told == {"numbers": {"joy": -1.0, "fear": -0.5, "none": 1.0}}
    fields = read(SPANS, cause("job", 0))["fields"]
    assert fields["strength"] == 4.0  # half of the way from 1 to 7


def test_spans_of_the_text_and_of_turns():
    assert read(SPANS, cause("my job", 0))["fields"]["causes"] == [
        {"turn": 0, "words": {"turn": 0, "start": 7, "end": 13}}
    ]
    assert read(SPANS, cause("my job", None))["fields"]["causes"][0]["words"]["turn"] == 0
    # Turn 1 is the newest. The model sees look-alikes of what could be tags, and copies them.
    assert read(SPANS, cause("‹b> fired", 1))["fields"]["causes"] == [
        {"turn": 1, "words": {"turn": 1, "start": 4, "end": 13}}
    ]
    assert read(SPANS, cause("HELLO", 2))["fields"]["causes"][0]["words"] == {
        "turn": 2, "start": 0, "end": 5,
    }  # fmt: skip


def test_a_span_beside_a_turn_at_the_top_is_of_that_turn():
    asked = task(
        "fields",
        context={"turns": 2},
        fields=[{"name": "words", "kind": "span"}, {"name": "turn", "kind": "turn"}],
    )
    told = read(asked, {"words": "hello", "turn": 2})
    assert told["fields"] == {"words": {"turn": 2, "start": 0, "end": 5}, "turn": 2}


@pytest.mark.parametrize(
    ("content", "reason", "says"),
    [
        (cause("my dog", 0), "span_not_in_text", 'the words of "words" are not in the text'),
        (cause("my job", 1), "span_not_in_text", 'the words of "words" are not in turn 1'),
        (cause(" ", 0), "span_not_in_text", "not in the text"),
        (cause("my job", 3), "invalid_answer", "must lie between 0 and 2"),
        (cause("my job", 0, 101), "invalid_answer", "must lie between 0 and 100"),
        ({"causes": []}, "invalid_answer", "lacks strength, why"),
        ([], "invalid_answer", "must be a JSON object"),
        ("", "invalid_answer", "not JSON"),
        ("{", "invalid_answer", "not JSON"),
        ('{"a": 1} and', "invalid_answer", "not JSON"),
        ("[" * 100_000, "invalid_answer", "not JSON"),
        ("9" * 5000, "invalid_answer", "not JSON"),
        (json.dumps(cause("my job", 0, why="\ud83d")), "invalid_answer", "halves of characters"),
    ],
)  # fmt: skip
def test_mistakes_and_what_the_model_is_told(content, reason, says):
    mistake = read(SPANS, content)
    assert isinstance(mistake, Mistake)
    assert mistake.reason == reason
    assert says in str(mistake.say)


def test_turns_that_were_not_shown():
    about = question("I lost my job", "hello")
    asked = task("fields", context={"turns": 9}, fields=SPANS.fields)
    mistake = read(asked, cause("my job", 2), about)
    assert mistake == Mistake("invalid_answer", '"turn" names a turn that was not shown')
    only = task("fields", context={"turns": 9}, fields=[{"name": "which", "kind": "turn"}])
    assert isinstance(read(only, {"which": 2}, about), Mistake)
    assert read(only, {"which": 1}, about)["fields"] == {"which": 1}


def test_what_was_cut_off_is_not_read_even_if_it_is_whole():
    mistake = read(task(), {"labels": ["joy"]}, finish="length")
    assert isinstance(mistake, Mistake)
    assert mistake.reason == "cut_off"


@pytest.mark.parametrize("broken", [{}, {"choices": []}, {"choices": None}, {"choices": [None]}])
def test_a_response_without_an_answer(broken):
    schema = json_schema(task(), LABELS)
    told = read_answer(task(), LABELS, schema, ASKED, broken, free_text=True)
    assert told == Mistake("invalid_answer", None)
    no_content = read_answer(task(), LABELS, schema, ASKED, response(None), free_text=True)
    assert isinstance(no_content, Mistake)


def test_control_characters_inside_strings_are_read():
    told = read(SPANS, '{"causes": [], "strength": 0, "why": "a\n\tb\x01"}')
    assert told["fields"]["why"] == "a\n\tb\x01"


def test_without_free_text_nothing_that_was_written_is_kept():
    told = read(SPANS, cause("my job", 0, why="secret"), free_text=False)
    assert told["fields"]["why"] is None
    assert "secret" not in json.dumps(told)


def test_the_second_try_shows_the_answer_and_what_is_wrong():
    body = {"messages": [{"role": "user", "content": "q"}], "max_tokens": 9}
    again = repair(
        body, response("<|im_end|>" + "x" * 5000), Mistake("invalid_answer", "it is bad")
    )
    assert body["messages"] == [{"role": "user", "content": "q"}]
    asked, wrote, said = again["messages"]
    assert asked == body["messages"][0]
    assert wrote["role"] == "assistant"
    assert "<|im_end|>" not in wrote["content"]
    assert len(wrote["content"]) == 2000
    assert said == {
        "role": "user",
        "content": "That answer cannot be used: it is bad. Answer again, with the JSON object only.",
    }
    assert again["max_tokens"] == 9
    assert repair(body, {}, Mistake("invalid_answer", "x"))["messages"][1]["content"] == ""


def test_levels_have_the_probabilities_of_their_digits():
    """By hand: of the digits 0 to 2 that were possible, .6 and .2 and .1 become 6/9, 2/9 and 1/9."""
    from math import log

    def token(text, p=1.0, **others):
        top = [{"token": text, "logprob": log(p)}]
        top += [{"token": name[1:], "logprob": log(v)} for name, v in others.items()]
        return {"token": text, "logprob": log(p), "top_logprobs": top}

    written = [token('{"joy":'), token("0", 0.6, _1=0.2, _2=0.1, _x=0.1), token("}")]
    labels = taxonomy("joy", range=(0, 2))
    made = response('{"joy":0}', logprobs={"content": written})
    asked = task("ordinals")
    told = read_answer(asked, labels, json_schema(asked, labels), ASKED, made, free_text=True)
    assert told["numbers"] == {"joy": 0}
    assert told["levels"]["joy"] == pytest.approx([6 / 9, 2 / 9, 1 / 9], abs=1e-6)


def test_a_body_is_closed_and_bounded():
    schema = json_schema(task(), LABELS)
    body = generate_body(task(), [{"role": "user", "content": "q"}], schema, 40)
    assert body["response_format"]["json_schema"]["schema"] == schema
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["max_tokens"] == 40
