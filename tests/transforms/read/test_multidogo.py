import csv
import io
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read
from transforms.read.chunk import Limits
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import Mapped, map_columns
from transforms.read.multidogo import MultiDoGo
from transforms.read.source import SourceFile, expand

READER = MultiDoGo()
HEADER = "conversationId\tturnNumber\tutteranceId\tutterance\tslot-labels\tintent\n"


def mapped(whole: Whole) -> Mapped:
    columns = READER.columns([])
    assert columns is not None
    return map_columns(whole.frame, columns, Values(), READER.gold())


def table(path: Path, data: str | bytes, **limits: int) -> Whole:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path, READER, limits=Limits(**limits))


def entry(task: str, taxonomy: str, labels: list[str]) -> dict[str, Any]:
    return {
        "task": task,
        "taxonomy": taxonomy,
        "label_set": None,
        "split": "train",
        "annotator": None,
        "labels": labels,
        "value": None,
    }


def test_turns_of_customers(tmp_path: Path) -> None:
    text = HEADER + (
        'c1\t0.0\tc1-0\t"say ""hi""\nplease"\tO O O\topeninggreeting\n'
        "c1\t2\tc1-2\tto New York at 9\tO city city O day\tbookflight<div> thankyou<div>bookflight\n"
        "c2\t1\tc2-1\tpardon\t\t\n"
    )
    assert READER.matches("train.tsv", text.encode())
    whole = table(tmp_path / "airline" / "train.tsv", text)
    assert (whole.skipped, whole.bad) == ({"header": 1}, [])
    one, two, three = mapped(whole).frame.to_dicts()
    assert (one["text"], one["turn"], one["id"]) == ('say "hi"\nplease', 0, "c1-0")
    assert (two["conversation_id"], two["turn"], two["speaker"]) == ("c1", 2, "c1/customer")
    assert (two["role"], two["lang"]) == ("customer", "en")
    assert two["meta"] == [
        {"key": "slot_labels", "value": "O city city O day"},
        {"key": "domain", "value": "airline"},
    ]
    assert two["gold"] == [
        entry("intent", "multidogo", ["bookflight", "thankyou"]),
        entry("slots", "multidogo_slots", ["city", "day"]),
    ]
    assert one["gold"] == [
        entry("intent", "multidogo", ["openinggreeting"]),
        entry("slots", "multidogo_slots", []),
    ]
    assert (three["gold"], three["speaker"]) == (None, "c2/customer")


def test_folders_and_names_of_the_user_stay_out(tmp_path: Path) -> None:
    whole = table(tmp_path / "jane_doe" / "constraint.tsv", HEADER + "c\t0\tu\thello\tO\ta\n")
    [row] = mapped(whole).frame.to_dicts()
    assert row["meta"] == [{"key": "slot_labels", "value": "O"}]
    assert row["gold"][0]["split"] is None


def test_bad_rows(tmp_path: Path) -> None:
    data = HEADER.encode() + (
        b"c\tsoon\tu0\thello\tO\ta\nc\t1\n\nc\t2\tu2\t\xff\tO\ta\n\t3\tu3\thi\tO\ta\n"
        b'c\t4\tu4\t"never closed\tO\ta\nc\t5\tu5\tfine\tO\ta'
    )
    whole = table(tmp_path / "dev.tsv", data)
    assert whole.classes == [(2, "ragged_row"), (4, "invalid_utf8"), (6, "bad_quote")]
    assert whole.skipped == {"header": 1, "blank_line": 1}
    rows = mapped(whole)
    assert [(row.position, row.error_class) for row in rows.bad] == [(1, "bad_number")]
    assert rows.frame["speaker"].to_list() == [None, "c/customer"]


@pytest.mark.parametrize("data", ["", "\n\n", HEADER])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    whole = table(tmp_path / "train.tsv", data, records=1)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count("\n"))


def test_a_cell_too_long_is_no_row(tmp_path: Path) -> None:
    data = HEADER + f"c\t0\tu0\t{'y' * 5000}\tO\ta\nc\t1\tu1\tfine\tO\ta\n"
    whole = table(tmp_path / "train.tsv", data, record_bytes=1000, bytes=2000)
    assert whole.classes == [(1, "unit_too_long")]
    assert mapped(whole).frame["text"].to_list() == ["fine"]
    limits = Limits(record_bytes=1000, bytes=2000)
    source = source_of(tmp_path / "train.tsv")
    for chunk in READER.cut(source, limits, {}):
        for batch in READER.parse(source, chunk, limits, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD


def test_other_tables_are_refused(tmp_path: Path) -> None:
    other = "conversationId\tutterance\nc\thello\n"
    assert not READER.matches("train.tsv", other.encode())
    assert not READER.matches("train.tsv", b"")
    assert not READER.matches("train.tsv", HEADER.replace("\t", ",").encode())
    path = tmp_path / "train.tsv"
    path.write_text(other)
    with pytest.raises(SourceError, match=r"no column 'turnNumber', 'utteranceId'"):
        READER.found(source_of(path), {})
    with pytest.raises(SourceError, match="no column 'turnNumber'"):
        read(path, READER)


def test_a_cut_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "train.tsv.zst"
    rows = "".join(f"c\t{i}\tu{i}\thello {i * 7919}\tO\ta\n" for i in range(50_000))
    path.write_bytes(zstandard.compress((HEADER + rows).encode())[:-5000])
    chunks = []
    with pytest.raises(SourceError, match=r"train\.tsv"):
        chunks += READER.cut(source_of(path), Limits(records=10), {})
    assert chunks


def source_of(path: Path) -> SourceFile:
    [found] = expand([str(path)], Path("/"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("records", [1_000, 125_000])
def test_the_release(shared_data: Path, records: int) -> None:
    path = shared_data / "conversation/multidogo_turn_level.tar.zst"
    expected = independent(path)
    frames: list[pl.DataFrame] = []
    for source in expand([str(path)], Path("/")):
        assert source.member is not None
        whole = read(source, READER, limits=Limits(records=records))
        assert whole.bad == []
        rows = mapped(whole)
        assert rows.bad == []
        theirs = expected[source.member]
        assert rows.frame["text"].to_list() == [row[3] for row in theirs]
        assert rows.frame["turn"].to_list() == [float(row[1]) for row in theirs]
        gold = rows.frame["gold"].to_list()
        assert [row[0]["labels"] for row in gold] == [row[5].split("<div>") for row in theirs]
        assert [row[1]["labels"] for row in gold] == [
            [slot for slot in dict.fromkeys(row[4].split()) if slot != "O"] for row in theirs
        ]
        domain, split = source.member.split("/")[-2:]
        assert {(each["task"], each["split"]) for row in gold for each in row} == {
            ("intent", split[:-4]),
            ("slots", split[:-4]),
        }
        assert {row[-1]["value"] for row in rows.frame["meta"].to_list()} == {domain}
        frames.append(rows.frame)
    every = pl.concat(frames)
    assert every.height == every["id"].n_unique() == 93_261  # SOURCES.md
    assert every["conversation_id"].n_unique() == every["speaker"].n_unique() == 11_313
    labels = Counter(label for row in every["gold"].to_list() for label in row[0]["labels"])
    assert len(labels) == 50


def independent(path: Path) -> dict[str, list[list[Any]]]:
    """Rows by member: tarfile and the csv module."""
    found = {}
    with (
        path.open("rb") as packed,
        zstandard.ZstdDecompressor().stream_reader(packed) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            if member.isfile():
                text = archive.extractfile(member).read().decode()
                rows = csv.reader(io.StringIO(text, newline=""), delimiter="\t")
                found[member.name] = list(rows)[1:]
    return found
