"""Exports of tasks that are answered by numbers; expected values are worked out by hand from the ratings."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import Ran, command

pytestmark = pytest.mark.slow

# Ratings of valence by two people and of arousal by one, from 1 to 5; dominance is known of every second text.
RATED = [(1 + n % 5, 1 + (n + 2) % 5, 1 + n % 3, 2 + n % 2 if n % 2 else None) for n in range(60)]
LEVELS = [(n % 4, (n + 1) % 4) for n in range(60)]  # of anger, by two people, from 0 to 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("numbers")
    rows = [
        {
            "id": f"p{n}", "text": f"a {('sad', 'dull', 'plain', 'nice', 'lovely')[n % 5]} day number {n} for us",
            "va": a, "vb": b, "ar": c, "do": d, "x": x, "y": y, "a": "ann", "b": "bob", "lang": "en",
        }
        for n, ((a, b, c, d), (x, y)) in enumerate(zip(RATED, LEVELS, strict=True))
    ]  # fmt: skip
    (found / "posts.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    vad = [
        f"{{task: vad, taxonomy: vad, label_set: {name}, value: {column}, annotator: {who}}}"
        for name, column, who in (
            ("valence", "va", "a"), ("valence", "vb", "b"), ("arousal", "ar", "a"), ("dominance", "do", "a"),
        )
    ]  # fmt: skip
    levels = [
        f"{{task: emotion_intensity, taxonomy: ekman_intensity, label_set: anger, value: {column}, annotator: {who}}}"
        for column, who in (("x", "a"), ("y", "b"))
    ]
    (found / "config.yaml").write_text(
        "corpora:\n  - name: posts\n    domain: social\n    license: CC0-1.0\n    sources: posts.jsonl\n"
        f"    columns: {{text: text, id: id, lang: lang}}\n    gold: [{', '.join([*vad, *levels])}]\n"
        "label:\n  - {task: vad, taxonomy: vad}\n"
    )
    ran = command("run", "config.yaml", "--json", cwd=found)
    assert ran.code == 0, ran.err
    return found


def export(
    folder: Path,
    name: str,
    kind: str,
    rows: str = "{gold: true}",
    more: str = "",
    task: str = "vad",
) -> Ran:
    taxonomy = {"vad": "vad", "emotion_intensity": "ekman_intensity"}[task]
    (folder / f"{name}.yaml").write_text(
        f"name: {name}\nto: {name}\nformat: {kind}\ntask: {task}\ntaxonomy: {taxonomy}\nrows: [{rows}]\n{more}"
        "splits: {validation: 0, test: 0}\n"
    )
    return command("export", f"{name}.yaml", "--json", cwd=folder)


def lines(folder: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (folder / name / "data").glob("*.jsonl").__next__().open()]


def number(text: str) -> int:
    return int(text.partition("number ")[2].split()[0])


def test_a_table_has_a_column_for_each_number_and_trains(folder: Path) -> None:
    ran = export(folder, "table", "classification")
    assert ran.code == 0, ran.err
    (file,) = (folder / "table" / "data").iterdir()
    found = pl.read_parquet(file)
    assert found.height == 60
    for row in found.to_dicts():
        a, b, c, d = RATED[number(row["text"])]
        assert row["valence"] == pytest.approx(((a + b) / 2 - 1) / 4)  # from 1 to 5 to from 0 to 1
        assert row["arousal"] == pytest.approx((c - 1) / 4)
        assert row["dominance"] == (None if d is None else pytest.approx((d - 1) / 4))
    # Trained from the export, and from the ratings themselves: the same student.
    ran = command("train", "table", "--output", "of_export.safetensors", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    scaled = found.with_columns(pl.col("valence", "arousal", "dominance") * 4 + 1)
    scaled.write_parquet(folder / "rated.parquet")
    other = command(
        "train", "rated.parquet", "--task", "vad", "-o", "x.safetensors", "--json", cwd=folder
    )
    assert json.loads(ran.out)["version"] == json.loads(other.out)["version"]
    # Answers of a labeler are numbers, too.
    ran = export(folder, "answers", "classification", "{labeler: student}")
    assert ran.code == 0, ran.err
    told = pl.read_parquet(folder / "answers" / "data" / "*.parquet")
    sql = "SELECT record_id, answer.valence AS v FROM labels_vad"
    answers = command("sql", sql, "-f", "json", cwd=folder).out
    by_id = {row["record_id"]: row["v"] for row in map(json.loads, answers.splitlines())}
    assert dict(zip(told["record_id"], told["valence"], strict=True)) == pytest.approx(by_id)


def test_what_numbers_cannot_give_is_refused(folder: Path) -> None:
    for name, rows, more in (
        ("soft", "{gold: true}", "soft_labels: true\n"),
        ("sure", "{labeler: student, min_confidence: 0.5}", ""),
    ):
        ran = export(folder, name, "classification", rows, more)
        assert ran.code == 2
        assert "Leave soft_labels and min_confidence out" in ran.err
    assert export(folder, "other", "classification").code == 0
    ran = command("train", "other", "--taxonomy", "ekman", "--task", "vad", cwd=folder)
    assert ran.code == 1
    assert "Training needs the column(s)" in ran.err


@pytest.mark.parametrize("mode", ["generate", "score"])
def test_chats_answer_as_the_labeler_reads_it(folder: Path, mode: str) -> None:
    ran = export(folder, mode, "sft", more=f"mode: {mode}\n")
    assert ran.code == 0, ran.err
    found = lines(folder, mode)
    if mode == "generate":  # the answer is one object of all numbers: half of the texts lack one
        assert (len(found), json.loads(ran.out)["left_out"]) == (30, {"no_label": 30})
    else:  # one chat a number that is known
        assert len(found) == 60 * 2 + 30
    for each in found:
        _, asked, told = (message["content"] for message in each["messages"])
        a, b, c, d = RATED[number(asked)]
        known = {"valence": (a + b) / 2, "arousal": c, "dominance": d}
        shares = {name: (value - 1) / 4 for name, value in known.items() if value is not None}
        if mode == "generate":
            expected = {name: int(100 * share + 0.5) for name, share in shares.items()}
            assert json.loads(told) == expected
        else:
            name = asked.partition("Name: ")[2].split()[0]
            assert int(told) == int(9 * shares[name] + 0.5)


def test_instructions_ask_for_one_number_in_several_words(folder: Path) -> None:
    assert export(folder, "tasks", "instructions").code == 0
    found = lines(folder, "tasks")
    assert len(found) == 60 * 2 + 30
    assert len({each["instruction"] for each in found}) > 10
    for each in found:
        a, b, c, d = RATED[number(each["input"])]
        known = {"valence": (a + b) / 2, "arousal": c, "dominance": d}
        (name,) = [name for name in known if name in each["instruction"].lower().split(". ")[0]]
        assert float(each["output"]) == pytest.approx((known[name] - 1) / 4, abs=0.0051)
        assert "0" in each["instruction"]
        assert "1" in each["instruction"]
    assert export(folder, "levels", "instructions", task="emotion_intensity").code == 0
    found = lines(folder, "levels")
    assert len(found) == 60
    for each in found:
        x, y = LEVELS[number(each["input"])]
        assert int(each["output"]) == int((x + y) / 2 + 0.5)
        assert "anger" in each["instruction"]
        assert "3" in each["instruction"]
