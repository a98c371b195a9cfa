"""The contract: columns, types, order, nulls, errors, and a version that follows the output."""

import hashlib
from itertools import pairwise

import polars as pl
import pytest

from schemas.config.base import semantic
from schemas.config.clean import CleanConfig
from schemas.datasets import CLEAN, RECORDS
from schemas.errors import TerminalError
from tests.transforms.clean.dirt import PIECES
from tests.transforms.clean.rows import records
from tests.transforms.clean.test_golden import TABLE
from transforms.clean import VERSION, clean

# VERSION and the checksum of what it makes of a fixed input: change them together.
GOLDEN = (2, "4878f6edfd3d47d1")


def expected() -> pl.Schema:
    table = pl.from_arrow(CLEAN.schema.empty_table())
    assert isinstance(table, pl.DataFrame)
    return table.schema


def test_columns_types_and_order() -> None:
    table = clean(records(["a post", "b post"]), CleanConfig())
    assert table.schema == expected()
    assert table["record_id"].to_list() == ["r0", "r1"]


def test_an_empty_batch() -> None:
    assert clean(records([]), CleanConfig()).schema == expected()


def test_whole_records_with_null_columns() -> None:
    empty = pl.from_arrow(RECORDS.schema.empty_table())
    assert isinstance(empty, pl.DataFrame)
    batch = pl.concat([empty, records(["a post", ""])], how="diagonal_relaxed")
    table = clean(batch, CleanConfig())
    assert table["outcome"].to_list() == ["kept", "dropped"]
    for field in CLEAN.schema:
        if not field.nullable:
            assert table[field.name].null_count() == 0


def test_null_text_is_empty() -> None:
    batch = records(["x"]).with_columns(pl.lit(None, dtype=pl.String).alias("text"))
    assert clean(batch, CleanConfig())["reason"].item() == "empty"


def test_types_of_a_column_of_nulls() -> None:
    batch = records(
        ["Hello you"],
        speaker=[None],
        role=[None],
        turn=[None],
        gold=[None],
        lang=[None],
        pii_hints=[None],
    )
    assert clean(batch, CleanConfig()).schema == expected()


def test_missing_columns_and_unknown_domains_are_named() -> None:
    with pytest.raises(TerminalError, match="text"):
        clean(records(["secret"]).drop("text"), CleanConfig())
    with pytest.raises(TerminalError, match="novel"):
        clean(records(["secret"], "novel"), CleanConfig())


def test_every_key_of_the_config_is_semantic_and_described() -> None:
    assert set(semantic(CleanConfig())) == set(CleanConfig.model_fields)
    for model in (
        CleanConfig,
        *[type(getattr(CleanConfig(), name)) for name in ("social", "podcast", "clinical")],
    ):
        assert all(field.description for field in model.model_fields.values())


def fixed_input() -> pl.DataFrame:
    """Rows that touch every rule: the golden table, and neighbours in a list of dirt."""
    pairs = [f"so {one}{two} it goes" for one, two in pairwise(PIECES)]
    spaced = [f"{one} {two}" for one, two in zip(PIECES, PIECES[7:], strict=False)]
    rows = [raw for _, raw, *_ in TABLE] + pairs + spaced
    domains = ["social", "podcast", "clinical"]
    return records(rows, [domains[row % 3] for row in range(len(rows))])


def test_the_version_follows_the_output() -> None:
    table = clean(fixed_input(), CleanConfig())
    found = hashlib.sha256(table.write_ndjson().encode()).hexdigest()[:16]
    version, checksum = GOLDEN
    assert version == VERSION, "VERSION was raised: store it here with the new checksum"
    assert found == checksum, f"output changed: raise VERSION (the new checksum is {found})"
