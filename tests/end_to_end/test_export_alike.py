"""Near-duplicates across the sources of an export: one of what is alike stays, with all that is one example with it."""

import json
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import Ran, command
from tests.end_to_end.exported import add_synthetic

pytestmark = pytest.mark.slow

TEXTS = [
    "The ferry left without us and I sat on the pier crying until the next one came at dusk",
    "Nobody told me that the school play would make me laugh so hard that my ribs still ache",
    "Three weeks of rain and the cellar is full of water again, I could scream at the landlord",
    "A stranger returned my wallet with every note in it and I have been smiling since breakfast",
    "Short one",
    "Short one",
]
COPIES = {
    0: "The ferry left without us and I sat on the pier crying until the next one came at dusk!!",
    2: "three weeks of rain and the cellar is full of water again; I could scream at the landlord",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("alike")
    gold = [{"id": f"g{n}", "text": text, "label": "joy"} for n, text in enumerate(TEXTS)]
    (found / "gold.jsonl").write_text("\n".join(map(json.dumps, gold)) + "\n")
    plain = [{"id": f"c{n}", "text": text} for n, text in COPIES.items()]
    plain += [
        {"id": f"p{n}", "text": f"{'word ' * n}and something else entirely about number {n}"}
        for n in range(30)
    ]
    (found / "plain.jsonl").write_text("\n".join(map(json.dumps, plain)) + "\n")
    (found / "config.yaml").write_text(
        "corpora:\n  - {name: annotated, domain: social, license: CC0-1.0, sources: gold.jsonl,\n"
        "     columns: {text: text, id: id}, values: {lang: en},\n"
        "     gold: [{task: emotion, taxonomy: ekman, labels: label}]}\n"
        "  - {name: posts, domain: social, license: CC0-1.0, sources: plain.jsonl, columns: {text: text, id: id},\n"
        "     values: {lang: en}}\nlabel:\n  - {task: emotion, taxonomy: ekman}\n"
    )
    ran = command("run", "config.yaml", "--json", cwd=found)
    assert ran.code == 0, ran.err
    add_synthetic(found / "lake")
    return found


def export(folder: Path, name: str, kind: str, rows: str, similarity: float) -> Ran:
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nto: {name}\nformat: {kind}\ntaxonomy: ekman\nrows: [{rows}]\n"
        f"near_duplicates: {similarity}\nsplits: {{validation: 0, test: 0}}\n"
    )
    ran = command("export", f"{name}.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return ran


def grams(text: str) -> set[str]:
    """Character 5-grams of what is compared: letters and digits in lower case."""
    plain = " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
    return {plain[n : n + 5] for n in range(len(plain) - 4)}


def test_gold_stays_where_a_labeled_text_is_nearly_the_same(folder: Path) -> None:
    told = json.loads(
        export(folder, "mixed", "classification", "{gold: true}, {labeler: student}", 0.8).out
    )
    rows = pl.read_parquet(folder / "mixed" / "data" / "*.parquet")
    assert set(TEXTS) <= set(rows["text"])  # those of a few words are not compared
    assert set(COPIES.values()).isdisjoint(rows["text"])
    long = [text for text in rows["text"] if len(text.split()) >= 5]
    alike = [
        (one, other)
        for one, other in combinations(long, 2)
        if len(grams(one) & grams(other)) / len(grams(one) | grams(other)) >= 0.85
    ]
    assert alike == []
    assert told["rows"] == rows.height
    # All were looked at: 6 of gold and, of 38 texts that the student labeled, what gold has not.
    assert told["rows"] + sum(told["left_out"].values()) == 6 + labeled(folder)
    assert told["left_out"]["near_duplicate"] >= 2
    assert (
        "\nlicense: cc0-1.0\n" in (folder / "mixed" / "README.md").read_text()
    )  # both corpora say so


def labeled(folder: Path) -> int:
    sql = "SELECT count(*) AS n FROM labels WHERE status = 'labeled'"
    return int(json.loads(command("sql", sql, "-f", "json", cwd=folder).out)["n"])


def test_a_pair_goes_whole(folder: Path) -> None:
    """The generated pairs differ in a number only."""
    told = json.loads(export(folder, "pairs", "preference", "{synthetic: [made]}", 0.5).out)
    examples = [
        json.loads(line) for line in (folder / "pairs/data/train-00000-of-00001.jsonl").open()
    ]
    assert 0 < len(examples) < 30
    assert "\nlicense: other\n" in (folder / "pairs" / "README.md").read_text()
    assert told["left_out"]["near_duplicate"] == 3 * (30 - len(examples))
    assert all(each["chosen"] and each["rejected"] and each["prompt"] for each in examples)
