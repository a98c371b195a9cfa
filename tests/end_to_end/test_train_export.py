"""A student from a lake: exported, trained, and used."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from schemas.taxonomy import load_taxonomy
from tests.end_to_end.corpus import command
from tests.end_to_end.exported import write_export_lake

pytestmark = pytest.mark.slow

ROWS = "{gold: true, splits: [train], weight: 2}, {labeler: student, weight: 0.5}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("train_export")
    write_export_lake(found)
    for name, kind in (("lesson", "classification"), ("talk", "sft")):
        (found / f"{name}.yaml").write_text(
            f"name: {name}\nto: {name}\nformat: {kind}\ntaxonomy: ekman\nrows: [{ROWS}]\n"
        )
        ran = command("export", f"{name}.yaml", "--json", cwd=found)
        assert ran.code == 0, ran.err
    return found


def test_an_export_is_a_lesson(folder: Path) -> None:
    """Task, taxonomy, groups and weights come with it; the figures say who gave the labels."""
    ran = command("train", "lesson", "--output", "mine.safetensors", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    (file,) = (folder / "lesson" / "data").glob("train-*.parquet")
    train = pl.read_parquet(file)
    assert told["rows"] == train.height
    by_source = told["cross_validation"]["ekman"]["sources"]
    assert {name: of["n"] for name, of in by_source.items()} == Counter(train["source"])
    seen = set(train["labels"].explode())
    assert set(told["never_given"]) == set(load_taxonomy("ekman").names) - seen != set()
    assert f"no row has {', '.join(told['never_given'])}: never given" in ran.err
    assert set(train["weight"]) == {0.5, 2.0}
    # What may not be apart shares a fold, as it shares a split: here the texts of an author.
    authors = train.filter(pl.col("speaker").is_not_null()).group_by("speaker")
    assert authors.agg(pl.col("group").n_unique())["group"].unique().to_list() == [1]
    labeled = command(
        "label", file, "--output", "labeled.parquet", "--labeler", "mine.safetensors",
        "--taxonomy", "ekman", cwd=folder,
    )  # fmt: skip
    assert labeled.code == 0, labeled.err
    assert pl.read_parquet(folder / "labeled.parquet").height == train.height


def test_what_no_student_learns_from(folder: Path) -> None:
    ran = command("train", "talk", cwd=folder)
    assert ran.code == 2
    assert "Export with format: classification" in ran.err
    ran = command("train", "lake", cwd=folder)
    assert ran.code == 1
    assert "no export.json" in ran.err
