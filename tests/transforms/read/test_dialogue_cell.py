import csv
import gzip
import io
import re
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from schemas.config.corpus import Values
from schemas.errors import SourceError
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits
from transforms.read.delimited import CSV
from transforms.read.dialogue_cell import DialogueCell
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.mapping import map_columns
from transforms.read.source import SourceFile, expand

ACI = (
    "dataset,encounter_id,dialogue,note\n"
    'virtassist,D2N001,"[doctor] hi , martha .\n[patient] hello .\ni am fine .\n[doctor]\n'
    '\n[patient_guest] so am i . [doctor] good .",HISTORY: martha is fine\n'
    'aci,D2N002,"she is late\n[doctor] well [laughs]",\n'
    "aci,D2N003,[patient] ,nothing was said\n"
    "aci,,no mark at all,\n"
)
MTS = (
    "ID,section_header,section_text,dialogue\r\n"
    '7,GENHX,He is ill.,"Doctor:  Where does it hurt?\r\nPatient: Here. Doctor: And here?\r\n'
    'Doctor_2: Did the patient: sleep?\r\nGuest_clinican: No.\r\nGuest_family. I am his wife."\r\n'
)
META = (
    "dataset,encounter_id,id,doctor_name,patient_gender,patient_firstname,patient_familyname,cc\n"
    "virtassist,D2N001,VA049,Dr. Juan Price,female,Martha ,Collins,none\n"
    "aci,D2N009,ACI9,,male,Brian,White,none\n"
)


class Table:
    """What a file holds, all batches together; every row of it has exactly one outcome."""

    def __init__(self, source: SourceFile, limits: Limits | None = None) -> None:
        reader, limits, units = DialogueCell(), limits or Limits(), 0
        self.bad: list[BadUnit] = []
        self.skipped: Counter[str] = Counter()
        frames: list[pl.DataFrame] = []
        for chunk in reader.cut(source, limits, {}):
            for batch in reader.parse(source, chunk, limits, {}):
                used = batch.frame[POSITION].unique().to_list()
                assert batch.units == len(used) + len(batch.bad) + sum(batch.skipped.values())
                assert all(units <= each < units + batch.units for each in used)
                self.bad += batch.bad
                self.skipped.update(batch.skipped)
                units += batch.units
                frames.append(batch.frame)
        self.units = units
        self.frame = pl.concat([frame for frame in frames if frame.height] or frames[:1])
        assert self.frame["id"].is_unique().all()

    def column(self, name: str) -> list[object]:
        return self.frame[name].to_list()


def sources(tmp_path: Path, files: dict[str, str | bytes]) -> list[SourceFile]:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
    found = expand([str(tmp_path / name) for name in files], Path("/"))
    return DialogueCell().pair(found)


def table(tmp_path: Path, name: str, content: str | bytes, limits: Limits | None = None) -> Table:
    [source] = sources(tmp_path, {name: content})
    return Table(source, limits)


def test_turns_in_brackets(tmp_path: Path) -> None:
    assert DialogueCell().matches("train.csv", ACI.encode())
    found = table(tmp_path, "train.csv", ACI)
    assert (found.units, found.skipped, found.bad) == (5, {"header": 1, "empty": 1}, [])
    first, second, lost = "train-virtassist-D2N001", "train-aci-D2N002", "train-aci-@4"
    assert found.frame.select("id", "text", "role", "turn", POSITION).rows() == [
        (f"{first}#0", "hi , martha .", "doctor", 0, 1),
        (f"{first}#1", "hello .\ni am fine .", "patient", 1, 1),
        (f"{first}#2", "so am i .", "guest", 2, 1),
        (f"{first}#3", "good .", "doctor", 3, 1),
        (f"{second}#0", "she is late", None, 0, 2),
        (f"{second}#1", "well", "doctor", 1, 2),
        (f"{lost}#0", "no mark at all", None, 0, 4),
    ]
    assert found.column("conversation") == [first] * 4 + [second] * 2 + [lost]
    speakers = found.column("speaker")
    assert speakers[0] == speakers[3] != speakers[5]
    assert len(set(speakers)) == 5
    assert speakers[4] is None
    assert not any("martha is" in text or "HISTORY" in text for text in found.frame["text"])
    assert found.frame["cues"][5].to_list() == [
        {"channel": "nonspeech", "value": "laughter", "start_ms": None, "end_ms": None}
    ]


def test_turns_with_colons_and_their_section(tmp_path: Path) -> None:
    name = "MTS-Dialog-ValidationSet.csv"
    assert DialogueCell().matches(name, MTS.encode())
    found = table(tmp_path, name, MTS)
    assert found.frame.select("text", "role").rows() == [
        ("Where does it hurt?", "doctor"),
        ("Here.", "patient"),
        ("And here?", "doctor"),
        ("Did the patient: sleep?", "doctor"),
        ("No.", "clinician"),
        ("I am his wife.", "guest"),
    ]
    speakers = found.column("speaker")
    assert speakers[0] == speakers[2] != speakers[3]
    mapping = DialogueCell().columns([])
    assert mapping is not None
    mapped = map_columns(found.frame, mapping, Values(), ())
    assert mapped.bad == []
    first, *others = mapped.frame["gold"].to_list()
    assert first == [
        {
            "task": "topic",
            "taxonomy": "mts_dialog_sections",
            "label_set": None,
            "split": "dev",
            "annotator": None,
            "labels": ["GENHX"],
            "value": None,
        }
    ]
    assert others == [None] * 5


def test_names_come_with_the_chunks_that_need_them(tmp_path: Path) -> None:
    assert DialogueCell().matches("train_metadata.csv", META.encode())
    files: dict[str, str | bytes] = {"train.csv": ACI, "train_metadata.csv": META}
    [source] = sources(tmp_path, files)
    assert [each.name for each in source.companions] == ["train_metadata.csv"]
    names = ["Collins", "Juan", "Juan Price", "Martha", "doctor Price", "dr Price", "dr. Price"]
    whole = Table(source)
    assert whole.column("pii_hints") == [names] * 4 + [None] * 3
    single = Table(source, Limits(records=1))
    assert single.frame.equals(whole.frame)
    headers = [chunk.header for chunk in DialogueCell().cut(source, Limits(records=1), {})]
    assert [b"Martha" in header for header in headers] == [False, True, False, False, False]
    assert not any(b"Brian" in header for header in headers)
    # The worker has the chunk alone: without companions it parses the same.
    chunk = list(DialogueCell().cut(source, Limits(records=1), {}))[1]
    bare = replace(source, companions=())
    [batch] = DialogueCell().parse(bare, chunk, Limits(), {})
    assert batch.frame["pii_hints"].to_list() == [names] * 4


def test_names_that_cannot_be_read_stop_the_table(tmp_path: Path) -> None:
    broken = META.encode() + b"aci,D2N010,ACI10,,male,\xffred,White,none\n"
    [source] = sources(tmp_path, {"train.csv": ACI, "train_metadata.csv": broken})
    with pytest.raises(SourceError, match=r"train_metadata\.csv has rows that cannot be read"):
        Table(source)


def test_names_without_dialogues_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no table of dialogues is with it"):
        sources(tmp_path, {"train_metadata.csv": META})


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    reader = DialogueCell()
    for head in (b"", b"id,text\n1,a\n", b"dialogue\nhi\n", b"id,dialogue,emotion\n", b"{}", b'"'):
        assert not reader.matches("a.csv", head)
    assert not reader.matches("a.txt", ACI.encode())
    (tmp_path / "a.csv").write_text("id,text\n1,hello\n")
    [other] = expand([str(tmp_path / "a.csv")], Path("/"))
    with pytest.raises(SourceError, match="no table of dialogues"):
        reader.found(other, {})
    with pytest.raises(SourceError, match="no table of dialogues"):
        Table(other)


def test_bad_rows(tmp_path: Path) -> None:
    data = ACI.encode() + b"aci,D2N004,[doctor] caf\xe9,\naci,D2N005,[doctor] hi,a,b\naci,D2N006\n"
    found = table(tmp_path, "train.csv", data)
    assert [(unit.position, unit.error_class) for unit in found.bad] == [
        (5, "invalid_utf8"),
        (6, "ragged_row"),
        (7, "ragged_row"),
    ]
    data = ACI.encode() + b"aci,D2N004,[doctor] " + b"ha " * 200 + b",\naci,D2N005,[patient] ho,\n"
    [source] = sources(tmp_path, {"train.csv": data})
    bounds = Limits(record_bytes=300)
    for chunk in DialogueCell().cut(source, bounds, {}):
        for batch in DialogueCell().parse(source, chunk, bounds, {}):
            assert batch.frame.schema[OWN_GOLD] == GOLD
    long = table(tmp_path, "train.csv", data, bounds)
    assert [(unit.position, unit.error_class) for unit in long.bad] == [(5, "unit_too_long")]
    assert long.column("text")[-1] == "ho"
    utf16 = table(tmp_path, "train.csv", ACI.encode("utf-16"))
    assert utf16.frame.equals(table(tmp_path, "train.csv", ACI).frame)


def test_empty_and_cut_off(tmp_path: Path) -> None:
    reader = DialogueCell()
    [empty] = sources(tmp_path, {"train.csv": b""})
    assert reader.found(empty, {}) != []
    assert list(reader.cut(empty, Limits(), {})) == []
    only = table(tmp_path, "train.csv", ACI.split("\n", 1)[0])
    assert (only.units, only.frame.height) == (1, 0)
    packed = gzip.compress((ACI + ACI.split("\n", 1)[1] * 5000).encode(), compresslevel=1)[:-200]
    [cut] = sources(tmp_path, {"train.csv.gz": packed})
    chunks: list[Chunk] = []
    with pytest.raises(SourceError, match=r"train\.csv\.gz"):
        chunks.extend(reader.cut(cut, Limits(records=1000), {}))
    assert sum(chunk.units for chunk in chunks) > 1000


def marks(path: Path) -> tuple[int, int, int, list[list[str]]]:
    """(rows, marks with words behind them, section headers, words of each row between the marks)."""
    data = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout.decode()
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    line = r"(?m)\[(?:doctor|patient|patient_guest)\]|^ *\w+_?\w*:|^Guest_family\.|(?<=[.?] )(?:Doctor|Patient): "
    parts = [part for row in rows for part in re.split(line, row["dialogue"])[1:]]
    spoken = [part for part in parts if re.search(r"\w", part)]
    words = [re.sub(line, " ", row["dialogue"]).split() for row in rows]
    return len(rows), len(spoken), sum(bool(row.get("section_header")) for row in rows), words


def test_real_tables(shared_data: Path) -> None:
    folders = [str(shared_data / "clinical" / name) for name in ("aci_bench", "mts_dialog")]
    counts: dict[str, int] = {}
    for source in DialogueCell().pair(expand(folders, Path("/"))):
        found = Table(source)
        rows, spoken, sections, words = marks(Path(source.path))
        assert (found.units, found.skipped, found.bad) == (rows + 1, {"header": 1}, [])
        assert found.frame.height == spoken
        told = found.frame.group_by(POSITION, maintain_order=True).agg(pl.col("text"))
        assert [" ".join(texts).split() for texts in told["text"]] == words
        ordered = found.frame.with_columns(pl.int_range(pl.len()).over("conversation").alias("n"))
        assert (ordered["turn"] == ordered["n"]).all()
        assert found.frame["conversation"].n_unique() == rows
        assert found.frame["_gold"].drop_nulls().len() == sections
        assert found.frame["role"].null_count() == 0
        assert not found.frame["text"].str.contains(r"\[(?:doctor|patient)|Patient: ").any()
        counts[source.name] = rows
        if "aci" in source.path:
            names = found.frame.group_by("conversation").agg(pl.col("pii_hints").first())
            assert names["pii_hints"].drop_nulls().len() >= rows * 0.9
    assert counts["train.csv"] == 67
    assert counts["valid.csv"] == 20
    assert counts["clinicalnlp_taskB_test1.csv"] == 40
    assert counts["MTS-Dialog-TrainingSet.csv"] == 1_201
    assert counts["MTS-Dialog-ValidationSet.csv"] == 100
    assert len(counts) == 15


def test_what_a_table_is_to_the_plain_reader(tmp_path: Path) -> None:
    """The rows are those of the CSV reader: cutting is the same, only the header may grow."""
    [source] = sources(tmp_path, {"train.csv": ACI})
    mine = list(DialogueCell().cut(source, Limits(bytes=150), {}))
    assert mine == list(CSV.cut(source, Limits(bytes=150), {}))
