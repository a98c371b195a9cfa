import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from schemas.taxonomy import load_taxonomy
from tests.transforms.read.reading import source_of
from transforms.read.chunk import POSITION, BadUnit, Limits
from transforms.read.edos import Edos
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns

READER = Edos()
HEADER = (
    "Count,Index,DialogID,Dialog,Agreed emotion (2/3 vote),"
    "Worker 1 answer,Worker 2 answer,Worker 3 answer\n"
)


def read(path: Path, **limits: int) -> tuple[pl.DataFrame, list[BadUnit], Counter[str], int]:
    """(mapped rows, bad units, skipped, units); each unit has exactly one outcome."""
    bounds, frames, bad, skipped, units = Limits(**limits), [], [], Counter(), 0
    columns = READER.columns([])
    assert columns is not None
    source = source_of(path)
    for chunk in READER.cut(source, bounds, {}):
        for batch in READER.parse(source, chunk, bounds, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD
            used = set(batch.frame[POSITION].to_list())
            outcomes = [*used, *(unit.position for unit in batch.bad)]
            assert len(set(outcomes)) == len(outcomes)
            assert batch.units == len(outcomes) + sum(batch.skipped.values())
            assert all(units <= position < units + batch.units for position in outcomes)
            mapped = map_columns(batch.frame, columns, Values(), READER.gold())
            assert mapped.bad == []
            frames.append(mapped.frame)
            bad += batch.bad
            skipped.update(batch.skipped)
            units += batch.units
    rows = pl.concat(frames) if frames else pl.DataFrame()
    return rows, sorted(bad, key=lambda unit: unit.position), skipped, units


def entry(
    label: str, annotator: str | None, task: str = "emotion", taxonomy: str = "edos"
) -> dict[str, Any]:
    return {
        "task": task,
        "taxonomy": taxonomy,
        "label_set": None,
        "split": None,
        "annotator": annotator,
        "labels": [label],
        "value": None,
    }


def test_a_dialogue_is_turns_with_gold_on_the_last(tmp_path: Path) -> None:
    text = HEADER + (
        '1,0.9-7,70,"Is it you ?\r\nYes , me .\n\n I ""knew"" it !\n",Joyful,Joyful,Joyful,Excited\n'
        "2,0.8-8,80,It was chilly .,-,Neutral (Other),Anxious,Forgetful (Other)\n"
        "3,0.8-9,80,It was chilly .,-,,,\n"
    )
    assert READER.matches("any.csv", text.encode())
    path = tmp_path / "any.csv"
    path.write_bytes(text.encode())
    rows, bad, skipped, units = read(path)
    assert (bad, skipped, units) == ([], {"header": 1}, 4)
    assert rows["text"].to_list() == [
        "Is it you ?",
        "Yes , me .",
        'I "knew" it !',
        "It was chilly .",
        "It was chilly .",
    ]
    assert rows["turn"].to_list() == [0, 1, 2, 0, 0]
    assert rows["id"].to_list() == ["0.9-7/0", "0.9-7/1", "0.9-7/2", "0.8-8/0", "0.8-9/0"]
    assert rows["conversation_id"].to_list() == ["0.9-7"] * 3 + ["0.8-8", "0.8-9"]
    assert rows[POSITION].to_list() == [1, 1, 1, 2, 3]
    assert rows["meta"].to_list()[3] == [{"key": "DialogID", "value": "80"}]
    assert rows["lang"].to_list() == ["en"] * 5
    assert rows["gold"].to_list() == [
        None,
        None,
        [entry("Joyful", None), entry("Joyful", "1"), entry("Joyful", "2"), entry("Excited", "3")],
        [
            entry("Neutral (Other)", "1"),
            entry("Anxious", "2"),
            entry("Forgetful (Other)", "3"),
        ],
        None,
    ]


def test_intents_that_two_agree_on(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_text(
        HEADER + "1,a,1,Why ?,Questioning,Questioning,Sad, Questioning\n"
        "2,b,2,Yes .,Neutral,Neutral,Neutral,Agreeing\n"
        "3,c,3,No !,Angry,Angry,Questioning,Angry\n"
        "4,d,4,Hm .,-,Questioning,Agreeing,Neutral (Other)\n"
        "5,e,5,Hm .,Neutral (Other),Neutral (Other),Neutral (Other),Neutral\n"
    )
    gold = [
        [each for each in entries if each["task"] == "intent"]
        for entries in read(path)[0]["gold"].to_list()
    ]
    intent = {"task": "intent", "taxonomy": "empathetic_intents"}
    assert gold == [
        [
            entry("questioning", None, **intent),
            entry("questioning", "1", **intent),
            entry("questioning", "3", **intent),
        ],
        [
            entry("neutral", None, **intent),
            entry("neutral", "1", **intent),
            entry("neutral", "2", **intent),
            entry("agreeing", "3", **intent),
        ],
        [],
        [],
        [],
    ]


def test_bad_rows(tmp_path: Path) -> None:
    data = HEADER.encode() + (
        b'1,i1,1," \n ",Sad,Sad,Sad,Sad\n2,,2,hello,Sad,Sad,Sad,Sad\n3,i3\n\n'
        b"5,i5,5,\xff,Sad,Sad,Sad,Sad\n,,,,,,,\n7,i7,7,fine,Sad,Sad,Sad,Sad"
    )
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    for records in (1, 100):
        rows, bad, skipped, _ = read(path, records=records)
        assert [(unit.position, unit.error_class) for unit in bad] == [
            (1, "missing_text"),
            (2, "missing_id"),
            (3, "ragged_row"),
            (5, "invalid_utf8"),
            (6, "missing_text"),
        ]
        assert skipped == {"header": 1, "blank_line": 1}
        assert rows["text"].to_list() == ["fine"]


@pytest.mark.parametrize("data", ["", "\n\n", HEADER])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(data)
    rows, bad, _, units = read(path, records=1)
    assert (rows.height, bad, units) == (0, [], data.count("\n"))


def test_a_dialogue_too_long_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + f"1,i,1,{'y' * 5000},-,a,b,c\n2,j,2,fine,-,a,b,c\n")
    rows, bad, _, _ = read(path, record_bytes=1000, bytes=2000)
    assert [(unit.position, unit.error_class) for unit in bad] == [(1, "unit_too_long")]
    assert rows["text"].to_list() == ["fine"]


def test_other_tables_are_refused(tmp_path: Path) -> None:
    other = "Count,Index,Dialog\n1,2,hello\n"
    assert not READER.matches("a.csv", other.encode())
    assert not READER.matches("a.csv", b"")
    path = tmp_path / "a.csv"
    path.write_text(other)
    with pytest.raises(SourceError, match="no column 'DialogID'"):
        READER.found(source_of(path), {})
    with pytest.raises(SourceError, match="no column 'DialogID'"):
        read(path)


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.zst"
    rows = "".join(f"{i},x{i},{i},hello {i * 7919},-,a,b,c\n" for i in range(50_000))
    path.write_bytes(zstandard.compress((HEADER + rows).encode())[:-5000])
    chunks = []
    with pytest.raises(SourceError, match=r"a\.csv"):
        chunks += READER.cut(source_of(path), Limits(records=10), {})
    assert chunks


@pytest.mark.parametrize("records", [97, 125_000])
def test_the_release(shared_data: Path, records: int) -> None:
    path = shared_data / "conversation/edos_mturk_groundtruth.csv.zst"
    with path.open("rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert READER.matches("edos_mturk_groundtruth.csv", data[: 1 << 20])
    theirs = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    rows, bad, _, units = read(path, records=records)
    assert (bad, units) == ([], 7_123 + 1)  # SOURCES.md, and the header
    assert rows[POSITION].n_unique() == rows["conversation_id"].n_unique() == len(theirs) == 7_123
    assert rows["text"].to_list() == [
        line.strip() for row in theirs for line in row["Dialog"].split("\n")
    ]
    assert rows["id"].is_unique().all()
    gold = rows.filter(pl.col("gold").is_not_null())["gold"].to_list()
    assert len(gold) == 7_123
    for entries, row in zip(gold, theirs, strict=True):
        by = {each["annotator"]: each["labels"] for each in entries if each["task"] == "emotion"}
        assert [by[str(n)] for n in (1, 2, 3)] == [
            [row[f"Worker {n} answer"].strip()] for n in (1, 2, 3)
        ]
        agreed = row["Agreed emotion (2/3 vote)"]
        assert by.get(None) == (None if agreed == "-" else [agreed])
    nine = set(load_taxonomy("empathetic_intents").names)
    intents = [
        each["labels"][0]
        for entries in gold
        for each in entries
        if each["task"] == "intent" and each["annotator"] is None
    ]
    voted = [row["Agreed emotion (2/3 vote)"].lower() for row in theirs]
    assert Counter(intents) == Counter(label for label in voted if label in nine)
