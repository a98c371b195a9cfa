"""Real corpora: exact counts against a reader of a few lines (csv module or plain lines)."""

import csv
import io

import pytest
import zstandard

from tests.transforms.read.reading import read, shared_data, source_of
from transforms.read.chunk import Limits
from transforms.read.delimited import CSV, TSV
from transforms.read.registry import guess

csv.field_size_limit(1 << 30)
TABLES = [
    ("gold/emobank/emobank_train_dev.csv.zst", 9_062),
    ("gold/emobank/individual_reader_ratings.csv.zst", 45_583),
    ("clinical/counsel_chat_20200325.csv.zst", 1_391),
    ("clinical/mts_dialog/MTS-Dialog-TrainingSet.csv.zst", 1_201),
    ("clinical/mts_dialog/MTS-Dialog-ValidationSet.csv.zst", 100),
    ("clinical/annomi_full.csv.zst", 9_965),
    ("conversation/edos_mturk_groundtruth.csv.zst", 7_123),
    ("gold/intent/banking77_train.csv.zst", 10_003),
]


def text_of(path) -> str:
    data = (
        zstandard.ZstdDecompressor().stream_reader(path.open("rb"), read_across_frames=True).read()
    )
    return data.decode("utf-8-sig")


@pytest.mark.parametrize(("name", "count"), TABLES)
@pytest.mark.parametrize("records", [97, 125_000])
def test_tables(name: str, count: int, records: int) -> None:
    path = shared_data() / name
    expected = list(csv.reader(io.StringIO(text_of(path), newline="")))
    whole = read(path, CSV, limits=Limits(records=records))
    assert whole.bad == []
    assert whole.frame.height == count == len(expected) - 1
    assert [list(row[:-1]) for row in whole.frame.rows()] == expected[1:]


@pytest.mark.parametrize(("split", "count"), [("train", 43_410), ("dev", 5_426)])
def test_goemotions(split: str, count: int) -> None:
    path = shared_data() / f"social/goemotions/{split}.tsv.zst"
    lines = [line.split("\t") for line in text_of(path).removesuffix("\n").split("\n")]
    reader = guess(source_of(path))
    whole = read(path, reader)
    assert (reader.name, whole.bad, whole.frame.height) == ("goemotions", [], count)
    names = (shared_data() / "social/goemotions/labels.txt").read_text().split()
    assert whole.frame["text"].to_list() == [line[0] for line in lines]
    assert whole.frame["labels"].to_list() == [
        ",".join(names[int(number)] for number in line[1].split(",")) for line in lines
    ]


def test_xed_has_loose_quotes_and_no_header() -> None:
    path = shared_data() / "gold/xed/en-annotated.tsv.zst"
    whole = read(path, TSV, {"names": ["text", "labels"]})
    text = text_of(path).replace("\r\n", "\n").removesuffix("\n")
    lines = [tuple(line.split("\t")) for line in text.split("\n")]
    assert whole.bad == []
    assert [row[:2] for row in whole.frame.rows()] == lines
