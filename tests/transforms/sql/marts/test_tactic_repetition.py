import pytest

from tests.transforms.sql.marts.texts import run_text_mart

QUESTION = {"corpus": "c", "task": "support_strategy", "taxonomy": "esconv", "labeler": "vllm"}


def talk(*turns, conversation="k", **question):
    """Tables of one conversation from (speaker, tactics, text)."""
    answers, placed, texts, before = [], [], [], {}
    for i, (speaker, tactics, text) in enumerate(turns):
        row = QUESTION | question | {
            "record_id": f"{conversation}{i}", "conversation_id": conversation, "speaker": speaker, "bucket": 1,
            "role": {"s": "supporter", "k": "seeker"}.get(speaker),
        }  # fmt: skip
        answers.append(row | {"labels": tactics})
        own = before.get(speaker) if speaker else None
        placed.append(row | {"place": i + 1, "own_place": own})
        before[speaker] = i + 1
        texts.append({"record_id": row["record_id"], "text": text, "lang": "en"})
    return {"answers": answers, "turns": placed, "texts": texts}


def together(*tables):
    return {
        name: [row for each in tables for row in each[name]]
        for name in ("answers", "turns", "texts")
    }


def repetition(tables):
    rows = run_text_mart("tactic_repetition", tables)
    return {
        tuple(row[key] for key in ("corpus", "labeler", "conversation_id", "speaker")): row
        for row in rows
    }


TALK = (
    ("s", ["question", "reflect"], "how are you doing today"),
    ("k", [], "how are you doing"),
    ("s", ["reflect"], "so how are you doing there"),
    ("k", ["other"], "fine"),
    ("s", ["reflect", "suggest"], "you could rest"),
    ("k", ["other"], "how are you doing, how are you, how are you now"),
    ("s", [], "You doing today? you doing there?"),
    ("s", ["suggest"], "well"),
    ("s", ["praise"], "how are [NAME] you doing today"),
)


def test_worked_by_hand():
    rows = repetition(talk(*TALK))
    row = rows["c", "vllm", "k", "s"]
    # Tactics of s: question + reflect, reflect: 1 of 2 comes again; reflect, reflect + suggest: 1 of 1;
    # reflect + suggest, none: 0 of 2; none before suggest: no pair; suggest, praise: 0 of 1. Mean of 4: 1.5 / 4.
    assert (row["turns"], row["pairs"], row["source"], row["role"]) == (
        6,
        4,
        "strategies",
        "supporter",
    )
    assert row["label_repetition"] == pytest.approx(1.5 / 4)
    # Trigrams of s: 1 "how are you", "are you doing", "you doing today".
    #   2 "so how are", HOW ARE YOU, ARE YOU DOING, "you doing there": 2 of 4 again
    #   3 "you could rest": 0 of 1
    #   4 YOU DOING TODAY, "doing today you", "today you doing", YOU DOING THERE: 2 of 4
    #   5 none; 6 "you doing today" after the placeholder, which parts: YOU DOING TODAY: 1 of 1
    assert row["wording_repetition"] == pytest.approx((2 / 4 + 0 + 2 / 4 + 1) / 4)
    # k: none before other: no pair; other, other: 1 of 1. Trigrams: "how are you", "are you doing"; none; then
    # HOW ARE YOU, ARE YOU DOING, "you doing how", "doing how are", HOW ARE YOU, "are you how", "you how are",
    # HOW ARE YOU, "are you now": 4 of 9.
    row = rows["c", "vllm", "k", "k"]
    assert (row["turns"], row["pairs"], row["label_repetition"]) == (3, 1, 1)
    assert row["wording_repetition"] == pytest.approx(4 / 9)
    assert len(rows) == 2


def test_twice_in_one_turn_is_not_again():
    rows = repetition(
        talk(
            ("s", ["a"], "one two three one two three"),
            ("s", ["a"], "two three four two three four"),
        )
    )
    # The first says: one two three (twice), two three one, three one two. None of them is in the second, which says
    # two three four twice.
    assert rows["c", "vllm", "k", "s"]["wording_repetition"] == 0


def test_one_turn_and_nobody():
    assert repetition(talk(("s", ["a"], "one two three"), ("k", ["a"], "one two three"))) == {}
    assert repetition(talk((None, ["a"], "one two three"), (None, ["a"], "one two three"))) == {}
    assert repetition({}) == {}


def test_no_texts():
    tables = talk(*TALK) | {"texts": []}
    row = repetition(tables)["c", "vllm", "k", "s"]
    assert (row["label_repetition"], row["wording_repetition"]) == (pytest.approx(1.5 / 4), None)


def test_conversations_labelers_and_corpora_are_kept_apart():
    alone = repetition(talk(*TALK))
    again = talk(*TALK, conversation="l")  # says all of it again, in another conversation
    other = talk(*TALK, conversation="m", corpus="d", task="talk_type")
    third = talk(*((speaker, ["x"], text) for speaker, _, text in TALK), labeler="student")
    tables = together(talk(*TALK), again, other, third)
    tables["texts"] = [row for each in (talk(*TALK), again, other) for row in each["texts"]]
    rows = repetition(tables)
    assert rows["c", "vllm", "k", "s"] == alone["c", "vllm", "k", "s"]
    assert (
        rows["c", "vllm", "l", "s"]["wording_repetition"]
        == alone["c", "vllm", "k", "s"]["wording_repetition"]
    )
    assert rows["d", "vllm", "m", "s"]["source"] == "states"
    assert rows["c", "student", "k", "s"]["label_repetition"] == 1
    assert len(rows) == 8


def test_a_corpus_without_tactics_has_wording_of_its_first_question():
    tables = together(
        talk(*TALK, task="toxicity"), talk(*TALK, task="emotion"), talk(*TALK, task="vad")
    )
    tables["texts"] = talk(*TALK)["texts"]
    rows = repetition(tables)
    assert {row["task"] for row in rows.values()} == {"emotion"}
    row = rows["c", "vllm", "k", "k"]
    assert (row["source"], row["label_repetition"], row["pairs"], row["turns"]) == (
        "wording",
        None,
        None,
        3,
    )
    assert row["wording_repetition"] == pytest.approx(4 / 9)
