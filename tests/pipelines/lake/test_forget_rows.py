"""What erasing leaves of a table: rows, entries and mentions."""

import polars as pl
import pyarrow as pa
import pytest

from pipelines.lake.forget_rows import Target, erase, searched, stand_in
from schemas.datasets import (
    CONTEXTS,
    DATASETS,
    DEDUP,
    QUARANTINE,
    QUARANTINE_RAW,
    RECORDS,
    SYNTHETIC,
)
from schemas.datasets.base import Dataset
from transforms.arrow import polars_schema, to_arrow

HERS = Target(speakers={"s1"}, records={"r1", "r2"}, salt="salt")


def rows(dataset: Dataset, *given: dict) -> pa.Table:
    """Rows of a dataset; what is required and not given is filled in."""
    usual = {field.name: _filler(field.type) for field in dataset.schema if not field.nullable}
    usual |= {"sample_key": 1, "corpus": "c", "partition": "2026-03-02"}
    filled = [
        {name: value for name, value in (usual | row).items() if name in dataset.schema.names}
        for row in given
    ]
    return to_arrow(pl.DataFrame(filled, schema=polars_schema(dataset.schema)), dataset.schema)


def _filler(kind: pa.DataType) -> object:
    if pa.types.is_list(kind):
        return []
    if pa.types.is_struct(kind):
        return {"file": "f", "position": 0}
    return "" if pa.types.is_string(kind) else 0 if pa.types.is_integer(kind) else False


def test_her_rows_go_and_answers_to_them_lose_the_id() -> None:
    table = rows(
        RECORDS,
        {"record_id": "r0", "speaker": "s0", "revision": 0, "reply_to": "r1"},
        {"record_id": "r1", "speaker": "s1", "revision": 0, "reply_to": "r0"},
        {"record_id": "r1", "speaker": None, "revision": 1},
        {"record_id": "r9", "speaker": "s1", "revision": 0},
        {"record_id": "r8", "speaker": None, "revision": 0},
    )  # fmt: skip
    erased = erase(table, HERS)
    assert erased.table["record_id"].to_pylist() == ["r0", "r8"]
    assert erased.table["reply_to"].to_pylist() == [None, None]
    assert erased.gone.tolist() == [False, True, True, True, False]
    assert erased.touched.tolist() == [True, False, False, False, False]
    assert erased.table.schema.equals(RECORDS.schema)


def test_her_turns_go_from_the_contexts_of_others() -> None:
    def turn(name: str) -> dict:
        return {"record_id": name, "role": None, "text": f"text of {name}"}

    table = rows(
        CONTEXTS,
        {"record_id": "r5", "speaker": "s0", "context": [turn("r1"), turn("r4"), turn("r2")]},
        {"record_id": "r2", "speaker": "s1", "context": [turn("r4")]},
        {"record_id": "r6", "speaker": "s0", "context": [turn("r2")]},
        {"record_id": "r7", "speaker": "s0", "context": []},
        {"record_id": "r8", "speaker": "s0", "context": [turn("r4"), turn("r5")]},
    )
    erased = erase(table, HERS)
    assert erased.table.schema.equals(CONTEXTS.schema)
    assert [
        (row["record_id"], [entry["text"] for entry in row["context"]])
        for row in erased.table.to_pylist()
    ] == [
        ("r5", ["text of r4"]), ("r6", []), ("r7", []), ("r8", ["text of r4", "text of r5"]),
    ]  # fmt: skip
    assert erased.touched.tolist() == [True, False, True, False, False]
    # A slice of a table has lists that do not begin at 0.
    assert erase(table.slice(2), HERS).table.to_pylist() == erased.table.slice(1).to_pylist()


def test_a_cluster_that_was_named_after_her_post_gets_another_name() -> None:
    def member(name: str, cluster: str) -> dict:
        return {
            "record_id": name,
            "cluster": cluster,
            "representative": name == cluster,
            "outcome": "kept",
        }

    table = rows(
        DEDUP, member("r1", "r1"), member("r5", "r1"), member("r6", "r1"), member("r7", "r7")
    )
    found = erase(table, HERS).table.to_pylist()
    assert [row["record_id"] for row in found] == ["r5", "r6", "r7"]
    assert found[0]["cluster"] == found[1]["cluster"] == stand_in("salt", "r1")
    assert found[2]["cluster"] == "r7"
    assert stand_in("salt", "r1") != stand_in("other", "r1") != "r1"


def test_what_was_generated_from_her_posts_goes() -> None:
    def made(name: str, *seeds: str) -> dict:
        return {
            "record_id": name, "recipe": "x", "recipe_version": 1, "generator": "g", "outcome": "kept",
            "seed_record_ids": list(seeds),
        }  # fmt: skip

    table = rows(SYNTHETIC, made("g0", "r5"), made("g1", "r5", "r2"), made("g2"))
    assert erase(table, HERS).table["record_id"].to_pylist() == ["g0", "g2"]


def test_raw_bytes_go_by_place_and_the_place_itself_stays() -> None:
    place = {"corpus": "c", "source_file": "f", "position": 3, "byte_offset": 70}
    target = Target(speakers=set(), records=set(), raw={("c", "f", 3, 70)})
    raw = pa.Table.from_pylist(
        [place | {"raw": b"x"}, place | {"position": 4, "raw": b"y"}], schema=QUARANTINE_RAW.schema
    )
    assert erase(raw, target).table["raw"].to_pylist() == [b"y"]
    more = {"stage": "ingest", "byte_length": 1, "error_class": "e", "message": "m"}
    told = pa.Table.from_pylist([place | more], schema=QUARANTINE.schema)
    assert erase(told, target).table.num_rows == 1


def test_other_rows_go_on_to_know_the_names_of_their_talk() -> None:
    table = rows(
        RECORDS,
        {"record_id": "r0", "conversation_id": "k", "pii_hints": ["Ann"], "revision": 0},
        {"record_id": "r4", "conversation_id": "k", "pii_hints": None, "revision": 0},
        {"record_id": "r5", "conversation_id": "z", "pii_hints": None, "revision": 0},
    )  # fmt: skip
    target = Target(speakers=set(), records=set(), hints={"k": ("Bob",)})
    erased = erase(table, target)
    assert erased.table["pii_hints"].to_pylist() == [["Ann", "Bob"], ["Bob"], None]
    assert erased.touched.tolist() == [True, True, False]
    assert not erase(erased.table, target).touched.any()


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_dataset_can_be_searched(name: str) -> None:
    """What holds a record or a speaker is among the columns that are looked at; a search reads these alone."""
    schema = DATASETS[name].schema
    empty = erase(schema.empty_table(), HERS)
    assert empty.table.schema.equals(schema)
    ids = {
        field.name
        for field in schema
        if field.name
        in {"record_id", "speaker", "reply_to", "cluster", "context", "seed_record_ids"}
    }
    assert ids <= set(searched(schema))
    part = erase(schema.empty_table().select(searched(schema)), HERS)
    assert part.gone.tolist() == []
