"""Where somebody's sentiment turns: by valence, and as a language model names it."""

import pytest

from tests.transforms.sql.marts.base import run_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "student"}
ASPECTS = """CREATE TABLE labels_aspects (
    corpus VARCHAR, task VARCHAR, taxonomy VARCHAR, labeler VARCHAR, record_id VARCHAR, conversation_id VARCHAR,
    speaker VARCHAR, role VARCHAR, status VARCHAR,
    answer STRUCT(flips STRUCT(turn STRUCT(record_id VARCHAR, back SMALLINT),
    holder VARCHAR, target VARCHAR, aspect VARCHAR, initial VARCHAR, flipped VARCHAR, "trigger" VARCHAR)[]));"""


def talk(name, said, **question):
    """Turns of (speaker, valence), each beside the one before and the same speaker's before."""
    turns, last = [], {}
    for place, (speaker, valence) in enumerate(said, 1):
        row = QUESTION | question | {
            "record_id": f"{name}{place}", "conversation_id": name, "place": place, "speaker": speaker,
            "role": f"role-{speaker}" if speaker else None, "valence": valence,
        }  # fmt: skip
        if turns:
            before = turns[-1]
            row |= {
                "previous_record": before["record_id"], "previous_speaker": before["speaker"],
                "previous_role": before["role"], "previous_valence": before["valence"],
            }  # fmt: skip
        if speaker in last:
            row |= {"own_place": last[speaker]["place"], "own_valence": last[speaker]["valence"]}
        if speaker is not None:
            last[speaker] = row
        turns.append(row)
    return turns


def flips(turns, setup=""):
    return sorted(
        run_mart("sentiment_flips", {"turns": turns}, ASPECTS + setup),
        key=lambda row: (row["task"], row["record_id"]),
    )


def test_worked_by_hand():
    turns = talk(
        "x",
        [
            ("a", 0.5),  # 1
            ("b", -0.6),  # 2
            ("a", -0.4),  # 3: a from positive to negative, right after b
            ("a", 0.3),  # 4: and back, after its own turn: no trigger
            ("b", -0.2),  # 5: b stays negative
            ("a", 0.05),  # 6: too near to zero
            ("b", 0.9),  # 7: b turns positive, after a
            ("a", -0.9),  # 8: from .05, which is no sentiment
            (None, 0.9),  # 9: nobody
        ],
    )
    found = flips(turns)
    told = [
        (row["record_id"], row["own_place"], row["from_sentiment"], row["to_sentiment"])
        for row in found
    ]
    assert told == [
        ("x3", 1, "positive", "negative"), ("x4", 3, "negative", "positive"), ("x7", 5, "negative", "positive"),
    ]  # fmt: skip
    assert [row["change"] for row in found] == pytest.approx([-0.9, 0.7, 1.1])
    assert [row["trigger_record"] for row in found] == ["x2", None, "x6"]
    assert [row["trigger_speaker"] for row in found] == ["b", None, "a"]
    assert [row["trigger_role"] for row in found] == ["role-b", None, "role-a"]
    assert all(row["holder"] is None and row["trigger"] is None for row in found)


def test_the_dead_zone_is_closed_at_its_edge():
    assert len(flips(talk("x", [("a", 0.1), ("a", -0.1)]))) == 1
    assert flips(talk("x", [("a", 0.1), ("a", -0.09)])) == []


def test_what_a_model_names():
    """Of three turns; the flip is named at the third, against the first. In a text that stands alone there is none."""
    turns = talk("x", [("a", None), ("b", None), ("a", None)], task="aspects", taxonomy="polarity")
    named = (
        "{'turn': {'record_id': '%s', 'back': %d}, 'holder': 'speaker', 'target': 'the job', 'aspect': 'pay', \
'initial': '%s', 'flipped': '%s', 'trigger': 'logical_argumentation'}"
    )
    rows = [
        ("x3", "x", [named % ("x1", 2, "positive", "negative")]),
        ("x2", "x", [named % ("x1", 0, "positive", "negative")]),  # within one turn
        ("x1", "x", [named % ("x1", 1, "neutral", "neutral")]),  # to what it was
        ("y1", None, [named % ("gone", 1, "neutral", "positive")]),  # has no place
    ]
    values = ", ".join(
        f"('c', 'aspects', 'polarity', 'student', '{record}', {'NULL' if talk_ is None else repr(talk_)}, 'a', "
        f"'role-a', 'labeled', {{'flips': [{', '.join(given)}]}})"
        for record, talk_, given in rows
    )
    found = flips(turns, f"INSERT INTO labels_aspects VALUES {values};")
    assert [row["record_id"] for row in found] == ["x3", "y1"]
    told, alone = found
    assert (told["place"], told["own_place"]) == (3, 1)
    assert (told["from_sentiment"], told["to_sentiment"], told["change"]) == (
        "positive",
        "negative",
        None,
    )
    assert (told["trigger_record"], told["trigger_speaker"]) == ("x2", "b")
    assert (told["holder"], told["target"], told["aspect"]) == ("speaker", "the job", "pay")
    assert told["trigger"] == "logical_argumentation"
    assert (alone["place"], alone["own_place"], alone["trigger_record"]) == (None, None, None)


def test_empty_and_apart():
    assert flips([]) == []
    both = talk("x", [("a", 0.5), ("a", -0.5)]) + talk(
        "x", [("a", 0.5), ("a", 0.6)], labeler="other"
    )
    assert [row["labeler"] for row in flips(both)] == ["student"]
