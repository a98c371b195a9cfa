import gzip
import json
import re
import tarfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import zstandard

from schemas.config.corpus import Values
from schemas.errors import SourceError
from tests.transforms.read.documents import check_ends
from transforms.read.chunk import POSITION, Chunk, Limits, Pairing, Parsed, Reader
from transforms.read.clinical_note_json import ClinicalNoteJson
from transforms.read.mapping import map_columns
from transforms.read.source import SourceFile, expand
from transforms.read.textgrid import TextGrid

READER, NOTES = TextGrid(), ClinicalNoteJson()
HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'


def tier(number: int, name: str, *intervals: tuple[float, float, str]) -> str:
    """A tier in the long form, as Praat writes it."""
    lines = [
        f"    item [{number}]:",
        '        class = "IntervalTier" ',
        f'        name = "{name}" ',
    ]
    lines += [
        "        xmin = 0 ",
        "        xmax = 9 ",
        f"        intervals: size = {len(intervals)} ",
    ]
    for place, (start, end, text) in enumerate(intervals, start=1):
        lines += [f"        intervals [{place}]:", f"            xmin = {start} "]
        lines += [f"            xmax = {end} ", f'            text = "{text}" ']
    return "\n".join(lines) + "\n"


def grid(*tiers: str) -> str:
    body = f"xmin = 0 \nxmax = 9 \ntiers? <exists> \nsize = {len(tiers)} \nitem []: \n"
    return HEAD + body + "".join(tiers)


DOCTOR = grid(
    tier(
        1,
        "Speaker",
        (0, 1.0, ""),
        (1.0, 2.5004, 'Good <UNIN/> day.\nHow ""are"" you?'),
        (2.5004, 4, "<UNIN/>"),
        (4, 6, "<UNSURE>Since</UNSURE> when?"),
    )
)
PATIENT = grid(
    tier(1, "Speaker", (0, 2.2, " "), (2.2, 4, "Ill."), (4, 5.5, "Since &c. <INAUDIBLE_SPEECH/>"))
)
# The same in Praat's short form, with a point tier.
SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n9\n<exists>\n3\n'
    '"IntervalTier"\n"Ann Lee"\n0\n9\n2\n0\n1.5\n"Hello 3 times,\nBob ""B."" 5"\n1.5\n9\n""\n'
    '"TextTier"\n"bell"\n0\n9\n1\n4.5\n"ding"\n'
    '"IntervalTier"\n"Bob"\n0\n9\n1\n0.5\n9\n"Hi!"\n'
)


def write(tmp_path: Path, files: dict[str, str | bytes]) -> list[SourceFile]:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return expand([str(tmp_path / name) for name in files], Path("/"))


def read(source: SourceFile, reader: Reader = READER) -> Parsed:
    """The one batch of a talk; all its units have one outcome, and it can be mapped."""
    [chunk] = reader.cut(source, Limits(), {})
    # The worker has the chunk alone.
    [batch] = reader.parse(replace(source, companions=()), chunk, Limits(), {})
    used, bad = batch.frame[POSITION].to_list(), [unit.position for unit in batch.bad]
    assert sorted(used) == used
    assert len({*used, *bad}) == len(used) + len(bad)
    assert batch.units == len(used) + len(bad) + sum(batch.skipped.values())
    columns = reader.columns([])
    assert columns is not None
    mapped = map_columns(batch.frame, columns, Values(), reader.gold())
    assert mapped.bad == []
    return batch


def single(tmp_path: Path, content: str | bytes) -> Parsed:
    [source] = READER.pair(write(tmp_path, {"talk.TextGrid": content}))
    return read(source)


def classes(batch: Parsed) -> list[tuple[int, str]]:
    return [(unit.position, unit.error_class) for unit in batch.bad]


def test_two_files_are_one_talk_in_the_order_of_time(tmp_path: Path) -> None:
    assert isinstance(READER, Pairing)
    stem = "day3_consultation07"
    files: dict[str, str | bytes] = {
        f"{stem}_patient.TextGrid": PATIENT,
        f"{stem}_doctor.TextGrid": DOCTOR.replace("\n", "\r\n"),
        "other_doctor.TextGrid": DOCTOR,
        f"b/{stem}_patient.TextGrid": PATIENT,
    }
    sources = READER.pair(write(tmp_path, files))
    pairs = {
        str(Path(each.path).relative_to(tmp_path)): [one.name for one in each.companions]
        for each in sources
    }
    assert pairs == {
        f"{stem}_doctor.TextGrid": [f"{stem}_patient.TextGrid"],
        "other_doctor.TextGrid": [],
        f"b/{stem}_patient.TextGrid": [],
    }
    [source] = [each for each in sources if each.companions]
    batch = read(source)
    assert (batch.units, batch.skipped, batch.bad) == (7, {"silence": 2, "nonspeech": 1}, [])
    names = ("text", "role", "turn", "start_ms", "end_ms", "conversation", POSITION)
    assert batch.frame.select(names).rows() == [
        ('Good day.\nHow "are" you?', "doctor", 0, 1000, 2500, stem, 2),
        ("Ill.", "patient", 1, 2200, 4000, stem, 3),
        ("Since when?", "doctor", 2, 4000, 6000, stem, 5),
        ("Since &c.", "patient", 3, 4000, 5500, stem, 6),
    ]
    voices = batch.frame["speaker"].to_list()
    assert voices[0] == voices[2] != voices[1] == voices[3]
    assert batch.frame["pii_hints"].to_list() == [None] * 4
    cues = [[tuple(cue.values()) for cue in row or []] for row in batch.frame["cues"].to_list()]
    assert cues == [
        [("transcript", "unintelligible", 1000, 2500)],
        [],
        [("transcript", "uncertain", 4000, 6000)],
        [("transcript", "inaudible", 4000, 5500)],
    ]
    [alone] = [each for each in sources if each.name.startswith("other")]
    assert read(alone).frame.select("role", "conversation").rows() == [("doctor", None)] * 2


def test_the_chunk_depends_on_all_files_of_the_talk(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a_doctor.TextGrid": DOCTOR, "a_patient.TextGrid": PATIENT}
    [source] = READER.pair(write(tmp_path, files))
    [before] = READER.cut(source, Limits(), {})
    (tmp_path / "a_patient.TextGrid").write_text(PATIENT.replace("Ill.", "Sick."))
    [after] = READER.cut(source, Limits(), {})
    assert before.checksum != after.checksum
    (tmp_path / "a_patient.TextGrid").write_text("")
    assert read(source).frame["role"].to_list() == ["doctor", "doctor"]
    long = Limits(record_bytes=len(DOCTOR) - 1)
    [chunk] = READER.cut(source, long, {})
    [batch] = READER.parse(source, chunk, long, {})
    assert (batch.frame.height, classes(batch)) == (0, [(0, "unit_too_long")])


def test_tiers_are_speakers_in_the_short_form(tmp_path: Path) -> None:
    batch = single(tmp_path, SHORT)
    assert (batch.units, batch.skipped, batch.bad) == (4, {"silence": 1, "point": 1}, [])
    assert batch.frame.select("text", "speaker", "turn", "start_ms", "end_ms").rows() == [
        ('Hello 3 times,\nBob "B." 5', "Ann Lee", 0, 0, 1500),
        ("Hi!", "Bob", 1, 500, 9000),
    ]
    assert batch.frame["pii_hints"].to_list() == [["Ann Lee", "Bob"]] * 2
    assert single(tmp_path, SHORT.replace("ooTextFile", "ooTextFile short")).frame.equals(
        batch.frame
    )


def test_tiers_that_are_no_persons(tmp_path: Path) -> None:
    sound, words = tier(1, "Ann - phones", (0, 1, "æ")), tier(2, "words", (0, 1, "hat"))
    batch = single(tmp_path, grid(sound, words))
    assert batch.skipped == {"sounds": 1}
    assert batch.frame.select("text", "speaker", "pii_hints").rows() == [("hat", None, None)]
    twice = tier(1, "Speaker", (0, 1, "a b")), tier(2, "Speaker", (1, 2, "c d"))
    assert single(tmp_path, grid(*twice)).frame["speaker"].n_unique() == 2
    roles = tier(1, "Therapist", (0, 1, "So?")), tier(2, "client", (1, 2, "So."))
    assert single(tmp_path, grid(*roles)).frame["role"].to_list() == ["therapist", "client"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    text = grid(tier(1, "Zoë", (0, 1, "Déjà vu")))
    data = mark + text.encode(encoding)
    assert READER.matches("talk.TextGrid", data)
    batch = single(tmp_path, data)
    assert batch.frame.select("text", "speaker").rows() == [("Déjà vu", "Zoë")]


def test_a_text_that_is_broken_in_its_encoding_is_no_turn(tmp_path: Path) -> None:
    text = grid(tier(1, "A B", (0, 1, "Déjà vu"), (1, 2, "caf?"), (2, 3, "fine")))
    batch = single(tmp_path, text.encode().replace(b"caf?", b"caf\xe9"))
    assert classes(batch) == [(1, "bad_encoding")]
    assert batch.frame["text"].to_list() == ["Déjà vu", "fine"]


def test_stray_quotes_stay_text(tmp_path: Path) -> None:
    talk = tier(1, "A B", (0, 1, 'he said "hi" to me'), (1, 2, 'and "bye"'), (2, 3, "fine"))
    batch = single(tmp_path, grid(talk))
    assert batch.bad == []
    assert batch.frame["text"].to_list() == ['he said "hi" to me', 'and "bye', "fine"]


def test_bad_intervals(tmp_path: Path) -> None:
    talk = tier(1, "A B", (0, 1, "a b"), (1, 2, "c d"), (3, 2, "e f"), (3, 4, "g h"))
    batch = single(
        tmp_path, grid(talk).replace('xmax = 2 \n            text = "c d"', 'text = "c d"')
    )
    assert classes(batch) == [(1, "bad_interval"), (2, "bad_time")]
    assert batch.frame["text"].to_list() == ["a b", "g h"]


def test_cut_off_documents(tmp_path: Path) -> None:
    whole = grid(tier(1, "A B", (0, 1, "a b"), (1, 2, "c 7 d")), tier(2, "C D", (0, 1, "e")))
    batch = single(tmp_path, whole[: whole.index("7 d")])
    assert batch.frame["text"].to_list() == ["a b"]
    assert [unit.error_class for unit in batch.bad] == ["bad_interval", "truncated"]
    batch = single(tmp_path, whole[: whole.index("        intervals [2]")])
    assert [unit.error_class for unit in batch.bad] == ["truncated", "truncated"]
    assert batch.bad[0].message == "tier 1 lacks 1 of its 2 intervals"
    for end in (len(HEAD), whole.index("size"), whole.index("item [1]")):
        batch = single(tmp_path, whole[:end])
        assert (batch.frame.height, classes(batch)) == (0, [(0, "truncated")])
    empty = single(tmp_path, HEAD + "0\n9\n<absent>\n")
    assert (empty.units, empty.bad) == (0, [])


def test_empty_and_long_and_broken_files(tmp_path: Path) -> None:
    check_ends(tmp_path, "talk.TextGrid", DOCTOR.encode(), READER)
    many = grid(tier(1, "Speaker", *((i, i + 0.5, f"No {i * 7919}.") for i in range(5000))))
    good, cut = gzip.compress(DOCTOR.encode()), gzip.compress(many.encode())[:-2000]
    files: dict[str, str | bytes] = {"a_doctor.TextGrid.gz": good, "a_patient.TextGrid.gz": cut}
    [source] = READER.pair(write(tmp_path, files))
    chunks: list[Chunk] = []
    with pytest.raises(SourceError, match="a_patient"):
        chunks.extend(READER.cut(source, Limits(), {}))
    [batch] = READER.parse(source, chunks[0], Limits(), {})
    assert (
        batch.frame["role"].value_counts(name="n").filter(pl.col("n") > 4000)["role"][0]
        == "patient"
    )
    assert {unit.error_class for unit in batch.bad} == {"truncated"}


def test_other_formats_are_not_claimed(tmp_path: Path) -> None:
    for head in (
        b"{}",
        b"a,b\n",
        b"WEBVTT\n",
        b'File type = "ooTextFile"\nObject class = "Pitch 1"\n',
    ):
        assert not READER.matches("talk.TextGrid", head)
    assert READER.matches("talk.TextGrid", b"")
    assert not READER.matches("talk.txt", b"")
    batch = single(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n")
    assert classes(batch) == [(0, "wrong_format")]


def test_hostile_documents_take_linear_time(tmp_path: Path) -> None:
    def forced(text: str) -> Parsed:
        return single(tmp_path, HEAD + "0\n9\n<exists>\n1e999\n" + text)

    assert forced('"a' * 300_000).frame.height == 0
    assert forced('"' * 500_001).frame.height == 0
    assert forced("1 " * 300_000).frame.height == 0


def test_a_note(tmp_path: Path) -> None:
    note = {
        "day": 2,
        "consultation": 8,
        "presenting_complaint": "I am hot",
        "note": "3/7 hx\nof fever ",
        "highlights": ["fever"],
    }
    data = json.dumps(note).encode()
    assert NOTES.matches("a.json", data)
    [source] = write(tmp_path, {"a.json": data})
    batch = read(source, NOTES)
    assert (batch.units, batch.skipped, batch.bad) == (1, {}, [])
    assert batch.frame.rows() == [
        ("I am hot\n\n3/7 hx\nof fever", "day2_consultation08", "doctor", 0)
    ]
    long = json.dumps(note | {"note": "x" * 2000}, indent=1).encode()
    assert NOTES.matches("a.json", long[:1000])
    assert not NOTES.matches("a.jsonl", data + b"\n" + data)
    for other in (b"", b"[]", b'{"note": "x"}', b"\xff\xfe", b'{"text": "presenting_complaint"}'):
        assert not NOTES.matches("a.json", other)


@pytest.mark.parametrize(
    ("data", "error_class"),
    [
        (b'{"note": "caf\xe9"}', "bad_encoding"),
        (b'{"note": "x', "bad_json"),
        (b"[1]", "wrong_format"),
        (b'{"note": 3}', "wrong_format"),
        (b'{"note": " "}', "missing_text"),
        (b"[" * 100_000, "bad_json"),
    ],
)
def test_bad_notes(tmp_path: Path, data: bytes, error_class: str) -> None:
    [source] = write(tmp_path, {"a.json": data})
    assert classes(read(source, NOTES)) == [(0, error_class)]


def test_empty_and_long_notes(tmp_path: Path) -> None:
    text = " ".join(str(i * 7919) for i in range(2000))
    note = {"presenting_complaint": "x", "note": text}
    check_ends(tmp_path, "a.json", json.dumps(note).encode(), NOTES)


def test_primock57(shared_data: Path) -> None:
    path = shared_data / "clinical/primock57.tar.zst"
    spoken, total = Counter[str](), 0
    with zstandard.open(path, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None or not member.name.endswith(".TextGrid"):
                continue
            texts = re.findall(r'text = "((?:[^"]|"")*)"', file.read().decode())
            total += len(texts)
            words = [re.sub(r"<\w*/?>|</\w+>", " ", text) for text in texts]
            spoken["silent"] += sum(not text.strip() for text in texts)
            spoken["words"] += sum(bool(re.search(r"\w", text)) for text in words)
    sources = expand([str(path)], Path("/"))
    talks = READER.pair([each for each in sources if each.name.endswith(".TextGrid")])
    assert len(talks) == 45  # SOURCES.md: 45 consultations, two TextGrids each
    frames, skipped, units = [], Counter[str](), 0
    for talk in talks:
        batch = read(talk)
        assert batch.bad == []
        assert batch.frame["start_ms"].is_sorted()
        assert set(batch.frame["role"]) == {"doctor", "patient"}
        frames.append(batch.frame)
        skipped.update(batch.skipped)
        units += batch.units
    rows = pl.concat(frames)
    assert (units, rows.height) == (total, spoken["words"])
    assert skipped == {
        "silence": spoken["silent"],
        "nonspeech": total - spoken["words"] - spoken["silent"],
    }
    assert (rows["conversation"].n_unique(), rows["speaker"].n_unique()) == (45, 90)
    assert not rows["text"].str.contains("[<>]").any()
    notes = [read(each, NOTES) for each in sources if each.name.endswith(".json")]
    assert [note.units for note in notes] == [1] * 45
    of_notes = {note.frame["conversation"][0] for note in notes}
    assert of_notes == set(rows["conversation"])
