import csv
import gzip
import io
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.ingest.records import merge_annotations
from transforms.read.annomi import AnnoMi
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits
from transforms.read.mapping import map_columns

READER = AnnoMi()
HEADER = (
    "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor,timestamp,"
    "utterance_text,annotator_id,therapist_input_exists,therapist_input_subtype,reflection_exists,"
    "reflection_subtype,question_exists,question_subtype,main_therapist_behaviour,client_talk_type\n"
)
VIDEO = 'high,7,"Talk with ""Ann""",https://example.org/v,weight loss ,'
CLIENT = "n/a,n/a,n/a,n/a,n/a,n/a,n/a"
ROWS = (
    f'{VIDEO}0,therapist,00:01:05,"So, how?",3,False,n/a,True,complex,True,open,question,n/a\n'
    f'{VIDEO}0,therapist,00:01:05,"So, how?",8,False,n/a,False,n/a,False,n/a,other,n/a\n'
    f"{VIDEO}1,client,01:00:10,[laughs] Well [unintelligible 00:01:33] no.,3,{CLIENT},sustain\n"
    f"{VIDEO}1,client,01:00:10,[laughs] Well [unintelligible 00:01:33] no.,8,{CLIENT},neutral\n"
    f"low,8,V,u,t,0,client,00:00:00,[sighs],3,{CLIENT},change\n"
)


class Table:
    """The records of a file, as ingest makes them; each row has exactly one outcome."""

    def __init__(self, path: Path, **limits: int) -> None:
        bounds, frames = Limits(**limits), []
        self.units, self.bad, self.skipped = 0, list[BadUnit](), Counter[str]()
        self.chunks: list[Chunk] = []
        source, columns, end = source_of(path), READER.columns([]), 0
        assert columns is not None
        for chunk in READER.cut(source, bounds, {}):
            assert (chunk.index, chunk.offset) == (len(self.chunks), end)
            assert chunk.position == self.units
            assert chunk.units <= bounds.records
            end += chunk.length
            self.chunks.append(chunk)
            for batch in READER.parse(source, chunk, bounds, {}):
                used = batch.frame[POSITION].to_list()
                outcomes = [*used, *(unit.position for unit in batch.bad)]
                assert len(set(outcomes)) == len(outcomes)
                assert all(0 <= each - self.units < batch.units for each in outcomes)
                assert batch.units == len(outcomes) + sum(batch.skipped.values())
                mapped = map_columns(batch.frame, columns, Values(), READER.gold())
                assert mapped.bad == []
                assert batch.merge or not used
                frames.append(merge_annotations(mapped.frame))
                self.units += batch.units
                self.bad += batch.bad
                self.skipped.update(batch.skipped)
        self.rows = pl.concat(frames) if frames else pl.DataFrame()

    @property
    def classes(self) -> list[tuple[int, str]]:
        return sorted((unit.position, unit.error_class) for unit in self.bad)


def table(tmp_path: Path, content: str | bytes, **limits: int) -> Table:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Table(path, **limits)


def entry(task: str, taxonomy: str, annotator: str, *labels: str) -> dict[str, Any]:
    return {
        "task": task,
        "taxonomy": f"annomi_{taxonomy}",
        "label_set": None,
        "split": None,
        "annotator": annotator,
        "labels": list(labels),
        "value": None,
    }


def test_annotators_of_an_utterance_are_one_record(tmp_path: Path) -> None:
    assert READER.matches("a.csv", (HEADER + ROWS).encode())
    found = table(tmp_path, HEADER + ROWS)
    assert (found.units, found.skipped, found.bad) == (6, {"header": 1}, [])
    rows = found.rows
    assert rows.select("id", "text", "conversation_id", "turn", "role", "start_ms").rows() == [
        ("7/0", "So, how?", "7", 0, "therapist", 65_000),
        ("7/1", "Well no.", "7", 1, "client", 3_610_000),
        ("8/0", "", "8", 0, "client", 0),
    ]
    assert rows["speaker"].n_unique() == 3
    assert rows["speaker"].str.contains(r"^#\d+$").all()
    assert rows["lang"].to_list() == ["en"] * 3
    assert rows["gold"].to_list() == [
        [
            entry("talk_type", "therapist", "3", "question"),
            entry("talk_subtype", "subtype", "3", "question_open", "reflection_complex"),
            entry("talk_type", "therapist", "8", "other"),
            entry("talk_subtype", "subtype", "8"),
        ],
        [
            entry("talk_type", "client", "3", "sustain"),
            entry("talk_type", "client", "8", "neutral"),
        ],
        [entry("talk_type", "client", "3", "change")],
    ]
    cues = [
        [(cue["channel"], cue["value"]) for cue in each or []] for each in rows["cues"].to_list()
    ]
    assert cues == [
        [],
        [("nonspeech", "laughter"), ("transcript", "unintelligible")],
        [("nonspeech", "sigh")],
    ]
    assert rows["meta"].to_list()[1] == [
        {"key": "mi_quality", "value": "high"},
        {"key": "topic", "value": "weight loss"},
    ]


def test_the_release_without_annotators(tmp_path: Path) -> None:
    simple = (
        "mi_quality,transcript_id,video_title,video_url,topic,utterance_id,interlocutor,timestamp,"
        "utterance_text,main_therapist_behaviour,client_talk_type\n"
        "low,1,t,u,diet,0,therapist,00:00:01,Eat less.,therapist_input,n/a\n"
    )
    assert READER.matches("AnnoMI-simple.csv", simple.encode())
    [gold] = table(tmp_path, simple).rows["gold"].to_list()
    [one] = gold
    assert (one["task"], one["annotator"], one["labels"]) == (
        "talk_type",
        None,
        ["therapist_input"],
    )


@pytest.mark.parametrize("records", [2, 3, 4, 6, 100])
def test_utterances_and_if_they_can_transcripts_are_not_cut(tmp_path: Path, records: int) -> None:
    rows = "".join(
        f'low,{talk},"t\nt",u,x,{turn},client,00:00:01,hm {talk} {turn},{who},{CLIENT},neutral\n'
        for talk in range(5)
        for turn in range(3)
        for who in (1, 2)
    )
    whole = table(tmp_path, HEADER + rows)
    assert whole.rows.height == 15
    found = table(tmp_path, HEADER + rows, records=records)
    held = [_lines(chunk, HEADER + rows) for chunk in found.chunks]
    assert [row for each in held for row in each] == list(_lines(None, HEADER + rows))
    ends = [(first[-1], second[0]) for first, second in pairwise(held)]
    if records >= 4:  # half a chunk holds what two annotators wrote of an utterance
        assert found.rows.equals(whole.rows)
        assert all(last[:2] != first[:2] for last, first in ends if last)
    if records >= 100:
        assert all(last[0] != first[0] for last, first in ends if last)


def _lines(chunk: Chunk | None, text: str) -> list[tuple[str, ...]]:
    """(transcript, utterance, annotator) of the rows in a chunk, by the csv module."""
    data = text.encode()
    if chunk is not None:
        data = data[chunk.offset : chunk.offset + chunk.length]
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    return [(row[1], row[5], row[9]) for row in rows]


def test_bad_rows(tmp_path: Path) -> None:
    good = f"low,1,t,u,x,0,client,00:00:01,fine,3,{CLIENT},change\n"
    lines = [
        f"low,1,t,u,x,,client,00:00:01,a,3,{CLIENT},change\n",
        f"low,1,t,u,x,1,judge,00:00:01,a,3,{CLIENT},change\n",
        f"low,1,t,u,x,1,client,1 o'clock,a,3,{CLIENT},change\n",
        f"low,1,t,u,x,1,client,00:00:01,a,3,{CLIENT},happy\n",
        "low,1,t,u,x,1,therapist,00:00:01,a,3,True,n/a,False,n/a,False,n/a,other,n/a\n",
        "low,1,short\n",
        "\n",
    ]
    wrong = f"low,1,t,u,x,1,client,00:00:01,caf\xe9,3,{CLIENT},change\n".encode("latin-1")
    data = (HEADER + "".join(lines)).encode() + wrong + good.encode()
    for records in (1, 3, 100):
        found = table(tmp_path, data, records=records)
        assert found.classes == [
            (1, "missing_id"),
            (2, "bad_role"),
            (3, "bad_time"),
            (4, "bad_label"),
            (5, "bad_label"),
            (6, "ragged_row"),
            (8, "invalid_utf8"),
        ]
        assert found.skipped == {"header": 1, "blank_line": 1}
        assert found.rows["text"].to_list() == ["fine"]


def test_a_row_too_long_is_no_record(tmp_path: Path) -> None:
    long = f"low,1,t,u,x,0,client,00:00:01,{'y' * 5000},3,{CLIENT},change\n"
    found = table(tmp_path, HEADER + long + ROWS, record_bytes=1000, bytes=2000)
    assert found.classes == [(1, "unit_too_long")]
    assert found.rows["id"].to_list() == ["7/0", "7/1", "8/0"]


@pytest.mark.parametrize("data", ["", "\n\n", HEADER, HEADER.rstrip("\n")])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    found = table(tmp_path, data, records=1)
    assert (found.rows.height, found.bad) == (0, [])
    assert found.units == len(data.splitlines())


def test_utf16_is_read(tmp_path: Path) -> None:
    whole = table(tmp_path, HEADER + ROWS)
    assert table(tmp_path, (HEADER + ROWS).encode("utf-16"), records=3).rows.equals(whole.rows)


def test_other_tables_are_refused(tmp_path: Path) -> None:
    for head in (
        b"",
        b"id,text\n1,a\n",
        b"transcript_id,utterance_id,utterance_text\n",
        b'"',
        b"{}",
    ):
        assert not READER.matches("a.csv", head)
    assert not READER.matches("a.txt", HEADER.encode())
    path = tmp_path / "a.csv"
    path.write_text("transcript_id,utterance_id,utterance_text\n1,2,hello\n")
    for act in (lambda: READER.found(source_of(path), {}), lambda: Table(path)):
        with pytest.raises(SourceError, match="no column"):
            act()


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    rows = "".join(
        f"low,{i // 50},t,u,x,{i},client,00:00:01,hm {i * 7919},3,{CLIENT},neutral\n"
        for i in range(20_000)
    )
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress((HEADER + rows).encode(), compresslevel=1)[:-2000])
    chunks: list[Chunk] = []
    with pytest.raises(SourceError, match=r"a\.csv"):
        chunks.extend(READER.cut(source_of(path), Limits(records=1000), {}))
    assert sum(chunk.units for chunk in chunks) > 15_000


@pytest.mark.parametrize("records", [700, 125_000])
def test_the_release(shared_data: Path, records: int) -> None:
    path = shared_data / "clinical/annomi_full.csv.zst"
    with path.open("rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert READER.matches("annomi_full.csv", data[: 1 << 20])
    theirs = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    found = Table(path, records=records)
    # SOURCES.md: 9,965 rows, 99 transcripts (5 of them with 10 annotators)
    assert (found.units, found.skipped, found.bad) == (9_965 + 1, {"header": 1}, [])
    rows = found.rows
    utterances = {(row["transcript_id"], row["utterance_id"]): row for row in theirs}
    assert rows.height == len(utterances) == 6_599
    assert rows["conversation_id"].n_unique() == 99
    assert rows["speaker"].n_unique() == 198
    for row, utterance in zip(rows.to_dicts(), utterances.values(), strict=True):
        assert row["role"] == utterance["interlocutor"]
        assert row["cues"] or row["text"] == utterance["utterance_text"].strip()
        assert str(row["turn"]) == utterance["utterance_id"]
    types = Counter(
        (each["annotator"], each["labels"][0])
        for gold in rows["gold"]
        for each in gold
        if each["task"] == "talk_type"
    )
    assert types == Counter(
        (row["annotator_id"], row[name])
        for row in theirs
        for name in ("main_therapist_behaviour", "client_talk_type")
        if row[name] != "n/a"
    )
    subtypes = Counter(
        label for gold in rows["gold"] for each in gold for label in each["labels"] if "_" in label
    )
    assert subtypes["reflection_complex"] == sum(
        row["reflection_subtype"] == "complex" for row in theirs
    )
    assert sum(each["task"] == "talk_subtype" for gold in rows["gold"] for each in gold) == sum(
        row["interlocutor"] == "therapist" for row in theirs
    )
    annotators = rows.select(
        "conversation_id", pl.col("gold").list.eval(pl.element().struct["annotator"])
    )
    many = annotators.explode("gold").group_by("conversation_id").agg(pl.col("gold").n_unique())
    assert (many["gold"] == 10).sum() == 5
