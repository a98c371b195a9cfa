"""What a row of labels comes to, worked by hand."""

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

from schemas.datasets.labels import labels_schema
from schemas.taxonomy import load_taxonomy
from transforms.marts.answers import answers
from transforms.marts.polarity import UNKNOWN, Polarity, polarity_of

EKMAN = polarity_of("emotion", load_taxonomy("ekman"))
FIRST = "0" * 32


def row(
    labels: list[str] | None, scores: dict[str, float] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "record_id": FIRST,
        "sample_key": 0,
        "corpus": "c",
        "domain": "social",
        "partition": "2026-03-01",
        "task": "emotion",
        "task_version": "1",
        "taxonomy": "ekman",
        "taxonomy_version": "1",
        "labeler": "someone",
        "labeler_version": "1",
        "status": "labeled",
        "labels": labels,
        "scores": None
        if scores is None
        else [{"label": label, "probability": p} for label, p in scores.items()],
    } | more


def made(
    *rows: dict[str, Any], polarity: Polarity = EKMAN, schema: pa.Schema | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    table = pa.Table.from_pylist(list(rows), schema=schema or labels_schema("labels", ()))
    found, sums = answers(table, polarity)
    return found.to_pylist(), sums.to_pylist()


def test_state_is_the_most_probable_of_the_given_labels():
    scores = {"joy": 0.5, "sadness": 0.6, "anger": 0.9, "neutral": 0.1}
    found, _ = made(row(["joy", "sadness"], scores), row(["joy"], scores), row([], scores))
    assert [each["state"] for each in found] == ["sadness", "joy", None]
    assert found[0]["confidence"] == pytest.approx(0.6)
    assert found[2]["confidence"] is None
    # At equal probabilities the one that stands first among the scores.
    tie, _ = made(row(["sadness", "joy"], {"joy": 0.5, "sadness": 0.5}))
    assert tie[0]["state"] == "joy"


def test_valence_is_the_mean_of_what_labels_mean():
    found, _ = made(
        # joy +1, sadness and anger -1, surprise and neutral 0: (.6 - .2 - .1) / (.6 + .2 + .1 + .3)
        row(["joy"], {"joy": 0.6, "sadness": 0.2, "anger": 0.1, "surprise": 0.3}),
        # No probabilities: the mean of the given labels, (1 - 1 - 1) / 3
        row(["joy", "sadness", "fear"]),
        row(["neutral"]),
        row([]),
    )
    assert [each["valence"] for each in found] == [
        pytest.approx(0.25), pytest.approx(-1 / 3), 0.0, None,
    ]  # fmt: skip


def test_hostile_is_anger_or_disgust_and_of_toxicity_any_kind():
    found, _ = made(row(["joy", "anger"]), row(["fear"]), row([]))
    assert [each["hostile"] for each in found] == [True, False, False]
    toxicity = polarity_of("toxicity", load_taxonomy("perspective"))
    found, _ = made(row(["insult"]), row([]), polarity=toxicity)
    assert [each["hostile"] for each in found] == [True, False]
    found, _ = made(row(["tense"]), polarity=UNKNOWN)
    assert (found[0]["hostile"], found[0]["valence"], found[0]["state"]) == (None, None, "tense")


def test_mappings_of_other_taxonomies():
    goemotions = polarity_of("emotion", load_taxonomy("goemotions"))
    assert goemotions.values(["annoyance", "gratitude", "curiosity"]) == [-1, 1, 0]
    assert goemotions.hostile(["annoyance", "gratitude", "disgust"]) == [True, False, True]
    assert goemotions.hostile(["disapproval"]) == [False]  # an opinion, if it stands alone
    # Parrott's tree has no groups of sentiment: it goes by way of Ekman's emotions.
    parrott = polarity_of("emotion", load_taxonomy("parrott"))
    assert parrott.values(["love", "sadness"]) == [1, -1]


def test_days_are_days_in_utc():
    late = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-2)))
    found, _ = made(row(["joy"], created_at=late), row(["joy"]))
    assert [each["day"] for each in found] == [dt.date(2026, 3, 2), None]


def test_bucket_is_of_the_speaker_else_of_the_record():
    found, _ = made(row(["joy"], speaker="ff" + "0" * 30), row(["joy"], record_id="41" + "0" * 30))
    assert [each["bucket"] for each in found] == [0xFF % 64, 0x41 % 64]


def test_where_nobody_is_known_a_conversation_is_one_person():
    talk, record = "22" + "0" * 30, "41" + "0" * 30
    found, _ = made(
        row(["joy"], record_id=record, conversation_id=talk),
        row(["joy"], record_id=record, domain="clinical"),
        row(["joy"], record_id="35" + "0" * 30, domain="clinical"),
    )
    # A clinical text that stands alone says nothing of how many people there are.
    assert [each["bucket"] for each in found] == [0x22, 0, 0]


def test_numbers_of_vad():
    schema = labels_schema("scalars", ("valence", "arousal", "dominance"))
    told = {"valence": 0.75, "arousal": 0.5, "dominance": 0.25}
    found, sums = made(
        row(None, answer=told), row(None, answer=None), polarity=UNKNOWN, schema=schema
    )
    assert [(each["valence"], each["arousal"], each["state"]) for each in found] == [
        (0.5, 0.5, None), (None, None, None),
    ]  # fmt: skip
    assert sums == []


def test_sums_of_probabilities_by_day_and_role():
    day = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    _, sums = made(
        row(["joy"], {"joy": 0.5, "fear": 0.25}, created_at=day, role="host"),
        row([], {"joy": 0.25, "fear": 0.5}, created_at=day, role="host"),
        row(["joy"], {"joy": 1.0, "fear": 0.0}, created_at=day),
        row(["joy"], created_at=day, role="host"),  # has none: is not in n
    )
    found = {(each["role"], each["label"]): (each["n"], each["probability"]) for each in sums}
    assert found == {
        ("host", "joy"): (2, 0.75), ("host", "fear"): (2, 0.75), (None, "joy"): (1, 1.0), (None, "fear"): (1, 0.0),
    }  # fmt: skip


def test_no_rows():
    table = labels_schema("labels", ()).empty_table()
    found, sums = answers(table, EKMAN)
    assert (found.num_rows, sums.num_rows) == (0, 0)
