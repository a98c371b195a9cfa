import csv
import io
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read, source_of
from transforms.read.chunk import Limits
from transforms.read.delimited import CSV
from transforms.read.emobank import EmoBank
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns
from transforms.read.source import SourceFile, expand

READER = EmoBank()
HEADER = "id,split,V,A,D,text\n"
TABLE = HEADER + (
    'b_1_9,train,3.0,2.5,3,"She said ""no"",\nand left."\n'
    "a_1_5,dev,1.2,4.44,5,Well.\n"
    "c_7_9,test,,3,,Hm\n"
)
READERS = "id,V,A,D\na_1_5,1,5,3\nb_1_9,3,2,3\na_1_5,2,4,3\nz_0_1,1,1,1\n"
WRITERS = "id,V,A,D\nb_1_9,4,3,2\n"
META = "id\tdocument\tcategory\tsubcategory\na_1_5\ta\tblog\t \nb_1_9\tb\tnewspaper\twsj\n"
FILES = {
    "emobank.csv": TABLE,
    "individual_reader_ratings.csv": READERS,
    "individual_writer_ratings.csv": WRITERS,
    "meta.tsv": META,
}


def sources(tmp_path: Path, files: dict[str, str | bytes]) -> list[SourceFile]:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return READER.pair(expand([str(tmp_path / name) for name in files], Path("/")))


def table(tmp_path: Path, content: str | bytes, **limits: int) -> Whole:
    [source] = sources(tmp_path, {"a.csv": content})
    return read(source, READER, limits=Limits(**limits))


def records(whole: Whole) -> list[dict[str, Any]]:
    columns = READER.columns([])
    assert columns is not None
    mapped = map_columns(whole.frame, columns, Values(), READER.gold())
    assert mapped.bad == []
    return mapped.frame.to_dicts()


def rated(annotator: str | None, split: str | None, *values: float) -> list[dict[str, Any]]:
    """The entries of one rater: valence, arousal, dominance."""
    return [
        {
            "task": "vad",
            "taxonomy": "vad",
            "label_set": dimension,
            "split": split,
            "annotator": annotator,
            "labels": None,
            "value": value,
        }
        for dimension, value in zip(("valence", "arousal", "dominance"), values, strict=True)
    ]


def test_all_raters_of_a_sentence(tmp_path: Path) -> None:
    for name, content in FILES.items():
        assert READER.matches(name, content.encode())
    [source] = sources(tmp_path, dict(FILES))
    assert (source.name, len(source.companions)) == ("emobank.csv", 3)
    whole = read(source, READER)
    assert (whole.units, whole.skipped, whole.bad) == (4, {"header": 1}, [])
    one, two, three = records(whole)
    assert (one["id"], one["text"], one["lang"]) == ("b_1_9", 'She said "no",\nand left.', "en")
    assert (one["speaker"], one["role"], one["turn"]) == (None, None, None)
    assert one["gold"] == [
        *rated(None, "train", 3.0, 2.5, 3.0),
        *rated("reader-1", "train", 3.0, 2.0, 3.0),
        *rated("writer-1", "train", 4.0, 3.0, 2.0),
    ]
    assert two["gold"] == [
        *rated(None, "dev", 1.2, 4.44, 5.0),
        *rated("reader-1", "dev", 1.0, 5.0, 3.0),
        *rated("reader-2", "dev", 2.0, 4.0, 3.0),
    ]
    assert (three["text"], three["gold"]) == ("Hm", rated(None, "test", 0, 3.0, 0)[1:2])
    assert [[each["value"] for each in row["meta"]] for row in (one, two, three)] == [
        ["b", "newspaper", "wsj"],
        ["a", "blog"],
        [],
    ]


def test_a_chunk_has_what_stands_beside_its_own_sentences(tmp_path: Path) -> None:
    [source] = sources(tmp_path, dict(FILES))
    whole, limits = read(source, READER), Limits(records=1)
    single = read(source, READER, limits=limits)
    assert single.frame.equals(whole.frame)
    headers = [chunk.header for chunk in READER.cut(source, limits, {})]
    assert [b"blog" in header for header in headers] == [False, False, True, False]
    assert not any(b"z_0_1" in header for header in headers)
    # A worker has the chunk alone.
    chunk = list(READER.cut(source, limits, {}))[2]
    [batch] = READER.parse(replace(source, companions=()), chunk, limits, {})
    assert batch.frame.equals(whole.frame.slice(1, 1))


def test_the_table_alone(tmp_path: Path) -> None:
    [source] = sources(tmp_path, {"emobank.csv": TABLE})
    rows = records(read(source, READER))
    assert [row["gold"] for row in rows[:2]] == [
        rated(None, "train", 3.0, 2.5, 3.0),
        rated(None, "dev", 1.2, 4.44, 5.0),
    ]
    plain = read(source, CSV)
    assert plain.frame.columns[:-1] == ["id", "split", "V", "A", "D", "text"]
    assert plain.frame["text"].to_list() == [row["text"] for row in rows]


def test_ratings_without_sentences_are_told(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"individual_reader_ratings.csv": READERS}
    with pytest.raises(SourceError, match=r"individual_reader_ratings\.csv has no text"):
        sources(tmp_path, files)
    lone = source_of(tmp_path / "individual_reader_ratings.csv")
    with pytest.raises(SourceError, match="no column 'split', 'text'"):
        READER.found(lone, {})


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        (b"id,V,A,D\na_1_5,1,5,3\na_1_5,1,6,3\n", r"row 2 \(no rating from 1 to 5\)"),
        (b"id,V,A,D\na_1_5,1,,3\n", r"row 1 \(no rating from 1 to 5\)"),
        (b"id,V,A,D\na_1_5,1\n", r"row 1 \(ragged_row\)"),
        (b"id,V,A,D\n\xff,1,1,1\n", r"row 1 \(invalid_utf8\)"),
    ],
)
def test_ratings_that_cannot_be_read_stop_the_table(
    tmp_path: Path, broken: bytes, what: str
) -> None:
    [source] = sources(tmp_path, {"emobank.csv": TABLE, "individual_reader_ratings.csv": broken})
    with pytest.raises(SourceError, match=what):
        read(source, READER)


def test_bad_rows(tmp_path: Path) -> None:
    data = HEADER.encode() + (
        b"a,train,0.9,3,3,x\nb,train,3,5.1,3,x\nc,train,3,3,nan,x\nd,train,high,3,3,x\n"
        b"e,train,3\n\nf,train,3,3,3,\xff\ng,,1,5, 3 ,fine\n"
        b'h,train,3,3,3,"open\n'
    )
    for size in (1, 100):
        whole = table(tmp_path, data, records=size)
        assert whole.classes == [
            *((row, "bad_number") for row in (1, 2, 3, 4)),
            (5, "ragged_row"),
            (7, "invalid_utf8"),
            (9, "bad_quote"),
        ]
        assert whole.skipped == {"header": 1, "blank_line": 1}
        [row] = records(whole)
        assert (row["text"], row["gold"]) == ("fine", rated(None, None, 1.0, 5.0, 3.0))


@pytest.mark.parametrize("data", ["", "\n\n", HEADER])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    whole = table(tmp_path, data, records=1)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count("\n"))


def test_other_encodings(tmp_path: Path) -> None:
    expected = table(tmp_path, TABLE)
    assert READER.matches("a.csv", TABLE.encode("utf-16"))
    assert table(tmp_path, TABLE.encode("utf-16")).frame.equals(expected.frame)
    assert table(tmp_path, TABLE.encode("utf-8-sig")).frame.equals(expected.frame)


def test_a_sentence_too_long_is_no_row(tmp_path: Path) -> None:
    data = HEADER + f"a,dev,1,2,3,{'y' * 5000}\nb,dev,1,2,3,ok\n"
    limits = {"record_bytes": 1000, "bytes": 2000}
    whole = table(tmp_path, data, **limits)
    assert whole.classes == [(1, "unit_too_long")]
    assert [row["text"] for row in records(whole)] == ["ok"]
    source, bounds = source_of(tmp_path / "a.csv"), Limits(**limits)
    for chunk in READER.cut(source, bounds, {}):
        for batch in READER.parse(source, chunk, bounds, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD


def test_other_tables_are_refused(tmp_path: Path) -> None:
    for name, data in [
        ("a.csv", b""),
        ("a.csv", READERS.encode()),  # whose ratings?
        ("proofreaders.csv", READERS.encode()),
        ("a.csv", b"id,split,text\n"),
        ("a.csv", TABLE.replace(",", ";").encode()),
        ("a.txt", TABLE.encode()),
        ("a.csv", b"\x1f\x8b" + TABLE.encode()),
        ("a.json", b'[{"id": 1}]'),
    ]:
        assert not READER.matches(name, data), (name, data[:40])
    (tmp_path / "a.csv").write_text("id,text\n1,hello\n")
    source = source_of(tmp_path / "a.csv")
    with pytest.raises(SourceError, match="no column 'split', 'V', 'A', 'D'"):
        READER.found(source, {})
    with pytest.raises(SourceError, match="no column 'split', 'V', 'A', 'D'"):
        read(source, READER)


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    rows = "".join(f"s{i},dev,1,2,3,hello {i * 7919}\n" for i in range(50_000))
    data = zstandard.compress((HEADER + rows).encode())[:-5000]
    [source] = sources(tmp_path, {"emobank.csv.zst": data})
    chunks = []
    with pytest.raises(SourceError, match=r"emobank\.csv"):
        chunks += READER.cut(source, Limits(records=10), {})
    assert chunks
    ratings = "".join(f"s{i},1,2,{i * 7919 % 5 + 1}\n" for i in range(50_000))
    packed = zstandard.compress(("id,V,A,D\n" + ratings).encode())[:-500]
    [source] = sources(
        tmp_path, {"emobank.csv": TABLE, "individual_writer_ratings.csv.zst": packed}
    )
    with pytest.raises(SourceError, match=r"individual_writer_ratings\.csv"):
        read(source, READER)


@pytest.mark.slow
@pytest.mark.parametrize("size", [997, 125_000])
def test_the_release(shared_data: Path, size: int) -> None:
    folder = shared_data / "gold/emobank"
    [source] = READER.pair(expand([str(folder)], Path("/")))
    rows, theirs = rows_of(folder / "emobank_train_dev.csv.zst"), independent(folder)
    whole = read(source, READER, limits=Limits(records=size))
    assert (whole.units, whole.bad, whole.skipped) == (9_062 + 1, [], {"header": 1})  # SOURCES.md
    ours = records(whole)
    assert [(each["id"], each["text"]) for each in ours] == [
        (each["id"], each["text"]) for each in rows
    ]
    count: Counter[str | None] = Counter()
    for row, native in zip(ours, rows, strict=True):
        told = [(each["annotator"], each["label_set"], each["value"]) for each in row["gold"]]
        assert sorted(told[3:]) == sorted(theirs[native["id"]])
        assert [value for _, _, value in told[:3]] == [float(native[name]) for name in "VAD"]
        assert {each["split"] for each in row["gold"]} == {native["split"]}
        count.update(
            who and who.split("-")[0] for who, dimension, _ in told if dimension == "arousal"
        )
        assert row["meta"][0]["key"] == "document"
    assert count == {None: 9_062, "reader": 45_583, "writer": 45_644}  # SOURCES.md


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open("rb") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def independent(folder: Path) -> dict[str, list[tuple[str, str, float]]]:
    """(annotator, dimension, value) of all single ratings, by sentence."""
    found = defaultdict(list)
    for who in ("reader", "writer"):
        number: Counter[str] = Counter()
        for row in rows_of(folder / f"individual_{who}_ratings.csv.zst"):
            number[row["id"]] += 1
            for name, cell in (("valence", "V"), ("arousal", "A"), ("dominance", "D")):
                annotator = f"{who}-{number[row['id']]}"
                found[row["id"]].append((annotator, name, float(row[cell])))
    return found
