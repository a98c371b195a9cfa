import csv
import gzip
import io
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.pipelines.lake.builders import new_lake
from tests.pipelines.stages.test_superseded import lost_of, shard
from tests.transforms.read.reading import source_of
from transforms.ingest.records import merge_annotations
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits
from transforms.read.counseling import Counseling
from transforms.read.counseling_names import therapist_name
from transforms.read.mapping import map_columns

READER = Counseling()
HEADER = (
    ",questionID,questionTitle,questionText,questionLink,topic,therapistInfo,therapistURL,"
    "answerText,upvotes,views,split\n"
)
SITE = "https://example.org/therapists"
ROWS = (
    f'0,5,Is it me?,"I am sad.\nAlways.",l,mood,"Ann Lee, LCSWTherapist",{SITE}/ann-lee-lcsw,'
    "<p>Not you.</p>,1,20,train\n"
    f'1,5,Is it me?,"I am sad.\nAlways.",l,mood,Bob RayGrow,{SITE}/bob-ray,"Ann, no.",0,7,val\n'
    f"2,5,Other,Other question,l,self,Bob RayGrow,{SITE}/bob-ray,Yes.,0,7,val\n"
    "3,6,Unanswered?,,l,self,,,,,,val\n"
    f"4,7,,,l,self,Bob RayGrow,{SITE}/bob-ray,To nobody.,0,7,val\n"
    "5,8,, ,l,self,,, ,,,val\n"
)


class Table:
    """The records of a file, as ingest makes them; each row has exactly one outcome."""

    def __init__(self, path: Path, **limits: int) -> None:
        bounds, frames = Limits(**limits), []
        self.units, self.bad, self.skipped = 0, list[BadUnit](), Counter[str]()
        self.chunks = 0
        source, columns = source_of(path), READER.columns([])
        assert columns is not None
        for chunk in READER.cut(source, bounds, {}):
            assert chunk.position == self.units
            self.chunks += 1
            for batch in READER.parse(source, chunk, bounds, {}):
                used = set(batch.frame[POSITION].to_list())
                outcomes = [*used, *(unit.position for unit in batch.bad)]
                assert len(set(outcomes)) == len(outcomes)
                assert all(0 <= each - self.units < batch.units for each in outcomes)
                assert batch.units == len(outcomes) + sum(batch.skipped.values())
                assert batch.frame[POSITION].is_sorted()
                mapped = map_columns(batch.frame, columns, Values(), READER.gold())
                assert mapped.bad == []
                rows = merge_annotations(mapped.frame) if batch.merge else mapped.frame
                assert rows["id"].is_unique().all()
                frames.append(rows)
                self.units += batch.units
                self.bad += batch.bad
                self.skipped.update(batch.skipped)
        self.rows = pl.concat(frames) if frames else pl.DataFrame()


def table(tmp_path: Path, content: str | bytes, **limits: int) -> Table:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Table(path, **limits)


def test_questions_and_answers(tmp_path: Path) -> None:
    assert READER.matches("a.csv", (HEADER + ROWS).encode())
    found = table(tmp_path, HEADER + ROWS)
    assert (found.units, found.skipped, found.bad) == (7, {"header": 1, "empty": 1}, [])
    rows = found.rows
    assert rows.select(POSITION, "text", "role", "speaker", "pii_hints").rows() == [
        (1, "Is it me?\n\nI am sad.\nAlways.", "client", None, ["Ann Lee", "Bob Ray"]),
        (1, "<p>Not you.</p>", "therapist", "Ann Lee", ["Ann Lee", "Bob Ray"]),
        (2, "Ann, no.", "therapist", "Bob Ray", ["Ann Lee", "Bob Ray"]),
        (3, "Other question", "client", None, ["Bob Ray"]),
        (3, "Yes.", "therapist", "Bob Ray", ["Bob Ray"]),
        (4, "Unanswered?", "client", None, None),
        (5, "To nobody.", "therapist", "Bob Ray", ["Bob Ray"]),
    ]
    asked, *_ = ids = rows["id"].to_list()
    # Two questions under one questionID are two.
    assert rows["reply_to"].to_list() == [None, asked, asked, None, ids[3], None, None]
    talks = rows["conversation_id"].to_list()
    assert talks == [asked[1:]] * 3 + [ids[3][1:]] * 2 + [ids[5][1:], None]
    meta = [{each["key"]: each["value"] for each in row} for row in rows["meta"].to_list()]
    assert meta[:3] == [
        {"topic": "mood"},
        {"topic": "mood", "upvotes": "1", "views": "20"},
        {"topic": "mood", "upvotes": "0", "views": "7"},
    ]


def test_other_spellings_and_fewer_columns(tmp_path: Path) -> None:
    text = "question_id,question_text,answer_text\n1,Why?,Because.\n"
    assert READER.matches("a.csv", text.encode())
    found = table(tmp_path, text)
    assert found.rows.select("text", "speaker").rows() == [("Why?", None), ("Because.", None)]


def test_a_question_in_several_chunks_is_one_for_clean(tmp_path: Path) -> None:
    row = "{i},{q},Title {q},Body {q},l,t,Ann Lee,,answer {i},0,0,train\n"
    rows = "".join(row.format(i=i, q=q) for i, q in enumerate([1, 1, 1, 2, 2, 1, 3, 3]))
    whole = table(tmp_path, HEADER + rows)
    parts = table(tmp_path, HEADER + rows, records=4)
    assert (whole.chunks, whole.rows.height) == (1, 3 + 8)
    assert parts.chunks > 2
    twice = parts.rows.filter(pl.col("id").is_duplicated())
    assert twice[POSITION].to_list() == [1, 6]  # adjacent answers are not torn apart
    lake = new_lake(tmp_path)
    file = shard(lake, "f", *((row["id"], 0, row["text"]) for row in parts.rows.to_dicts()))
    lost = list(lost_of(lake, [file])[file.path].rows)
    kept = parts.rows.with_row_index("row").filter(~pl.col("row").is_in(lost))
    assert set(kept["id"]) == set(whole.rows["id"])
    assert kept.height == whole.rows.height


@pytest.mark.parametrize(
    ("info", "address", "name"),
    [
        ("Sherry Katz, LCSWCouples and Family Therapist", "/sherry-katz-lcsw", "Sherry Katz"),
        ("Ann Lee, LCSW", "", "Ann Lee"),
        ("Ann LeeGrow with me", "", "Ann Lee"),
        ("Ann McGrath FairGrow", "/ann-mcgrath-fair", "Ann McGrath Fair"),
        ("Kevin MimmsBuilding bridges", "/kevin-mimms-2/", "Kevin Mimms"),
        ("Eric Ström, JDAttorney", "/eric-str-m-jd", "Eric Ström"),
        ("Lynda MartensMarriage", "/ms-lynda-martens-london-ontario", "Lynda Martens"),
        ("Dr. Ann LeePoet", "/dr-ann-lee", "Ann Lee"),
        ("Ann Mary Lee LPCJungian", "/ann-mary-lee-lpc", "Ann Mary Lee"),
        ("ANN B. LEE", "/ann-b-lee", "ANN B. LEE"),
        ("Jim O'NeilI help", "/jim-o-neil", "Jim O'Neil"),
        ("", "", None),
        (" , LCSW", "", None),
        ("x" * 500, "", None),
    ],
)
def test_names(info: str, address: str, name: str | None) -> None:
    assert therapist_name(info, address and SITE + address) == name


def test_bad_rows(tmp_path: Path) -> None:
    good = "9,9,T,B,l,t,Ann Lee,,fine,0,0,train\n"
    data = (HEADER + "1,2,short\n\n").encode() + good.encode().replace(b"fine", b"caf\xe9")
    for records in (1, 100):
        found = table(tmp_path, data + good.encode(), records=records)
        assert sorted((unit.position, unit.error_class) for unit in found.bad) == [
            (1, "ragged_row"),
            (3, "invalid_utf8"),
        ]
        assert found.skipped == {"header": 1, "blank_line": 1}
        assert found.rows["text"].to_list() == ["T\n\nB", "fine"]
    long = table(
        tmp_path, HEADER + good.replace("fine", "y" * 5000) + good, record_bytes=999, bytes=2000
    )
    assert [(unit.position, unit.error_class) for unit in long.bad] == [(1, "unit_too_long")]
    assert long.rows["text"].to_list() == ["T\n\nB", "fine"]
    utf16 = table(tmp_path, (HEADER + ROWS).encode("utf-16"))
    assert utf16.rows.equals(table(tmp_path, HEADER + ROWS).rows)


@pytest.mark.parametrize("data", ["", "\n\n", HEADER])
def test_tables_without_rows(tmp_path: Path, data: str) -> None:
    found = table(tmp_path, data, records=1)
    assert (found.rows.height, found.bad, found.units) == (0, [], data.count("\n"))


def test_other_tables_are_refused(tmp_path: Path) -> None:
    others = (b"", b"id,text\n", b"question,answer\n", b"questionText,answerText\n", b'"', b"{}")
    for head in others:
        assert not READER.matches("a.csv", head)
    assert not READER.matches("a.txt", HEADER.encode())
    path = tmp_path / "a.csv"
    path.write_text("question,answer\nWhy?,Because.\n")
    for act in (lambda: READER.found(source_of(path), {}), lambda: Table(path)):
        with pytest.raises(SourceError, match="no table of questions"):
            act()


def test_a_cut_file_is_told(tmp_path: Path) -> None:
    rows = "".join(
        f"{i},{i // 3},T{i // 3},B,l,t,Ann Lee,,a{i * 7919},0,0,x\n" for i in range(20_000)
    )
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress((HEADER + rows).encode(), compresslevel=1)[:-2000])
    chunks: list[Chunk] = []
    with pytest.raises(SourceError, match=r"a\.csv"):
        chunks.extend(READER.cut(source_of(path), Limits(records=1000), {}))
    assert sum(chunk.units for chunk in chunks) > 15_000


def test_counsel_chat(shared_data: Path) -> None:
    path = shared_data / "clinical/counsel_chat_20200325.csv.zst"
    with path.open("rb") as packed:
        data = zstandard.ZstdDecompressor().stream_reader(packed).read()
    theirs = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    questions = {(row["questionTitle"], row["questionText"]) for row in theirs}
    answers = {(row["questionTitle"], row["therapistURL"], row["answerText"]) for row in theirs}
    found = Table(path)
    # SOURCES.md: 1,391 answers to 555 questions, by ids that are given to several questions
    assert (found.units, found.skipped, found.bad) == (1_391 + 1, {"header": 1}, [])
    by = {role: rows for (role,), rows in found.rows.partition_by("role", as_dict=True).items()}
    assert by["client"].height == len(questions) == 562
    assert by["therapist"].height == len(answers) == 1_354
    assert set(by["therapist"]["text"]) == {row["answerText"].strip() for row in theirs}
    text = dict(zip(by["client"]["id"], by["client"]["text"], strict=True))
    at = {row[POSITION]: row for row in by["therapist"].to_dicts()}
    for number, row in enumerate(theirs, start=1):
        if number in at:
            assert text[at[number]["reply_to"]].startswith(row["questionTitle"].strip())
            assert at[number]["text"] == row["answerText"].strip()
    # The last part of the address is the name as ASCII, then titles, a place, or a number.
    for number, record in at.items():
        info, name = theirs[number - 1]["therapistInfo"], record["speaker"]
        slug = re.sub(r"^dr-|^ms-", "", theirs[number - 1]["therapistURL"].rsplit("/", 1)[1])
        assert name in info
        assert slug.startswith(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
        assert len(name.split()) >= 2
        assert name in record["pii_hints"]
    parts = Table(path, records=100)
    assert set(parts.rows["id"]) == set(found.rows["id"])
