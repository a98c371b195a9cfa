"""Taxonomies and label tasks: the shipped ones against their sources, and users' mistakes."""

import json
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import ConfigError
from schemas.label_task import load_task, task_names
from schemas.taxonomy import load_taxonomy, taxonomy_names
from transforms.read.chunk import Limits
from transforms.read.gold_cells import OWN_GOLD
from transforms.read.registry import READERS
from transforms.read.source import expand

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the data pack is not at {DATA}")

THREE_MISTAKES = """
name: m
version: v
neutral: z
labels: [{name: a}, {name: a}]
mappings: {o: {b: a}}
"""
WRONG_SHAPE = """
name: m
version: v
labels: [{name: a}, {name: b}, {name: c}]
opposites: [[a, z], [b, b]]
parents: {a: b, b: a, c: y}
range: [1, 1]
mappings: {o: {a: {}, b: {x: 0, y: 1}, c: {x: .inf}}}
"""


@pytest.mark.parametrize("name", taxonomy_names())
def test_shipped_taxonomies_load(name: str) -> None:
    taxonomy = load_taxonomy(name)
    assert taxonomy.name == name
    assert taxonomy.source
    for target in taxonomy.mappings:
        names = set(load_taxonomy(target).names)
        for mapped in taxonomy.weights(target).values():
            assert set(mapped) <= names
            assert sum(mapped.values()) == 1


def test_plutchik_is_a_wheel() -> None:
    """Opposites are four petals apart; the order round the wheel is Plutchik's (1980)."""
    wheel = ["joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"]
    plutchik = load_taxonomy("plutchik")
    assert sorted(plutchik.names) == sorted(wheel)
    expected = {frozenset((wheel[at], wheel[at + 4])) for at in range(4)}
    assert {frozenset(pair) for pair in plutchik.opposites} == expected


def test_parrott_is_the_135_words_of_shaver_1987() -> None:
    parrott = load_taxonomy("parrott")
    assert len(parrott.names) == 135
    primary = ["love", "joy", "surprise", "anger", "sadness", "fear"]
    assert [name for name in parrott.names if name not in parrott.parents] == primary
    assert parrott.parents["glee"] == "cheerfulness"
    assert parrott.parents["cheerfulness"] == "joy"
    assert parrott.mappings["ekman"]["contempt"] == "disgust"
    assert parrott.mappings["ekman"]["jealousy"] == "anger"


def test_answers_that_are_numbers_have_a_range() -> None:
    for name in task_names():
        taxonomy = load_taxonomy(load_task(name).taxonomy)
        assert (taxonomy.range is not None) == (load_task(name).answer in ("scalars", "ordinals"))
    vad, intensity = load_taxonomy("vad"), load_taxonomy("ekman_intensity")
    assert (vad.range, vad.gold_range, intensity.range) == ((0, 1), (1, 5), (0, 3))


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


# Taxonomy: the reader that gives it, and its files.
GOLD = {
    "annomi_client": ("annomi", "clinical/annomi_full.csv.zst"),
    "annomi_subtype": ("annomi", "clinical/annomi_full.csv.zst"),
    "annomi_therapist": ("annomi", "clinical/annomi_full.csv.zst"),
    "edos": ("edos", "conversation/edos_mturk_groundtruth.csv.zst"),
    "empathetic_intents": ("edos", "conversation/edos_mturk_groundtruth.csv.zst"),
    "ekman": ("brighter", "social/brighter.tar.zst"),
    "multidogo": ("multidogo", "conversation/multidogo_turn_level.tar.zst"),
    "plutchik": ("xed", "gold/xed/*-annotated.tsv.zst"),
    "polarity": ("premo", "social/premo_github_pr.json.zst"),
    "premo": ("premo", "social/premo_github_pr.json.zst"),
    "topical_chat": ("topical_chat", "conversation/topical_chat/*.zst"),
}


def gold_labels(reader: str, files: Path, taxonomy: str) -> Counter[tuple[str, int]]:
    """How often each label stands in the gold, in lists of each length."""
    found: Counter[tuple[str, int]] = Counter()
    for source in expand([str(files)], Path("/")):
        for chunk in READERS[reader].cut(source, Limits(), {}):
            for batch in READERS[reader].parse(source, chunk, Limits(), {}):
                gold = batch.frame.select(OWN_GOLD).explode(OWN_GOLD).drop_nulls().unnest(OWN_GOLD)
                lists = gold.filter(pl.col("taxonomy") == taxonomy)["labels"].drop_nulls()
                found.update((label, len(labels)) for labels in lists for label in labels)
    return found


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize("name", GOLD)
def test_labels_are_those_of_the_data(name: str) -> None:
    taxonomy, (reader, files) = load_taxonomy(name), GOLD[name]
    found = gold_labels(reader, DATA / files, name)
    labels = {label for label, _ in found if not (name == "edos" and "(Other)" in label)}
    # BRIGHTER has no label for neutral.
    assert labels == set(taxonomy.names) - ({"neutral"} if name == "ekman" else set())
    assert taxonomy.exclusive == all(length == 1 for _, length in found)


@needs_data
def test_goemotions_equals_its_source() -> None:
    goemotions = load_taxonomy("goemotions")
    assert goemotions.names == tuple((DATA / "social/goemotions/labels.txt").read_text().split())
    for target, file in (("ekman", "ekman_mapping"), ("sentiment", "sentiment_dict")):
        groups = json.loads((DATA / f"gold/label_maps/goemotions_{file}.json").read_text())
        expected = {name: group for group, names in groups.items() for name in names}
        assert goemotions.mappings[target] == expected | {"neutral": "neutral"}


def test_weights() -> None:
    edos = load_taxonomy("edos")
    assert edos.weights("plutchik")["Hopeful"] == {"anticipation": 0.5, "trust": 0.5}
    assert edos.weights("plutchik")["Furious"] == {"anger": 1.0}
    assert "Questioning" not in edos.weights("ekman")
    with pytest.raises(KeyError):
        edos.weights("goemotions")


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
        (
            WRONG_SHAPE,
            [
                "opposites: 'z' is not a label",
                "opposites: 'b' cannot be its own opposite",
                "parents: 'a' is its own ancestor",
                "parents: 'y' is not a label",
                "range must be two numbers, the lower one first",
                "mapping to o: 'a' has no target",
                "mapping to o: a weight of 'b'",
                "mapping to o: a weight of 'c'",
            ],
        ),
        (
            "name: m\nversion: v\nlabels: [{name: a}]\ngold_range: [1, 5]",
            ["gold_range is given without a range"],
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
