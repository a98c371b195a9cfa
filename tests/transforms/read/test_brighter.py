import csv
import io
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read, source_of
from transforms.read.brighter import EMOTIONS, LANGUAGES, Brighter
from transforms.read.chunk import Limits
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns
from transforms.read.source import expand

READER = Brighter()
HEADER = "id,text,anger,disgust,fear,joy,sadness,surprise\n"


def records(whole: Whole) -> list[dict[str, Any]]:
    columns = READER.columns([])
    assert columns is not None
    mapped = map_columns(whole.frame, columns, Values(), READER.gold())
    assert mapped.bad == []
    return mapped.frame.to_dicts()


def table(path: Path, data: str | bytes, **limits: int) -> Whole:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path, READER, limits=Limits(**limits))


def presence(labels: list[str], split: str, label_set: str | None = None) -> dict[str, Any]:
    return {
        "task": "emotion",
        "taxonomy": "ekman",
        "label_set": label_set,
        "split": split,
        "annotator": None,
        "labels": labels,
        "value": None,
    }


def test_presence(tmp_path: Path) -> None:
    text = HEADER + (
        'afr_train_track_a_00001,"Goed, \nso",1,0,0,0,0,1\n'
        "afr_train_track_a_00002,Nee,0,0,0,0,0,0\n"
        "afr_train_track_a_00003,Ja,1,0,0,0,0,\n"
        "afr_train_track_a_00004,Wat,,,,,,\n"
    )
    assert READER.matches("afr.csv", text.encode())
    one, two, three, four = records(table(tmp_path / "track_a_presence/dev/afr.csv", text))
    assert (one["id"], one["text"], one["lang"]) == ("afr_train_track_a_00001", "Goed, \nso", "af")
    assert one["gold"] == [presence(["anger", "surprise"], "dev")]  # the folder is asked first
    assert two["gold"] == [presence([], "dev")]
    assert three["gold"] == [presence(["anger"], "dev", "anger disgust fear joy sadness")]
    assert four["gold"] is None


def test_what_the_header_lacks_was_not_asked(tmp_path: Path) -> None:
    text = "id,text,surprise,anger\neng_test_track_c_9,Oh,1,1\n"
    assert READER.matches("x.csv", text.encode())
    [row] = records(table(tmp_path / "x.csv", text))
    assert (row["lang"], row["gold"]) == (
        "en",
        [presence(["anger", "surprise"], "test", "anger surprise")],
    )


def test_intensity(tmp_path: Path) -> None:
    text = "id,text,anger,joy\nptbr_train_track_b_1,Oi,3,0\nptbr_train_track_b_2,Sim,,2\n"
    assert READER.matches("ptbr.csv", text.encode())
    one, two = records(table(tmp_path / "ptbr.csv", text))
    assert one["lang"] == "pt-BR"
    assert [
        (each["task"], each["label_set"], each["value"], each["labels"], each["split"])
        for each in one["gold"]
    ] == [
        ("emotion_intensity", "anger", 3.0, None, "train"),
        ("emotion_intensity", "joy", 0.0, None, "train"),
    ]
    assert [(each["label_set"], each["value"]) for each in two["gold"]] == [("joy", 2.0)]


def test_bad_rows(tmp_path: Path) -> None:
    data = HEADER.encode() + (
        b"eng_dev_track_a_1,a,2,0,0,0,0,0\neng_dev_track_b_2,b,4,0,0,0,0,0\n"
        b"3,c,1,0,0,0,0,0\neng_dev_track_a_4,d\n\neng_dev_track_a_6,\xff,1,0,0,0,0,0\n"
        b'eng_dev_track_a_7,"e,1,0,0,0,0,0\neng_dev_track_b_8,fine,2,0,0,0,0,0'
    )
    for chunk in (1, 100):
        whole = table(tmp_path / "eng.csv", data, records=chunk)
        assert whole.classes == [
            (1, "bad_label"),
            (2, "bad_label"),
            (3, "unknown_track"),
            (4, "ragged_row"),
            (6, "invalid_utf8"),
            (7, "bad_quote"),
        ]
        assert whole.skipped == {"header": 1, "blank_line": 1}
        assert [row["text"] for row in records(whole)] == ["fine"]


@pytest.mark.parametrize("data", ["", "\n\n", HEADER])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    whole = table(tmp_path / "eng.csv", data, records=1)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count("\n"))


def test_a_text_too_long_is_no_row(tmp_path: Path) -> None:
    data = HEADER + f"eng_dev_track_a_1,{'y' * 5000},1,0,0,0,0,0\neng_dev_track_a_2,ok,1,0,0,0,0,0"
    whole = table(tmp_path / "eng.csv", data, record_bytes=1000, bytes=2000)
    assert whole.classes == [(1, "unit_too_long")]
    assert [row["text"] for row in records(whole)] == ["ok"]
    limits = Limits(record_bytes=1000, bytes=2000)
    source = source_of(tmp_path / "eng.csv")
    for chunk in READER.cut(source, limits, {}):
        for batch in READER.parse(source, chunk, limits, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD


def test_other_tables_are_refused(tmp_path: Path) -> None:
    assert not READER.matches("eng.csv", b"")
    assert not READER.matches("eng.csv", (HEADER + "1,hello,1,0,0,0,0,0\n").encode())
    assert not READER.matches("eng.csv", b"id,text,stars\neng_dev_track_a_1,a,1\n")
    path = tmp_path / "eng.csv"
    path.write_text("id,text,stars\n1,hello,5\n")
    with pytest.raises(SourceError, match="no column 'anger', 'disgust'"):
        READER.found(source_of(path), {})
    with pytest.raises(SourceError, match="no column 'anger', 'disgust'"):
        read(path, READER)


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "eng.csv.zst"
    rows = "".join(f"eng_dev_track_a_{i},hi {i * 7919},1,0,0,0,0,0\n" for i in range(50_000))
    path.write_bytes(zstandard.compress((HEADER + rows).encode())[:-5000])
    chunks = []
    with pytest.raises(SourceError, match=r"eng\.csv"):
        chunks += READER.cut(source_of(path), Limits(records=10), {})
    assert chunks


@pytest.mark.slow
@pytest.mark.parametrize("size", [1_000, 125_000])
def test_the_release(shared_data: Path, size: int) -> None:
    path = shared_data / "social/brighter.tar.zst"
    theirs, count, languages = independent(path), Counter(), set()
    for source in expand([str(path)], Path("/")):
        assert source.member is not None
        whole = read(source, READER, limits=Limits(records=size))
        assert whole.bad == []
        track, split, _ = source.member.split("/")[-3:]
        ours = records(whole)
        assert [(row["id"], row["text"]) for row in ours] == [
            (row["id"], row["text"]) for row in theirs[source.member]
        ]
        count[track, split] += len(ours)
        languages |= {row["lang"] for row in ours}
        for row, native in zip(ours, theirs[source.member], strict=True):
            assert {entry["split"] for entry in row["gold"]} == {split}
            cells = {name: native[name] for name in EMOTIONS if name in native}
            if track == "track_b_intensity":
                found = {each["label_set"]: str(int(each["value"])) for each in row["gold"]}
                assert found == cells
            else:
                [entry] = row["gold"]
                assert entry["labels"] == [name for name, cell in cells.items() if cell == "1"]
                assert entry["label_set"] == (None if len(cells) == 6 else " ".join(cells))
    assert count == {  # SOURCES.md
        ("track_a_presence", "train"): 63_940,
        ("track_a_presence", "dev"): 8_291,
        ("track_b_intensity", "train"): 22_457,
    }
    assert len(languages) == 28
    assert languages < set(LANGUAGES.values())


def independent(path: Path) -> dict[str, list[dict[str, str]]]:
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
                found[member.name] = list(csv.DictReader(io.StringIO(text, newline="")))
    return found
