"""No real notes are here: all of these are invented, under the headers of the official documentation."""

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read, source_of
from transforms.read.chunk import POSITION, Chunk, Limits
from transforms.read.mapping import Mapped, map_columns
from transforms.read.notes import Notes

READER = Notes()
# https://mimic.mit.edu/docs/iii/tables/noteevents/
MIMIC_3 = (
    '"ROW_ID","SUBJECT_ID","HADM_ID","CHARTDATE","CHARTTIME","STORETIME","CATEGORY","DESCRIPTION",'
    '"CGID","ISERROR","TEXT"\n'
)
NOTES_3 = (
    '17,9001,5001,"2151-08-04",,,"Discharge summary","Report",,,"Admission Date:  [**2151-7-16**]\n\n'
    'He said ""well"", and left. (sighs)\n"\n'
    '18,9001,5001,"2151-08-05","2151-08-05 07:30:00","2151-08-05 08:00:00","Nursing","Progress Note",'
    '20001,,"Slept."\n'
    '19,9002,,"2101-01-02","2101-01-02 23:59:00",,"Nursing","Progress Note",20001,1,"Wrong patient."\n'
    '20,9002,,"2101-01-02",,,"Nursing","Progress Note",,," "\n'
)
# https://mimic.mit.edu/docs/iv/modules/note/discharge/
MIMIC_4 = "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n"
NOTES_4 = (
    '9001-DS-21,9001,5001,DS,21,2180-05-07 00:00:00,2180-05-09 15:26:00," \nName:  ___\n\nIll."\n'
    "9001-DS-22,9001,5002,DS,22,2180-06-27 00:00:00,,Better.\n"
)
# https://ohdsi.github.io/CommonDataModel/cdm54.html#note
OMOP = (
    "note_id,person_id,note_date,note_datetime,note_type_concept_id,note_class_concept_id,"
    "note_title,note_text,encoding_concept_id,language_concept_id,provider_id\n"
    "1,77,2020-01-02,2020-01-02T03:04:05,32831,0,Smith,Fine.,0,0,5\n2,77,2020-02-03,,0,0,,Ill.,0,0,\n"
)


def mapped(whole: Whole) -> Mapped:
    columns = READER.columns([])
    assert columns is not None
    return map_columns(whole.frame, columns, Values(), READER.gold())


def table(tmp_path: Path, content: str | bytes, limits: Limits | None = None) -> Whole:
    path = tmp_path / "notes.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, READER, limits=limits)


def test_mimic_3(tmp_path: Path) -> None:
    assert READER.matches("NOTEEVENTS.csv", (MIMIC_3 + NOTES_3).encode())
    whole = table(tmp_path, MIMIC_3 + NOTES_3)
    assert (whole.units, whole.bad) == (5, [])
    assert whole.skipped == {"header": 1, "marked_error": 1, "empty": 1}
    rows = mapped(whole).frame
    names = ("id", "text", "conversation_id", "turn", "speaker", "role", "created_at", POSITION)
    assert rows.select(names).rows() == [
        (
            "17",
            'Admission Date:  [**2151-7-16**]\n\nHe said "well", and left. (sighs)\n',
            "9001",
            None,
            None,
            "clinician",
            datetime(2151, 8, 4, tzinfo=UTC),
            1,
        ),
        (
            "18",
            "Slept.",
            "9001",
            None,
            "20001",
            "clinician",
            datetime(2151, 8, 5, 7, 30, tzinfo=UTC),
            2,
        ),
    ]
    assert rows["meta"].to_list() == [
        [
            {"key": "category", "value": "Discharge summary"},
            {"key": "description", "value": "Report"},
        ],
        [
            {"key": "category", "value": "Nursing"},
            {"key": "description", "value": "Progress Note"},
        ],
    ]


def test_mimic_4(tmp_path: Path) -> None:
    assert READER.matches("discharge.csv", (MIMIC_4 + NOTES_4).encode())
    rows = mapped(table(tmp_path, MIMIC_4 + NOTES_4)).frame
    assert rows.select("id", "text", "conversation_id", "created_at").rows() == [
        ("9001-DS-21", " \nName:  ___\n\nIll.", "9001", datetime(2180, 5, 7, tzinfo=UTC)),
        ("9001-DS-22", "Better.", "9001", datetime(2180, 6, 27, tzinfo=UTC)),
    ]
    assert rows["meta"].to_list() == [[{"key": "note_type", "value": "DS"}]] * 2
    assert rows["speaker"].to_list() == [None, None]


def test_omop(tmp_path: Path) -> None:
    assert READER.matches("note.csv", OMOP.encode())
    rows = mapped(table(tmp_path, OMOP)).frame
    assert rows.select("text", "conversation_id", "speaker", "created_at").rows() == [
        ("Fine.", "77", "5", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("Ill.", "77", None, datetime(2020, 2, 3, tzinfo=UTC)),
    ]
    assert rows["meta"].to_list() == [[], []]  # titles may be names


def test_no_id_of_a_person_or_stay_is_kept_as_it_is(tmp_path: Path) -> None:
    for content in (MIMIC_3 + NOTES_3, MIMIC_4 + NOTES_4):
        rows = mapped(table(tmp_path, content)).frame
        kept = str(rows.select("meta", "cues", "pii_hints", "gold", "text").rows())
        assert not any(key in kept for key in ("9001", "9002", "5001", "20001"))


@pytest.mark.parametrize("records", [1, 2, 1000])
def test_all_rows_have_an_outcome(tmp_path: Path, records: int) -> None:
    rows = [
        [
            i,
            i % 7,
            "",
            "2150-01-01",
            "",
            "",
            "C",
            "D",
            "",
            "1" if i % 10 == 0 else "",
            f'a "{i}"\nb,',
        ]
        for i in range(40)
    ]
    path = tmp_path / "notes.csv"
    with path.open("w", newline="") as file:
        file.write(MIMIC_3)
        csv.writer(file, lineterminator="\n").writerows(rows)
    whole = read(path, READER, limits=Limits(records=records))
    assert (whole.units, whole.skipped) == (41, {"header": 1, "marked_error": 4})
    assert whole.frame["text"].to_list() == [row[-1] for row in rows if row[9] != "1"]
    assert Counter(whole.frame["conversation"]) == Counter(
        str(row[1]) for row in rows if row[9] != "1"
    )


def test_bad_rows(tmp_path: Path) -> None:
    lines = (
        '1,2,3,"2151-08-04",,,C,D,,,caf?\n',
        "2,2,3\n",
        "\n",
        '4,2,3,"never",,,C,D,,,a time that is none\n',
        '5,2,3,"2151-08-04",,,C,D,,,fine\n',
    )
    data = (MIMIC_3 + "".join(lines)).encode().replace(b"caf?", b"caf\xe9")
    whole = table(tmp_path, data, Limits(records=2))
    assert whole.classes == [(1, "invalid_utf8"), (2, "ragged_row")]
    assert whole.skipped == {"header": 1, "blank_line": 1}
    found = mapped(whole)
    assert [(row.position, row.error_class) for row in found.bad] == [(4, "bad_time")]
    assert found.frame["text"].to_list() == ["fine"]
    latin = read(tmp_path / "notes.csv", READER, {"encoding": "latin-1"})
    assert latin.frame["text"][0] == "café"
    long = data + b"6,2,3,,,,C,D,,," + b"y" * 5000 + b"\n7,2,3,,,,C,D,,,well\n"
    whole = table(tmp_path, long, Limits(record_bytes=1000, bytes=2000))
    assert whole.classes[-1] == (6, "unit_too_long")
    assert whole.frame["text"][-1] == "well"
    utf16 = table(tmp_path, (MIMIC_3 + NOTES_3).encode("utf-16"))
    assert utf16.frame.equals(table(tmp_path, MIMIC_3 + NOTES_3).frame)


@pytest.mark.parametrize("data", ["", "\n\n", MIMIC_3, MIMIC_4])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    whole = table(tmp_path, data, Limits(records=1))
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count("\n"))
    assert not data.strip() or READER.found(source_of(tmp_path / "notes.csv"), {}) != []


def test_other_tables_are_refused(tmp_path: Path) -> None:
    detail = b"note_id,subject_id,field_name,field_value,field_ordinal\n"
    for head in (b"", detail, b"id,text\n", b"note_id,text\n", b"subject_id,text\n", b'"', b"{}"):
        assert not READER.matches("a.csv", head)
    assert not READER.matches("a.txt", MIMIC_4.encode())
    path = tmp_path / "a.csv"
    path.write_bytes(detail + b"1,2,a,b,1\n")
    for act in (lambda: READER.found(source_of(path), {}), lambda: read(path, READER)):
        with pytest.raises(SourceError, match="no table of notes"):
            act()


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    rows = "".join(f'{i},{i},,,,,C,D,,,"note\n{i * 7919}"\n' for i in range(20_000))
    path = tmp_path / "NOTEEVENTS.csv.gz"
    path.write_bytes(gzip.compress((MIMIC_3 + rows).encode(), compresslevel=1)[:-2000])
    chunks: list[Chunk] = []
    with pytest.raises(SourceError, match=r"NOTEEVENTS\.csv"):
        chunks.extend(READER.cut(source_of(path), Limits(records=1000), {}))
    assert sum(chunk.units for chunk in chunks) > 15_000
    first = next(READER.parse(source_of(path), chunks[0], Limits(), {}))
    assert first.frame["text"][0] == "note\n0"
