"""What is asked about a row: the static part first, the row's part once, and nothing that it must not see."""

import json

import pytest

from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.prompted.codes import Codes, code_names
from transforms.label.prompted.fit import Limits
from transforms.label.prompted.prompter import EMPTY, TOO_LONG, Prompter
from transforms.label.prompted.row import Cue, Row, Turn

from .made import EACH_MODE, model, task, taxonomy

LABELS = taxonomy("joy", "fear", "none", neutral="none")
ROOMY = Limits(100_000, len)
TALK = (Turn("a", "client", "They fired me."), Turn("b", "helper", "Who <did|>?"))
ROW = Row("My SECRET text", "own", role="client", context=TALK, cues=(Cue("voice", "SHAKY"),))


def asking(asked, labels=LABELS, limits=ROOMY, **more) -> Prompter:
    of = model(**more)
    codes = None
    if of.asked_mode(asked.mode) == "score":
        names = code_names(asked, labels)
        codes = Codes(names, tuple((n,) for n in range(len(names))))
    return Prompter(asked, labels, of, limits=limits, codes=codes)


def questions(prompter: Prompter, row: Row = ROW):
    found = prompter.questions(row)
    assert not isinstance(found, str)
    return found


def conversations(question):
    messages = question.body["messages"]
    return messages if isinstance(messages[0], list) else [messages]


@pytest.mark.parametrize(
    ("asked", "labels", "mode"), EACH_MODE, ids=[f"{each[0].name}-{each[2]}" for each in EACH_MODE]
)
def test_every_task_says_the_static_part_first(asked, labels, mode):
    prompter = asking(asked, labels, mode=mode)
    system = prompter.static()[0]["content"]
    several = mode == "score" and not labels.exclusive
    for question in questions(prompter):
        for conversation in conversations(question):
            assert [message["role"] for message in conversation] == ["system", "user"]
            assert conversation[0]["content"] == system
            user = conversation[1]["content"]
            assert user.count("<text>\n") == user.count("\n</text>") == 1
            assert ("SHAKY" in user) == asked.context.cues
            assert ("They fired me." in user) == bool(asked.context.turns)
            assert "Who <did" not in user
        # What differs between the conversations of a row stands at their ends.
        texts = [conversation[1]["content"] for conversation in conversations(question)]
        assert len(texts) == (len(labels.names) if several else 1)
        start = texts[0].index("\n</text>")
        assert len({text[:start] for text in texts}) == 1
        assert question.body["max_tokens"] == prompter.answer_tokens
        assert question.body["top_k"] == 0  # not what the model's own file says
    assert "{" not in system.split("Answer with one JSON")[0]
    for name in labels.names:
        assert asked.answer == "words" or name in system


def test_only_so_many_turns_as_the_task_asks_for():
    many = tuple(Turn(str(n), "x", f"turn{n}.") for n in range(9))
    shown = json.dumps(
        questions(asking(task(context={"turns": 2})), Row("t", context=many))[0].body
    )
    assert ("turn8." in shown, "turn7." in shown, "turn6." in shown) == (True, True, False)
    shown = json.dumps(questions(asking(task()), Row("t", context=many))[0].body)
    assert "turn8." not in shown


def test_orders_and_samples_are_questions_of_their_own():
    sampling = {"mode": "generate", "temperature": 0.7, "samples": 3, "seed": 5}
    made = questions(asking(task(), **sampling, variant={"shuffles": 2}))
    assert [(each.order, each.body["seed"]) for each in made] == [
        (0, 5), (0, 6), (0, 7), (1, 5), (1, 6), (1, 7),
    ]  # fmt: skip
    enums = [
        each.body["response_format"]["json_schema"]["schema"]["properties"]["labels"]["items"][
            "enum"
        ]
        for each in made
    ]
    assert enums[0] == list(LABELS.names) != enums[3]
    assert sorted(enums[3]) == sorted(LABELS.names)
    lines = [
        line[2:] for line in made[3].body["messages"][0]["content"].splitlines() if line[:2] == "- "
    ]
    assert [line for line in lines if line in LABELS.names] == enums[3]


def test_sentences_are_asked_one_by_one_beside_the_whole():
    row = Row("I am sad. Why? ...", "own")
    made = questions(asking(task(unit="sentence")), row)
    assert [row.text[slice(*each.piece)] for each in made] == ["I am sad.", "Why? ..."]
    assert [each.text for each in made] == ["I am sad.", "Why? ..."]
    for each in made:
        user = each.body["messages"][1]["content"]
        assert "<whole>\nI am sad. Why? ...\n</whole>" in user
        assert user.endswith(f"<text>\n{each.text}\n</text>")
    only = questions(asking(task(unit="sentence")), Row("I am sad."))
    assert "<whole>" not in json.dumps(only[0].body["messages"][1])
    assert asking(task(unit="sentence")).questions(Row("?! ...")) == EMPTY


def test_a_sentence_that_is_too_long_is_cut_like_any_text():
    row = Row("Short one. " + "word " * 100)
    made = questions(asking(task(unit="sentence"), limits=Limits(200, len)), row)
    assert made[0].text == "Short one."
    assert len(made) > 3
    assert "".join(row.text[slice(*each.piece)] for each in made[:1]) == "Short one."
    assert made[-1].piece[1] == len(row.text.rstrip())
    assert all(each.text == row.text[slice(*each.piece)] for each in made)
    strict = asking(task(unit="sentence", long="reject"), limits=Limits(200, len))
    assert strict.questions(row) == TOO_LONG


def test_long_texts_in_windows_or_not_at_all():
    row = Row("I am sad. " * 60)
    made = questions(asking(task(), limits=Limits(200, len)), row)
    assert len(made) > 3
    assert (made[0].piece[0], made[-1].piece[1]) == (0, len(row.text))
    assert asking(task(long="reject"), limits=Limits(200, len)).questions(row) == TOO_LONG


def test_a_document_is_the_conversation_up_to_its_last_turn():
    asked = task(unit="document", context={"turns": 1})
    (made,) = questions(asking(asked))
    assert made.text == "helper: Who \u2039did|>?\nclient: My SECRET text"
    assert made.context == ()
    user = made.body["messages"][1]["content"]
    assert "<context>" not in user
    assert "They fired me" not in user


def test_chat_template_kwargs_go_along():
    made = questions(asking(task(), chat_template_kwargs={"enable_thinking": False}))
    assert made[0].body["chat_template_kwargs"] == {"enable_thinking": False}


def test_what_cannot_be_asked():
    with pytest.raises(ConfigError, match="cannot be answered in the mode score"):
        asking(task("words"), mode="score")
    with pytest.raises(ConfigError, match="has no option whom"):
        Prompter(task(options={"who": "x"}), LABELS, model(), {"whom": "y"})
    many = taxonomy(*(f"l{n}" for n in range(53)), exclusive=True)
    with pytest.raises(ConfigError, match="53 labels"):
        Prompter(task(), many, model(mode="score"))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (task(fields=[{"name": "labels", "kind": "flag"}]), "labels"),
        (task("ordinals", fields=[{"name": "joy", "kind": "flag"}]), "joy"),
        (task("scalars", fields=[{"name": "spread", "kind": "flag"}]), "spread"),
        (task("words", fields=[{"name": "words", "kind": "flag"}]), "words"),
        (task(unit="sentence", fields=[{"name": "span", "kind": "span"}]), "span"),
    ],
)
def test_a_field_cannot_take_the_name_of_a_part_of_the_answer(asked, name):
    with pytest.raises(ConfigError, match=f"a field '{name}'"):
        Prompter(asked, LABELS, model())
    fine = task(fields=[{"name": "span", "kind": "span"}, {"name": "joy", "kind": "flag"}])
    assert Prompter(fine, LABELS, model()).answer_type is not None


def test_options_stand_in_the_instructions():
    asked = task(options={"who": "the writer"}, instructions="Judge {who} by\n{labels}")
    assert "Judge the writer by\n- joy" in Prompter(asked, LABELS, model()).static()[0]["content"]
    told = Prompter(asked, LABELS, model(), {"who": "a reader"}).static()[0]["content"]
    assert "Judge a reader by" in told


def test_equal_rows_are_asked_in_equal_words():
    prompter = asking(load_task("emotion"), load_taxonomy("ekman"), mode="score")
    one, two = (Row("same", record_id=name, speaker=name) for name in "ab")
    assert questions(prompter, one)[0].body == questions(prompter, two)[0].body
