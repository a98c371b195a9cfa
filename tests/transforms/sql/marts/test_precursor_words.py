from math import log, sqrt

import pytest

from tests.transforms.sql.marts.texts import run_text_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "student"}
HOSTILE = {"anger", "disgust"}
LABELS = [
    {"taxonomy": "ekman", "label": label, "sentiment": sentiment}
    for label, sentiment in [
        ("anger", "negative"), ("sadness", "negative"), ("joy", "positive"), ("neutral", "neutral"),
    ]
]  # fmt: skip


def talk(*turns, conversation="k", **question):
    """Tables of one conversation from (speaker, state, text); each turn follows the one before."""
    answers, said, before = [], [], None
    for i, (speaker, state, text) in enumerate(turns):
        row = QUESTION | question | {
            "record_id": f"{conversation}{i}", "conversation_id": conversation, "speaker": speaker, "state": state,
            "hostile": state in HOSTILE, "bucket": ord(speaker[0]) % 64 if speaker else i,
            "role": {"h": "host", "g": "guest"}.get((speaker or "-")[0]),
        }  # fmt: skip
        place = {"place": i + 1}
        if before:
            place |= {
                "previous_record": before["record_id"], "previous_speaker": before["speaker"],
                "previous_state": before["state"], "previous_hostile": before["hostile"],
            }  # fmt: skip
        answers.append(row | place)
        said.append({"record_id": row["record_id"], "text": text, "lang": "en"})
        before = row
    return {
        "answers": [{k: v for k, v in row.items() if "previous" not in k and k != "place"} for row in answers],
        "turns": answers,
        "texts": said,
        "label_info": LABELS,
    }  # fmt: skip


def together(*tables):
    return {
        name: [row for each in tables for row in each[name]]
        for name in ("answers", "turns", "texts")
    } | {"label_info": LABELS}


def words(tables, **changed):
    told = {"min_records": 2, "min_speakers": 1, "prior_words": 10, "top": 50} | changed
    return run_text_mart("precursor_words", tables, **told)


TALK = (
    ("h", "neutral", "you want that"),  # followed by anger
    ("g", "anger", "want want want"),  # is hostile itself
    ("h", "neutral", "you want more"),  # followed by anger
    ("g", "anger", "that that"),  # is hostile itself
    ("h", "neutral", "fine that"),  # followed by joy
    ("g", "joy", "fine fine"),  # a guest's, followed by sadness
    ("h", "sadness", "you you"),  # in a negative state itself; followed by neutral
    ("g", "neutral", "more more"),  # the same speaker goes on
    ("g", "anger", "fine"),  # is hostile itself
    ("h", "joy", "want fine more"),  # followed by nobody
)


def test_worked_by_hand():
    rows = {
        (row["role"], row["label"], row["words"], row["expression"]): row
        for row in words(together(talk(*TALK)))
    }
    # The host's turns before hostile ones: k0, k2 (you 2, want 2, that, more = 6 words); the others that are not
    # hostile and that the guest follows: k4 (fine, that), k6 (you 2) = 4.
    want = rows["host", "hostile", 1, "want"]
    assert (want["n"], want["n_rest"], want["total"], want["total_rest"]) == (2, 0, 6, 4)
    assert (want["records"], want["speakers"]) == (2, 1)
    # The prior is of what is compared, 10 words, not of the corpus: a = 10 * 2 / 10 = 2:
    # (2 + 2) / (16 - 4) against 2 / (14 - 2), that is 4 / 12 against 2 / 12
    a, odds = 2, log(2)
    assert want["log_odds"] == pytest.approx(odds)
    assert want["z"] == pytest.approx(odds / sqrt(1 / (2 + a) + 1 / a))
    # you: 2 of 6 against 2 of 4 is below.
    assert ("host", "hostile", 1, "you") not in rows
    # Before anger: the host's turns in no negative state, so not k6: the rest is k4 alone (fine, that).
    state = rows["host", "anger", 1, "you"]
    assert (state["n"], state["n_rest"], state["total"], state["total_rest"]) == (2, 0, 6, 2)
    # Pairs twice or more: you want (k0, k2), want want (k1). The rest has neither: nothing to compare with.
    assert {words for _, _, words, _ in rows} == {1}
    # A guest's turn before sadness is one record, fewer than two.
    assert {role for role, *_ in rows} == {"host"}
    assert {label for _, label, *_ in rows} == {"hostile", "anger"}


def test_one_speaker():
    tables = talk(*((("h", state, text)) for _, state, text in TALK))
    assert words(tables) == []
    # Everybody unknown: nobody can be told to be another.
    assert words(talk(*(((None, state, text)) for _, state, text in TALK))) == []


def test_few_speakers_are_not_shown():
    assert words(talk(*TALK), min_speakers=2) == []
    other = talk(*((speaker + "2", state, text) for speaker, state, text in TALK), conversation="l")
    for row in other["turns"]:
        row["bucket"] = 63
    assert {row["speakers"] for row in words(together(talk(*TALK), other), min_speakers=2)} == {2}


def test_nobody_hostile():
    assert words(talk(*((speaker, "joy", text) for speaker, _, text in TALK))) == []


def test_hostility_that_cannot_be_told():
    tables = talk(*TALK)
    for row in tables["turns"]:
        row["hostile"] = None
    assert {row["label"] for row in words(tables)} == {"anger"}


def test_no_rows():
    assert words({}) == []


def test_labelers_and_corpora_are_kept_apart():
    alone = words(talk(*TALK))
    calm = talk(*((speaker, "joy", text) for speaker, _, text in TALK), labeler="vllm")
    other = talk(*TALK, conversation="z", corpus="d")
    tables = together(talk(*TALK), calm, other) | {"texts": talk(*TALK)["texts"] + other["texts"]}
    rows = words(tables)
    kept = [row for row in rows if row["corpus"] == "c"]
    key = lambda row: (row["label"], row["words"], row["expression"])  # noqa: E731
    assert sorted(kept, key=key) == sorted(alone, key=key)
    assert {row["corpus"] for row in rows} == {"c", "d"}
    assert {row["labeler"] for row in rows} == {"student"}


def test_a_turn_that_two_answer():
    # In a tree two answer h0: one in anger, one not. It is a turn before anger.
    tables = talk(
        ("h", "neutral", "why why"),
        ("g", "joy", "yes yes"),
        ("x", "anger", "no no"),
        ("h", "joy", "so so"),
    )
    tables["turns"][2] |= {"previous_record": "k0", "previous_speaker": "h"}
    tables["turns"][3] |= {"previous_record": "k1", "previous_speaker": "g"}
    other = talk(
        ("h", "neutral", "why why"),
        ("g", "anger", "no no"),
        ("h", "neutral", "ah ah"),
        ("g", "joy", "oh"),
        conversation="l",
    )
    rows = words(together(tables, other))
    assert {(row["label"], row["words"], row["expression"], row["n"]) for row in rows if row["role"] == "host"} >= {
        ("hostile", 1, "why", 4), ("anger", 1, "why", 4),
    }  # fmt: skip
