"""Taxonomies and label tasks: the shipped ones against their sources, and users' mistakes."""

import json
from pathlib import Path

import pytest

from schemas.errors import ConfigError
from schemas.label_task import load_task, task_names
from schemas.taxonomy import load_taxonomy, taxonomy_names

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data pack is not at {DATA}")

THREE_MISTAKES = """
name: m
version: v
neutral: z
labels: [{name: a}, {name: a}]
mappings: {o: {b: a}}
"""


def test_shipped_taxonomies_load() -> None:
    assert {"goemotions", "ekman", "sentiment"} <= set(taxonomy_names())
    for name in taxonomy_names():
        taxonomy = load_taxonomy(name)
        assert taxonomy.name == name
        assert taxonomy.source
        for target, mapping in taxonomy.mappings.items():
            assert set(mapping.values()) <= set(load_taxonomy(target).names)


def test_goemotions_has_28_labels_and_every_one_maps() -> None:
    goemotions = load_taxonomy("goemotions")
    assert len(goemotions.names) == 28
    assert goemotions.neutral == "neutral"
    assert (
        set(goemotions.mappings["ekman"])
        == set(goemotions.mappings["sentiment"])
        == set(goemotions.names)
    )
    assert goemotions.mappings["ekman"]["remorse"] == "sadness"
    assert goemotions.mappings["sentiment"]["surprise"] == "ambiguous"
    assert goemotions.mappings["sentiment"]["neutral"] == "neutral"


@needs_data
def test_goemotions_equals_its_source() -> None:
    goemotions = load_taxonomy("goemotions")
    assert goemotions.names == tuple((DATA / "social/goemotions/labels.txt").read_text().split())
    for target, file in (("ekman", "ekman_mapping"), ("sentiment", "sentiment_dict")):
        groups = json.loads((DATA / f"gold/label_maps/goemotions_{file}.json").read_text())
        expected = {name: group for group, names in groups.items() for name in names}
        assert goemotions.mappings[target] == expected | {"neutral": "neutral"}


def test_tasks() -> None:
    assert "emotion" in task_names()
    emotion = load_task("emotion")
    assert emotion.multi_label
    assert load_taxonomy(emotion.taxonomy).name == "goemotions"


def test_a_users_file(tmp_path: Path) -> None:
    file = tmp_path / "moods.yaml"
    file.write_text(
        "name: moods\nversion: '2'\nlabels:\n  - name: up\n  - name: down\n    definition: low\n"
    )
    taxonomy = load_taxonomy(file)
    assert (taxonomy.names, taxonomy.version, taxonomy.neutral) == (("up", "down"), "2", None)
    assert load_taxonomy(str(file)) == taxonomy


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("name: [", ["not valid YAML"]),
        ("- a\n- b", ["keys and values"]),
        (
            "name: X y\nlabels: []\nextra: 1",
            ["name:", "version:", "labels:", "extra:", "4 mistake(s)"],
        ),
        (
            THREE_MISTAKES,
            ["'a' is listed 2 times", "neutral is 'z'", "mapping to o: 'b'"],
        ),
    ],
)
def test_mistakes_are_listed(tmp_path: Path, content: str, parts: list[str]) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    with pytest.raises(ConfigError) as error:
        load_taxonomy(file)
    for part in [*parts, "bad.yaml"]:
        assert part in str(error.value)


def test_unknown_names_and_missing_files() -> None:
    with pytest.raises(ConfigError, match=r"no taxonomy named 'ekmann'.*Known: .*ekman"):
        load_taxonomy("ekmann")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_taxonomy("nowhere/at_all.yaml")
    with pytest.raises(ConfigError, match="no label task named"):
        load_task("emotions")
