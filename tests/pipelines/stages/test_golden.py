"""Golden tests of stage versions: output that changes while its version does not fails here.

Fingerprints trust the version: a change without a new one would leave old rows beside new ones. (The golden of clean
is in tests/transforms/clean.) When a change is meant, raise VERSION and put the new hash here.
"""

import json

import polars as pl
import xxhash

from pipelines.stages import label as label_stage
from schemas.config.corpus import CorpusConfig, Values
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.ingest import records as ingest
from transforms.ingest.keyed import KeyedHasher
from transforms.label.registry import load_labeler
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns

INGEST = {3: "d79de0d34b88c6ae"}
LABEL = {(1, "c2a651955404"): "3a4add2140329d99"}

RAISE = "output changed: raise VERSION, then put the new hash here"


def digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return xxhash.xxh3_128_hexdigest(text.encode())[:16]


def test_ingest() -> None:
    corpus = CorpusConfig.model_validate(
        {
            "name": "golden",
            "domain": "social",
            "license": "CC0-1.0",
            "sources": "x",
            "columns": {
                "text": "body", "id": "id", "speaker": "author", "created_at": "at",
                "conversation_id": "thread", "reply_to": "parent", "meta": ["sub"],
            },
        }
    )  # fmt: skip
    assert corpus.columns is not None
    native = pl.DataFrame(
        {
            "_position": [0, 1, 2, 3],
            "body": ["one", "two é", "", "four 😀"],
            "id": ["a", None, "c", "a"],
            "author": ["jo", "[deleted]", "AutoModerator", None],
            "at": ["2026-03-02T23:59:59Z", None, "1772496000", "2026-03-03 10:00:00"],
            "thread": ["t", "t", None, None],
            "parent": [None, "a", None, None],
            "sub": ["x", None, "y", ""],
        },
        schema_overrides={"_position": pl.Int64},
    )
    assert set(wanted(corpus.columns)) <= set(native.columns)
    mapped = map_columns(native, corpus.columns, Values(), ()).frame
    rows = ingest.to_records(
        mapped,
        corpus=corpus,
        hasher=KeyedHasher(b"golden key of 32 characters ...."),
        file_id="f" * 32,
        first_ingest="2026-11-21",
    )
    assert rows["partition"].to_list() == ["2026-03-02", "2026-11-21", "2026-03-03", "2026-03-03"]
    assert rows["role"].to_list() == [None, None, "bot", None]
    assert digest(rows.to_dicts()) == INGEST[ingest.VERSION], RAISE


def test_label() -> None:
    texts = [
        "Thank you so much for your help!",
        "why would anyone do that??",
        "I am terrified of tomorrow",
        "what a disgusting thing to say",
        "soooo happy 😂😂 for [NAME]",
        "[URL]",
        "",
        None,
    ]
    task, taxonomy = load_task("emotion"), load_taxonomy("goemotions")
    student = load_labeler("student", task, taxonomy)
    answers = student.label(pl.DataFrame({"text_clean": texts}), task, taxonomy)
    # Two decimals: that much is the same on every processor.
    rows = [
        [row["status"], row["labels"], row["reason"]]
        + [round(each["probability"], 2) for each in row["scores"] or ()]
        for row in answers.to_dicts()
    ]
    assert rows[0][:2] == ["labeled", ["gratitude"]]
    assert digest(rows) == LABEL[(label_stage.VERSION, student.version)], RAISE
