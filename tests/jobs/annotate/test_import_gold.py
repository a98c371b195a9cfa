"""Answers of people are gold of a lake: for evaluate, and for the evaluation gate of the next run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.commands.annotate import app
from tests.end_to_end.corpus import command
from tests.end_to_end.test_gates import HEAD, gates, write_posts
from tests.jobs.annotate.test_import_files import annotation, task, write

pytestmark = pytest.mark.slow

GATE = "check: {evaluate: [{figure: micro_f1, min: .99, splits: annotated, min_rows: 50}]}\n"


def bring(folder: Path, tasks: list[dict], *options: str) -> dict:
    """By the command, as a user would."""
    file = write(folder / "export.json", tasks)
    asked = ["import", str(file), "--lake", str(folder / "lake"), "--json", *options]
    ran = CliRunner().invoke(app, asked, standalone_mode=False)
    assert ran.exception is None
    assert ran.return_value == 0
    return json.loads(ran.stdout)


def test_evaluate_and_the_gate_take_answers_of_people(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(HEAD + GATE)
    write_posts(tmp_path, "a", 200, 0.3, day=0)
    first = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert first.code == 0, first.err
    (found,) = [each for each in gates(tmp_path, first.json["run_id"]) if each["kind"] == "evaluation"]  # fmt: skip
    assert not found["findings"][0]["judged"]
    query = "SELECT record_id, taxonomy, labels FROM labels ORDER BY record_id"
    ran = command("sql", query, "--format", "json", cwd=tmp_path)
    rows = [json.loads(line) for line in ran.out.splitlines()]
    # Two agree with the student, a third does not: the majority is what the student says, but for ten records.
    tasks = [
        task(
            row["record_id"],
            *(annotation(*(row["labels"] or ["grief"]), who=who) for who in (1, 2)),
            annotation("grief", who=3),
        )
        for row in rows[10:]
    ]
    tasks += [task(row["record_id"], annotation("pride", who=1)) for row in rows[:10]]
    told = bring(tmp_path, tasks, "--taxonomy", rows[0]["taxonomy"])
    assert told["imported"] == 3 * 190 + 10
    asked = ("--lake", "lake", "--taxonomy", rows[0]["taxonomy"], "--resamples", "0", "--json")
    ran = command("evaluate", *asked, "--split", "annotated", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.json["n"] == 200
    given = sum(len(row["labels"] or []) for row in rows)
    right = sum(len(row["labels"] or []) for row in rows[10:])
    held = sum(len(row["labels"] or ["grief"]) for row in rows[10:]) + 10
    assert ran.json["micro_f1"] == pytest.approx(2 * right / (given + held))
    assert ran.json["micro_f1"] < 0.99
    # The next run, of more posts, is held to what people said.
    write_posts(tmp_path, "b", 50, 0.3, day=1)
    second = command("run", "config.yaml", cwd=tmp_path)
    assert second.code == 3, second.err
    assert "micro_f1" in second.err + second.out
