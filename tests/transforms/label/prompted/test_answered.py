"""How several answers become one: each rule with an example that was worked out by hand."""

import pytest

from transforms.label.prompted.answered import Answered, Deciding
from transforms.label.prompted.document import document
from transforms.label.prompted.row import Row, Turn

from .made import question, task, taxonomy

SEVERAL = taxonomy("joy", "fear", "none", neutral="none")
ONE = taxonomy("joy", "fear", exclusive=True)
LEVELS = taxonomy("joy", "fear", range=(0, 3))
NUMBERS = taxonomy("joy", "fear", range=(0, 1))


def answered(asked, labels, *told, row: Row | None = None) -> Answered:
    """`told`: answers, each with the piece (start, end) it is about, or about the whole text."""
    text = "x" * 100
    given = []
    for each in told:
        piece, answer = each if isinstance(each, tuple) else ((0, 100), each)
        given.append((question(text[slice(*piece)], "turn two", "turn one", piece=piece), answer))
    return Deciding(asked, labels).answer(given, document(row or Row(text, "own")))


def p(**probabilities):
    return {"p": {"joy": 0.0, "fear": 0.0, "none": 0.0, **probabilities}}


def near(found, **expected):
    return found == pytest.approx(expected)


def test_scores_of_several_orders_are_averaged():
    found = answered(task(), SEVERAL, p(joy=0.4, none=0.1), p(joy=0.7, fear=0.2, none=0.3))
    assert found.labels == ["joy"]  # .55; fear .1
    assert near(found.scores, joy=0.55, fear=0.1, none=0.2)
    found = answered(task(), ONE, p(joy=0.4, fear=0.6), p(joy=0.7, fear=0.3))
    assert (found.labels, near(found.scores, joy=0.55, fear=0.45)) == (["joy"], True)


def test_of_written_answers_the_share_that_gives_a_label():
    told = [{"labels": labels, "p": {}} for labels in (["joy"], ["joy", "fear"], ["fear"], ["joy"])]
    found = answered(task(), SEVERAL, *told)
    assert found.labels == ["joy", "fear"]  # 3 of 4, and 2 of 4
    assert near(found.scores, joy=0.75, fear=0.5, none=0.0)
    found = answered(
        task(), ONE, *({"labels": [name], "p": {}} for name in ("fear", "joy", "fear"))
    )
    assert (found.labels, near(found.scores, joy=1 / 3, fear=2 / 3)) == (["fear"], True)


def test_nothing_given_is_neutral():
    assert answered(task(), SEVERAL, p(joy=0.49, none=0.2)).labels == ["none"]
    assert answered(task(), SEVERAL, {"labels": [], "p": p(none=0.9)["p"]}).labels == ["none"]
    none = taxonomy("joy", "fear")
    assert answered(task(), none, p(joy=0.49)).labels == []


def test_one_written_answer_is_taken_as_it_is():
    found = answered(
        task(), SEVERAL, {"labels": ["fear", "joy"], "p": {"joy": 0.3, "fear": 0.9, "none": 0}}
    )
    assert found.labels == ["fear", "joy"]
    assert near(found.scores, joy=0.3, fear=0.9, none=0)


def test_of_windows_a_label_has_its_greatest_probability():
    found = answered(
        task(), SEVERAL, ((0, 60), p(joy=0.9, none=0.1)), ((50, 100), p(fear=0.8, none=0.2))
    )
    assert found.labels == ["joy", "fear"]
    assert near(found.scores, joy=0.9, fear=0.8, none=0.2)
    # A window without anything says nothing against one with something.
    found = answered(task(), SEVERAL, ((0, 60), p(none=0.9)), ((50, 100), p(fear=0.8)))
    assert found.labels == ["fear"]


def test_of_windows_the_one_label_is_that_of_the_mean_by_length():
    # (75 × .8 + 25 × .1) / 100 = .625
    found = answered(
        task(), ONE, ((0, 75), p(joy=0.8, fear=0.2)), ((75, 100), p(joy=0.1, fear=0.9))
    )
    assert (found.labels, near(found.scores, joy=0.625, fear=0.375)) == (["joy"], True)


def test_levels_from_their_probabilities():
    one, two = (
        {"levels": {"joy": [0.6, 0.4, 0, 0], "fear": [0, 0, 1, 0]}},
        {"levels": {"joy": [0.2, 0.8, 0, 0], "fear": [0, 0, 0.2, 0.8]}},
    )
    found = answered(task("ordinals"), LEVELS, one, two)
    assert found.answer == {"joy": 1, "fear": 2}  # means .4 .6 0 0 and 0 0 .6 .4
    assert near(found.scores, joy=0.6, fear=1.0)
    assert found.labels == ["joy", "fear"]
    found = answered(task("ordinals"), LEVELS, ((0, 50), one), ((50, 100), two))
    assert found.answer == {"joy": 1, "fear": 3}  # the greatest of 0 and 1, 2 and 3
    assert near(found.scores, joy=0.8, fear=1.0)


def test_a_level_is_the_median():
    """Of .4 .25 .35 0 the most probable level is 0; half of the probability is reached at 1."""
    told = {"levels": {"joy": [0.4, 0.25, 0.35, 0], "fear": [0.6, 0.4, 0, 0]}}
    found = answered(task("ordinals"), LEVELS, told)
    assert (found.answer, found.labels) == ({"joy": 1, "fear": 0}, ["joy"])
    assert near(found.scores, joy=0.6, fear=0.4)


def test_levels_that_were_written():
    told = [{"numbers": {"joy": n, "fear": 0}, "levels": {}} for n in (1, 2)]
    found = answered(task("ordinals"), LEVELS, *told)
    assert found == Answered(["joy"], None, {"joy": 2, "fear": 0})  # 1.5 is rounded up


def test_numbers_are_means_and_their_spread():
    told = {"levels": {"joy": [0.5, 0, 0.5], "fear": [0, 1, 0]}}
    found = answered(task("scalars"), NUMBERS, told)
    assert found.answer == {
        "joy": pytest.approx(0.5), "fear": pytest.approx(0.5), "spread": {"joy": pytest.approx(0.5), "fear": 0.0},
    }  # fmt: skip
    # Written ones have a spread if there are several: that of 0 and 1 is sqrt(.5), and 3 / 4 the mean of .5 and 1.
    one, two = {"numbers": {"joy": 0.0, "fear": 0.5}}, {"numbers": {"joy": 1.0, "fear": 1.0}}
    found = answered(task("scalars"), NUMBERS, one, two)
    assert found.answer == {
        "joy": 0.5, "fear": 0.75,
        "spread": {"joy": pytest.approx(0.5**0.5), "fear": pytest.approx(0.125**0.5)},
    }  # fmt: skip
    assert (answered(task("scalars"), NUMBERS, one).answer or {})["spread"] == {"joy": None, "fear": None}  # fmt: skip
    # Of windows, by length: (80 × 0 + 20 × 1) / 100.
    found = answered(task("scalars"), NUMBERS, ((0, 80), one), ((80, 100), two))
    assert (found.answer or {})["joy"] == pytest.approx(0.2)


def test_words_by_share_and_over_windows():
    told = [{"words": words} for words in (["sad", "lost"], ["sad"], ["glad", "sad"])]
    found = answered(task("words"), SEVERAL, *told)
    assert (found.labels, found.scores) == (["sad"], {"sad": 1.0})
    found = answered(task("words"), SEVERAL, ((0, 60), told[0]), ((50, 100), told[2]))
    assert (found.labels, found.scores) == (["sad", "lost", "glad"], None)


FIELDS = task(
    "fields",
    context={"turns": 2},
    fields=[
        {"name": "items", "kind": "items", "fields": [
            {"name": "kind", "kind": "label"}, {"name": "turn", "kind": "turn"}, {"name": "at", "kind": "span"},
        ]},
        {"name": "strength", "kind": "level", "range": [0, 9]},
        {"name": "share", "kind": "number", "range": [0, 1]},
        {"name": "sure", "kind": "flag"},
        {"name": "why", "kind": "text", "optional": True},
    ],
)  # fmt: skip


def item(kind: str, turn: int, start: int, end: int):
    return {"kind": kind, "turn": turn, "at": {"turn": turn, "start": start, "end": end}}


def fields(*items, strength=1, share=0.0, sure=False, why=None):
    said = {"strength": strength, "share": share, "sure": sure, "why": why}
    return {"fields": {"items": list(items), **said}}


def test_fields_of_windows():
    # The second window begins at 50: its 5 to 8 is the first one's 55 to 58, which the overlap gives twice.
    first = fields(item("joy", 0, 55, 58), strength=2, share=0.5, why=None)
    second = fields(
        item("joy", 0, 5, 8), item("fear", 0, 20, 22), strength=7, share=1.0, sure=True, why="b"
    )
    found = answered(FIELDS, SEVERAL, ((0, 60), first), ((50, 90), second))
    own = {"record_id": "own", "back": 0}
    assert found.answer == {
        "items": [
            {"kind": "joy", "turn": own, "at": {"record_id": "own", "start": 55, "end": 58}},
            {"kind": "fear", "turn": own, "at": {"record_id": "own", "start": 70, "end": 72}},
        ],
        "strength": 7,
        "share": pytest.approx((0.5 * 60 + 1.0 * 40) / 100),
        "sure": True,
        "why": "b",
    }  # fmt: skip
    assert (found.labels, found.scores) == (["joy", "fear"], None)


def test_turns_are_told_by_record():
    found = answered(FIELDS, SEVERAL, fields(item("fear", 1, 0, 4), item("fear", 2, 1, 3)))
    assert [each["at"] for each in (found.answer or {})["items"]] == [
        {"record_id": "turn1", "start": 0, "end": 4}, {"record_id": "turn2", "start": 1, "end": 3},
    ]  # fmt: skip
    assert found.labels == ["fear"]


def test_sentences_keep_their_answers():
    asked = task(unit="sentence", fields=[{"name": "at", "kind": "span", "optional": True}])
    one = p(joy=0.9, none=0.1) | {"fields": {"at": {"turn": 0, "start": 1, "end": 3}}}
    two = p(fear=0.2, none=0.8) | {"fields": {"at": None}}
    found = answered(asked, SEVERAL, ((0, 40), one), ((41, 100), two))
    assert found.answer == {
        "sentences": [
            {
                "span": {"record_id": "own", "start": 0, "end": 40},
                "labels": ["joy"],
                "at": {"record_id": "own", "start": 1, "end": 3},
            },
            {"span": {"record_id": "own", "start": 41, "end": 100}, "labels": ["none"], "at": None},
        ]
    }
    assert found.labels == ["joy"]
    assert near(found.scores, joy=0.9, fear=0.2, none=0.8)


def test_spans_of_a_document_lie_in_its_turns():
    row = Row("Bad day.", "b", role="client", context=(Turn("a", "helper", "How are you?"),))
    made = document(row)
    asked = task("fields", unit="document", fields=[{"name": "at", "kind": "span"}])
    start = made.text.index("Bad")
    told = {"fields": {"at": {"turn": 0, "start": start - 4, "end": start + 3}}}
    given = [(question(made.text, piece=(0, len(made.text))), told)]
    found = Deciding(asked, SEVERAL).answer(given, made)
    assert found.answer == {"at": {"record_id": "b", "start": 0, "end": 3}}
