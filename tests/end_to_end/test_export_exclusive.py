"""Exports of labels that exclude one another, and of labels that the taxonomy does not have."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import command

pytestmark = pytest.mark.slow

# By two annotators: who agree, of whom one is silent, who do not agree, and who know a label of their own.
GIVEN = [("change", "change"), ("sustain", None), ("change", "neutral"), ("other", "other")]
NAMES = ("change", "neutral", "sustain")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("exclusive")
    rows = [
        {
            "id": f"r{n}",
            "text": f"what they said in row {n}",
            "a": a,
            "b": b,
            "one": "x",
            "two": "y",
        }
        for n, (a, b) in enumerate(GIVEN)
    ]
    (found / "talk.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    gold = [
        f"{{task: talk_type, taxonomy: annomi_client, labels: {labels}, annotator: {who}}}"
        for labels, who in (("a", "one"), ("b", "two"))
    ]
    (found / "config.yaml").write_text(
        "corpora:\n  - {name: talk, domain: podcast, license: CC0-1.0, sources: talk.jsonl, values: {lang: en},\n"
        f"     columns: {{text: text, id: id}}, gold: [{', '.join(gold)}]}}\n"
    )
    ran = command("run", "config.yaml", "--json", cwd=found)
    assert ran.code == 0, ran.err
    return found


def exported(folder: Path, name: str, kind: str, more: str = "") -> dict:
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nto: {name}\nformat: {kind}\ntask: talk_type\ntaxonomy: annomi_client\nrows: [{{gold: true}}]\n"
        f"splits: {{validation: 0, test: 0}}\n{more}"
    )
    ran = command("export", f"{name}.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_one_label_or_none(folder: Path) -> None:
    told = exported(folder, "table", "classification")
    assert (told["rows"], told["left_out"]) == (2, {"no_label": 2})
    rows = pl.read_parquet(folder / "table" / "data" / "*.parquet").sort("text")
    assert rows["labels"].to_list() == [["change"], ["sustain"]]
    assert rows["label_ids"].to_list() == [[0], [2]]


@pytest.mark.parametrize("mode", ["generate", "score"])
def test_chats_answer_with_the_one_label(folder: Path, mode: str) -> None:
    exported(folder, mode, "sft", f"mode: {mode}\n")
    lines = (folder / mode / "data" / "train-00000-of-00001.jsonl").open()
    answers = {}
    for line in lines:
        messages = json.loads(line)["messages"]
        answers[messages[1]["content"].partition("in row ")[2][0]] = messages[2]["content"]
        if mode == "score":  # the letters are said in the question
            for letter, name in zip("ABC", NAMES, strict=True):
                assert f"{letter} = {name}" in messages[1]["content"]
    expected = {"0": '{"label": "change"}', "1": '{"label": "sustain"}'}
    assert answers == (expected if mode == "generate" else {"0": "A", "1": "C"})
