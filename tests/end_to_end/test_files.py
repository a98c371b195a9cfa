"""label, evaluate and train on single files, as commands."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from schemas.taxonomy import load_taxonomy
from tests.end_to_end.corpus import command

TEXTS = [
    "Thank you so much for your help, I really appreciate it!",
    "Why would anyone do that? I don't understand.",
    "",
    "Das ist wirklich eine ganz wunderbare Nachricht für uns alle hier in der Stadt",
    "I am so sorry for your loss",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    rows = [{"id": str(n), "text": text} for n, text in enumerate(TEXTS)]
    lines = [json.dumps(row) for row in rows]
    lines.insert(2, '{"id": "x", "text": 7}')
    (folder / "posts.jsonl").write_text("\n".join(lines) + "\n")
    pl.DataFrame(rows).write_csv(folder / "posts.csv")
    pl.DataFrame(rows).write_parquet(folder / "posts.parquet")
    return folder


@pytest.mark.parametrize("source", ["posts.jsonl", "posts.csv", "posts.parquet"])
def test_label_reads_every_format_and_writes_every_format(folder: Path, source: str) -> None:
    for suffix in ("parquet", "jsonl", "csv"):
        ran = command("label", source, "-o", f"out.{suffix}", "--json", cwd=folder)
        assert ran.code == 0, ran.err
        found = ran.json
        assert (found["labeled"], found["rejected"], found["failed"]) == (3, 2, 0)
        assert found["reasons"] == {"empty_text": 1, "language:de": 1}
        assert found["unreadable"] == ({"wrong_type": 1} if source == "posts.jsonl" else {})
        assert found["units"] == 5 + found["skipped"] + sum(found["unreadable"].values())
    parquet = pl.read_parquet(folder / "out.parquet")
    jsonl = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    with (folder / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert parquet["labels"].to_list() == [row["labels"] for row in jsonl]
    assert [row["labels"].split("|") if row["labels"] else None for row in table] == [
        row["labels"] for row in jsonl
    ]
    assert "gratitude" in jsonl[0]["labels"]
    assert [row["status"] for row in jsonl] == [
        "labeled", "labeled", "rejected", "rejected", "labeled",
    ]  # fmt: skip
    scores = {each["label"]: each["probability"] for each in jsonl[0]["scores"]}
    assert len(scores) == 28
    assert json.loads(table[0]["scores"]) == pytest.approx(scores, abs=1e-4)
    assert parquet["id"].to_list() == ["0", "1", "2", "3", "4"]


def test_mistakes_are_told(folder: Path) -> None:
    cases = {
        ("label", "posts.jsonl", "--text-column", "texts"): (1, "no column 'texts'"),
        ("label", "posts.jsonl", "--labeler", "gpt"): (2, "no labeler 'gpt'"),
        ("label", "posts.jsonl", "--task", "emotoin"): (2, "emotion"),
        ("label", "posts.jsonl", "--taxonomy", "ekmann"): (2, "ekman"),
        ("label", "posts.jsonl", "-o", "out.xlsx"): (2, ".parquet"),
        ("label", "none.jsonl"): (1, "There is no file"),
        ("evaluate", "--gold", "posts.jsonl"): (1, "labels"),
        ("nonsense",): (2, "nonsense"),
        ("sql", "SELECT 1", "--lake", "nowhere"): (2, "no lake"),
    }
    for arguments, (code, told) in cases.items():
        ran = command(*arguments, cwd=folder)
        assert ran.code == code, (arguments, ran)
        assert told in ran.err, (arguments, ran.err)
        assert "Traceback" not in ran.err


def test_evaluate_counts_rejected_rows_as_empty_predictions(folder: Path) -> None:
    gold = [["gratitude"], ["curiosity"], ["neutral"], ["joy"], None]
    pl.DataFrame({"text": TEXTS, "labels": gold}).write_parquet(folder / "gold.parquet")
    ran = command("evaluate", "--gold", "gold.parquet", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    found = ran.json
    assert found["n"] == 4
    assert found["unannotated"] == 1
    assert found["coverage"] == pytest.approx(2 / 4)
    assert found["per_label"]["neutral"]["support"] == 1
    assert found["per_label"]["neutral"]["recall"] == 0
    assert found["per_label"]["gratitude"]["recall"] == 1
    bad = pl.DataFrame({"text": ["a"], "labels": [["hapiness"]]})
    bad.write_parquet(folder / "bad.parquet")
    ran = command("evaluate", "--gold", "bad.parquet", cwd=folder)
    assert ran.code == 1
    assert "hapiness" in ran.err


def own_labels(rows: int) -> pl.DataFrame:
    """Texts that name their label, in invented sentences."""
    names = load_taxonomy("goemotions").names
    texts = [
        f"today number {n} I only feel {name} and more {name}"
        for n in range(rows)
        for name in names
    ]
    return pl.DataFrame({"text": texts, "labels": [[name] for _ in range(rows) for name in names]})


@pytest.mark.slow
def test_a_student_of_ones_own(folder: Path) -> None:
    own_labels(40).write_parquet(folder / "own.parquet")
    ran = command(
        "train", "own.parquet", "--output", "own.safetensors", "--folds", "2", "--json", cwd=folder
    )
    assert ran.code == 0, ran.err
    first = ran.json["version"]
    again = command(
        "train", "own.parquet", "--output", "own2.safetensors", "--folds", "2", "--json", cwd=folder
    )
    assert again.json["version"] == first  # same input, same weights
    ran = command("label", "posts.jsonl", "--labeler", "own.safetensors", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["labeled"] == 3
    found = command(
        "evaluate", "--gold", "own.parquet", "--labeler", "own.safetensors", "--json", cwd=folder
    )
    assert found.json["macro_f1"] > 0.9  # it has learned its own few texts


@pytest.mark.slow
def test_own_taxonomy_and_weights_in_a_config(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mood.yaml").write_text(
        "name: mood\nversion: '1'\nlabels:\n  - {name: up}\n  - {name: down}\n"
    )
    texts = [
        f"{word} and {word} again, number {n}" for n in range(60) for word in ("great", "awful")
    ]
    own = pl.DataFrame({"text": texts, "labels": [["up"], ["down"]] * 60})
    own.write_parquet(tmp_path / "own.parquet")
    ran = command(
        "train", "own.parquet", "--taxonomy", "mood.yaml", "-o", "mine.safetensors", cwd=tmp_path
    )
    assert ran.code == 0, ran.err
    (tmp_path / "posts.jsonl").write_text(
        '{"text": "such a great day"}\n{"text": "awful, awful"}\n'
    )
    (tmp_path / "config.yaml").write_text(
        "lake: lake\ncorpora:\n  - {name: own, domain: social, license: x, sources: posts.jsonl, "
        "columns: {text: text}}\nlabel: [{taxonomy: mood.yaml, labeler: mine.safetensors}]\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = command("run", tmp_path / "config.yaml", "--json", cwd=elsewhere)
    assert ran.code == 0, ran.err
    asked = command(
        "sql", "SELECT labels FROM labels ORDER BY text_clean", "--lake", tmp_path / "lake",
        cwd=tmp_path,
    )  # fmt: skip
    assert asked.code == 1  # labels have no text: it is in clean
    asked = command(
        "sql", "SELECT text_clean, labels FROM labels JOIN clean USING (record_id) ORDER BY 1 DESC",
        "--lake", tmp_path / "lake", "--format", "json", cwd=tmp_path,
    )  # fmt: skip
    found = [json.loads(line)["labels"] for line in asked.out.splitlines()]
    assert found == [["up"], ["down"]]
