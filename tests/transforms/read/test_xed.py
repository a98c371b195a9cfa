import re
from pathlib import Path
from typing import Any

import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read, source_of
from transforms.read.chunk import Limits
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns
from transforms.read.xed import LABELS, Xed

READER = Xed()
MAGIC = b"\x28\xb5\x2f\xfd"
# SOURCES.md counts 12,212 + 6,812 English and 9,982 + 7,442 Finnish lines.
FILES = {
    "en-annotated.tsv": (12_212, "en", None),
    "fi-annotated.tsv": (9_982, "fi", None),
    "neu_en.txt": (6_812, "en", None),
    "neu_fi.txt": (7_442, "fi", None),
    "projections/ar.tsv": (None, "ar", "projection"),
    "projections/de.tsv": (None, "de", "projection"),
    "projections/es.tsv": (None, "es", "projection"),
    "projections/pt.tsv": (None, "pt", "projection"),
    "projections/ru.tsv": (None, "ru", "projection"),
    "projections/tr.tsv": (None, "tr", "projection"),
    "projections/zh.tsv": (None, "zh", "projection"),
}


def records(whole: Whole) -> list[dict[str, Any]]:
    columns = READER.columns([])
    assert columns is not None
    mapped = map_columns(whole.frame, columns, Values(), READER.gold())
    assert mapped.bad == []
    return mapped.frame.to_dicts()


def lines(path: Path, data: str | bytes, **limits: int) -> Whole:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path, READER, limits=Limits(**limits))


def entry(labels: list[str], annotator: str | None = None) -> dict[str, Any]:
    return {
        "task": "emotion",
        "taxonomy": "plutchik",
        "label_set": None,
        "split": None,
        "annotator": annotator,
        "labels": labels,
        "value": None,
    }


def test_labels_as_the_release_numbers_them(tmp_path: Path) -> None:
    text = "".join(f"line {i}\t{i}\r\n" for i in range(1, 9)) + "many\t8, 1,3, 8\r\nwas nun?\t6, 2"
    assert READER.matches("en-annotated.tsv", text.encode())
    rows = records(lines(tmp_path / "en-annotated.tsv", text))
    assert [row["gold"][0]["labels"] for row in rows[:8]] == [[label] for label in LABELS]
    assert sorted(LABELS) == LABELS
    assert rows[8]["gold"] == [entry(["trust", "anger", "disgust"])]
    assert rows[9]["gold"] == [entry(["sadness", "anticipation"])]
    assert (rows[8]["text"], rows[8]["lang"], rows[8]["id"]) == ("many", "en", None)


def test_projections(tmp_path: Path) -> None:
    text = 'phrase\temotion\nHadi.\t6, 2\n"He said ""no"""\t1\n"Loose"\t1\n" odd\t2\n""""\t3\n'
    assert READER.matches("tr.tsv", text.encode())
    whole = lines(tmp_path / "tr.tsv", text)
    assert whole.skipped == {"header": 1}
    rows = records(whole)
    assert rows[0]["gold"] == [entry(["sadness", "anticipation"], "projection")]
    assert [row["text"] for row in rows] == ["Hadi.", 'He said "no"', '"Loose"', '" odd', '"']


@pytest.mark.parametrize(
    ("name", "lang", "annotator"),
    [
        ("pt_br-projections.tsv", "pt-BR", "projection"),
        ("cn.tsv", "zh", "projection"),
        ("projections/en.tsv", "en", "projection"),
        ("fi-annotated.tsv", "fi", None),
        ("mine.tsv.txt", None, None),
    ],
)
def test_what_the_name_tells(
    tmp_path: Path, name: str, lang: str | None, annotator: str | None
) -> None:
    [row] = records(lines(tmp_path / name, "a\t1, 2\n"))
    assert (row["lang"], row["gold"][0]["annotator"]) == (lang, annotator)


def test_neutral_lines(tmp_path: Path) -> None:
    text = "9\tTwo pair.\n9\tKnown as Ning\t\t\t\n9\tsaid\tmore\t\t\n7\tno\n9\n9\tEnd"
    assert READER.matches("neu_en.txt", b"9\tTwo pair.\n9\tKnown as Ning\t\t\t\n")
    whole = lines(tmp_path / "neu_en.txt", text)
    assert whole.classes == [(2, "bad_label"), (3, "bad_label"), (4, "ragged_row")]
    rows = records(whole)
    assert [row["text"] for row in rows] == ["Two pair.", "Known as Ning", "End"]
    assert [row["gold"] for row in rows] == [[entry([])]] * 3
    finnish = "1280\tEn vielä.\t2\t980\tfi/1965/1.xml.gz\n7\tJoo\t3\t9\tfi/1.xml.gz\n8\tEi\t2\n"
    whole = lines(tmp_path / "neu_fi.txt", finnish)
    assert READER.matches("neu_fi.txt", finnish.split("\n")[0].encode() + b"\n")
    assert whole.classes == [(1, "bad_label"), (2, "ragged_row")]
    [row] = records(whole)
    assert (row["id"], row["text"], row["lang"]) == ("neu_fi/1280", "En vielä.", "fi")
    assert row["meta"] == [{"key": "document", "value": "fi/1965/1.xml.gz"}]
    assert row["gold"] == [entry([])]


def test_bad_lines(tmp_path: Path) -> None:
    data = (
        b'fine\t1\none cell\n"Open quote\nen/1.gz\tes/1.gz\t3\t4\tx\ty"\t5\n\nnine\t9\n'
        b"none\t\nword\tjoy\n\xff\t1\nphrase\temotion\nlast\t2"
    )
    for size in (1, 100):
        whole = lines(tmp_path / "es.tsv", data, records=size)
        assert whole.classes == [
            (1, "ragged_row"),
            (2, "ragged_row"),
            (3, "ragged_row"),
            (5, "bad_label"),
            (6, "bad_label"),
            (7, "bad_label"),
            (8, "invalid_utf8"),
            (9, "bad_label"),
        ]
        assert whole.skipped == {"blank_line": 1}
        assert [row["text"] for row in records(whole)] == ["fine", "last"]


@pytest.mark.parametrize("data", ["", "\n\n", "phrase\temotion\n"])
def test_files_without_lines(tmp_path: Path, data: str) -> None:
    whole = lines(tmp_path / "tr.tsv", data, records=1)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count("\n"))


def test_a_line_too_long_is_no_row(tmp_path: Path) -> None:
    whole = lines(tmp_path / "de.tsv", f"{'y' * 5000}\t1\nok\t1\n", record_bytes=1000, bytes=2000)
    assert whole.classes == [(0, "unit_too_long")]
    assert [row["text"] for row in records(whole)] == ["ok"]
    limits = Limits(record_bytes=1000, bytes=2000)
    source = source_of(tmp_path / "de.tsv")
    for chunk in READER.cut(source, limits, {}):
        for batch in READER.parse(source, chunk, limits, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD


def test_other_files_are_not_claimed() -> None:
    for name, data in [
        ("de.tsv", b""),
        ("de.tsv", b"good\t5\nbad\t1\n"),  # stars, perhaps
        ("reviews.tsv", b"good\t5, 1\n"),
        ("de.tsv", b"a\tb\tc\n1\t2\t3\n4\t5\t1, 2\n"),
        ("neu_en.txt", b"9 lives\nof a cat\n"),
        ("neu_en.txt", b""),
    ]:
        assert not READER.matches(name, data), (name, data)


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "de.tsv.zst"
    data = "".join(f"hello {i * 7919}\t1, 2\n" for i in range(50_000)).encode()
    path.write_bytes(zstandard.compress(data)[:-5000])
    chunks = []
    with pytest.raises(SourceError, match=r"de\.tsv"):
        chunks += READER.cut(source_of(path), Limits(records=10), {})
    assert chunks


@pytest.mark.parametrize("size", [97, 125_000])
@pytest.mark.parametrize("name", FILES)
def test_the_release(shared_data: Path, name: str, size: int) -> None:
    path = shared_data / "gold/xed" / f"{name}.zst"
    if path.read_bytes()[:4] != MAGIC:
        pytest.skip(f"{name}.zst is not the zstd file of SOURCES.md in this copy of the data pack")
    count, lang, annotator = FILES[name]
    with path.open("rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    assert READER.matches(path.name[:-4], data[: 1 << 20])
    theirs = independent(data.decode(), neutral="neu" in name)
    whole = read(path, READER, limits=Limits(records=size))
    rows = records(whole)
    assert [row["text"] for row in rows] == [text for text, _ in theirs]
    assert [row["gold"] for row in rows] == [
        [entry([LABELS[i - 1] for i in ids], annotator)] for _, ids in theirs
    ]
    assert {row["lang"] for row in rows} == {lang}
    assert {unit.error_class for unit in whole.bad} <= {"ragged_row"}
    assert whole.units == len(data.decode().removesuffix("\n").split("\n"))
    if count is not None:
        assert (len(rows), whole.bad) == (count, [])


def independent(data: str, *, neutral: bool) -> list[tuple[str, list[int]]]:
    """(text, ids) of the lines that have them; a quoted cell with doubled quotes is unquoted."""
    found = []
    for line in data.split("\n"):
        cells = line.rstrip("\r").split("\t")
        if neutral and len(cells) > 1:
            found.append((cells[1], []))
        elif len(cells) == 2 and re.fullmatch("[1-8, ]+", cells[1]):
            quoted = len(cells[0]) > 3 and cells[0][0] == cells[0][-1] == '"' and '""' in cells[0]
            text = cells[0][1:-1].replace('""', '"') if quoted else cells[0]
            found.append((text, [int(number) for number in cells[1].split(",")]))
    return found
