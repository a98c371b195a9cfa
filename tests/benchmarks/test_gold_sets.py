"""Gold sets: majorities and scales by hand, and the rows of each set against SOURCES.md."""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from benchmarks.gold_frames import label_frame, value_frame
from benchmarks.gold_sets import GOLD_SETS, read_annotated, read_gold
from jobs.evaluation.frame import units_of
from jobs.evaluation.gold import LabelGold, gold_of
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.read.gold_cells import GOLD


def entry(
    taxonomy: str, labels: list[str] | None, annotator: str | None = None, **more: Any
) -> Any:
    made = {"task": "t", "taxonomy": taxonomy, "label_set": None, "split": None, "value": None}
    return made | {"annotator": annotator, "labels": labels} | more


def records(*gold: Any) -> pl.DataFrame:
    rows = len(gold)
    return pl.DataFrame(
        {
            "text": [f"text {n}" for n in range(rows)],
            "lang": ["de"] + [None] * (rows - 1),
            "conversation_id": ["c"] * rows,
            "gold": pl.Series(list(gold), dtype=GOLD),
        }
    )


def test_more_than_half_decide() -> None:
    """Two of three; of a taxonomy where several labels may hold, each is decided by itself."""
    frame = label_frame(
        records(
            [
                entry("premo", given, str(n))
                for n, given in enumerate([["joy", "love"], ["joy"], []])
            ],
            [entry("premo", given, str(n)) for n, given in enumerate([["fear"], ["anger"]])],
            None,
            [entry("premo", []), entry("premo", ["joy"], "1")],
            [entry("edos", ["Sad"])],
        ),
        "t",
        load_taxonomy("premo"),
    )
    assert frame["text"].to_list() == ["text 0", "text 1", "text 3"]
    assert frame["labels"].to_list() == [["joy"], [], []]
    assert frame["group"].to_list() == frame["text"].to_list()
    assert frame["lang"].to_list() == ["de", "en", "en"]
    assert frame["annotators"].list.len().to_list() == [3, 2, 1]
    assert frame["annotators"].to_list()[0][0] == {"annotator": "0", "labels": ["joy", "love"]}


def test_where_one_label_holds_no_majority_is_no_gold() -> None:
    frame = label_frame(
        records(
            [
                entry("annomi_client", [given], str(n))
                for n, given in enumerate(["change", "sustain"])
            ],
            [
                entry("annomi_client", [given], str(n))
                for n, given in enumerate(["change"] * 2 + ["neutral"])
            ],
            [entry("annomi_client", ["of another taxonomy"])],
        ),
        "t",
        load_taxonomy("annomi_client"),
        "conversation_id",
    )
    assert frame["labels"].to_list() == [None, ["change"], None]
    assert frame["group"].to_list() == ["c"] * 3


def test_none_of_all_is_neutral_none_of_some_is_not() -> None:
    frame = label_frame(
        records([entry("ekman", [], split="dev")], [entry("ekman", [], label_set="fear joy")]),
        "t",
        load_taxonomy("ekman"),
    )
    assert frame["labels"].to_list() == [["neutral"], []]
    assert frame["label_set"].to_list() == [None, ["fear", "joy"]]
    assert frame["split"].to_list() == ["dev", None]


def test_training_and_evaluation_take_the_same_gold() -> None:
    """BRIGHTER's English rows ask for five emotions: of neutral they say nothing, in both places."""
    five = "anger fear joy sadness surprise"
    rows = [
        [entry("ekman", [], label_set=five)],
        [entry("ekman", ["joy"], label_set=five)],
        [entry("ekman", [])],
        [entry("ekman", [given], str(n)) for n, given in enumerate(["joy", "fear", "anger"])],
        [entry("ekman", given, str(n)) for n, given in enumerate([[], ["joy"], []])],
        [entry("ekman", [], label_set=f"disgust {five} neutral")],
    ]
    for entries in rows:
        for each in entries:
            each["task"] = "emotion"
    taxonomy = load_taxonomy("ekman")
    frame = label_frame(records(*rows), "emotion", taxonomy)
    expected = [[], ["joy"], ["neutral"], [], ["neutral"], ["neutral"]]
    in_frame = [*expected[:3], None, *expected[4:]]  # no majority: an empty list would say neutral
    assert frame["labels"].to_list() == in_frame
    emotion = load_task("emotion")
    for column, held, of in (
        (records(*rows)["gold"], expected, [True] * 6),
        (units_of(frame, emotion, taxonomy)["gold"], expected, [True] * 3 + [False] + [True] * 2),
    ):
        truth = gold_of(column, emotion, taxonomy).truth
        assert isinstance(truth, LabelGold)
        cells = zip(truth.holds, truth.asked, strict=True)
        names = [
            [name for name, holds in zip(taxonomy.names, row, strict=True) if holds]
            for row, _ in cells
        ]
        assert names == held
        assert truth.asked[:, taxonomy.names.index("joy")].tolist() == of
        told = truth.asked[:, [taxonomy.names.index(name) for name in ("neutral", "disgust")]]
        assert told.tolist() == [[False] * 2] * 2 + [[each] * 2 for each in of[2:]]


def test_numbers_go_to_the_range_of_answers() -> None:
    """EmoBank's 1 to 5 to 0 to 1; what was put together first, else the mean of the annotators."""

    def rating(value: float, dimension: str, annotator: str | None = None) -> Any:
        return entry("vad", None, annotator, label_set=dimension, value=value)

    frame = value_frame(
        records(
            [rating(5, "valence"), rating(2, "arousal"), rating(1, "valence", "r")],
            [rating(3, "valence", "r"), rating(2, "valence", "s")],
        ),
        "t",
        load_taxonomy("vad"),
    )
    assert frame["valence"].to_list() == [1, 0.375]
    assert frame["arousal"].to_list() == [0.25, None]
    assert frame["dominance"].to_list() == [None, None]
    assert [each["valence"] for each in frame["annotators"].to_list()[1]] == [0.5, 0.25]


# Set: (rows that are annotated, languages); from SOURCES.md, where it says so.
COUNTS = {
    "goemotions": (43_410 + 5_426, 1),
    "brighter": (63_940 + 8_291, 28),
    "brighter_intensity": (22_457, 10),
    "xed": (12_212 + 6_812 + 9_982 + 7_442, 2),
    "emobank": (9_062, 1),
    "topical_chat": (23_373, 1),
    "edos": (7_123, 1),
    "multidogo": (93_261, 1),
    "premo": (1_235, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
def test_rows_are_those_of_the_sources(shared_data: Path, name: str) -> None:
    found = read_annotated(name, shared_data)
    assert (found.frame.height, found.frame["lang"].n_unique()) == COUNTS[name]
    assert found.frame["text"].null_count() == found.frame["group"].null_count() == 0
    if found.task.answer == "labels":
        labels = set(found.frame["labels"].explode(empty_as_null=False).drop_nulls())
        assert labels == set(found.taxonomy.names)
    else:
        low, high = found.taxonomy.range or (0, 0)
        values = found.frame.select(found.taxonomy.names)
        assert values.select(pl.min_horizontal(pl.all().min())).item() >= low
        assert values.select(pl.max_horizontal(pl.all().max())).item() <= high
    ratings = found.frame["annotators"].explode(empty_as_null=False).drop_nulls()
    expected = {"emobank": 45_583 + 45_644, "edos": 3 * 7_123, "premo": 3 * 1_235}
    assert len(ratings) == {"topical_chat": 23_373, **expected}.get(name, 0)


def test_every_set_is_counted() -> None:
    assert set(GOLD_SETS) == {*COUNTS, "edos_intents", "annomi_therapist", "annomi_client"}


def table(path: Path) -> list[dict[str, str]]:
    raw = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("annomi_therapist", "main_therapist_behaviour"),
        ("annomi_client", "client_talk_type"),
    ],
)
def test_annomi_is_the_majority(shared_data: Path, name: str, column: str) -> None:
    given: dict[tuple[str, str], list[str]] = {}
    for row in table(shared_data / "clinical/annomi_full.csv.zst"):
        if row[column] not in ("", "n/a"):
            given.setdefault((row["transcript_id"], row["utterance_id"]), []).append(row[column])
    most = [(*Counter(labels).most_common(1)[0], len(labels)) for labels in given.values()]
    decided = [label for label, votes, people in most if votes * 2 > people]
    frame = read_gold(name, shared_data).frame
    assert frame["labels"].to_list() == [[label] for label in decided]
    assert Counter(frame["annotators"].list.len()).keys() == {1, 10}


@pytest.mark.slow
def test_edos_intents_are_the_votes_on_them(shared_data: Path) -> None:
    rows = table(shared_data / "conversation/edos_mturk_groundtruth.csv.zst")
    names = load_taxonomy("empathetic_intents").names
    votes = [(row["Agreed emotion (2/3 vote)"].lower(), row) for row in rows]
    expected = [(vote, row) for vote, row in votes if vote in names]
    frame = read_gold("edos_intents", shared_data).frame
    assert frame["labels"].to_list() == [[vote] for vote, _ in expected]
    assert frame["group"].to_list() == [row["DialogID"] for _, row in expected]
    last = [[x for x in re.split(r"\r?\n", row["Dialog"]) if x.strip()][-1] for _, row in expected]
    assert frame["text"].to_list() == [line.strip() for line in last]
