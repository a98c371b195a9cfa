"""Gates stop publication: labels that drift, and labels that gold does not confirm."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.corpus import START, command

pytestmark = pytest.mark.slow

CALM = ("I am so happy about this", "thank you so much for the help!", "what a lovely day, love it")
ANGRY = ("I hate this terrible day", "this makes me so angry", "you idiots are disgusting")
HEAD = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: "*.jsonl"
    columns: {text: body, id: id, created_at: at}
    values: {lang: en}
"""


def write_posts(folder: Path, name: str, rows: int, angry: float, *, day: int) -> None:
    """One day of posts of which the share `angry` is so."""
    with (folder / f"{name}.jsonl").open("w") as file:
        for number in range(rows):
            texts = ANGRY if number % 100 < 100 * angry else CALM
            post = {
                "id": f"{name}{number}",
                "body": f"{texts[number % 3]} ({number})",
                "at": START + day * 86_400 + number,
            }
            file.write(json.dumps(post) + "\n")


def published(folder: Path) -> int:
    return max(int(path.stem) for path in (folder / "lake" / "snapshots").glob("0*.json"))


def gates(folder: Path, run_id: str) -> list[dict[str, Any]]:
    content = (folder / "lake" / "runs" / run_id / "gates.json").read_text()
    page = (folder / "lake" / "runs" / run_id / "gates.html").read_text()
    for text in (*CALM, *ANGRY):
        assert text not in content
        assert text not in page
    return json.loads(content)


def test_a_planted_shift_is_not_published(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(HEAD + "check: {drift: {}}\n")
    write_posts(tmp_path, "a", 1000, 0.3, day=0)
    first = command("run", "config.yaml", cwd=tmp_path)
    assert first.code == 0, first.err
    assert "nothing to compare with" in first.err
    write_posts(tmp_path, "b", 600, 0.33, day=1)
    assert command("run", "config.yaml", cwd=tmp_path).code == 0
    assert published(tmp_path) == 2
    newest = json.loads((tmp_path / "lake" / "snapshots" / "00000002.json").read_text())
    (mark,) = (part["gate"] for part in newest["changes"] if part["dataset"] == "labels")
    assert mark["drift"] == {"passed": True, "judged": 3, "warnings": 0}

    write_posts(tmp_path, "c", 600, 0.9, day=2)
    for door in ("check", "publish", "run"):
        ran = command(door, "config.yaml", cwd=tmp_path)
        assert ran.code == 3, ran.err
        assert published(tmp_path) == 2
    told = " ".join(ran.err.split())
    assert "drift of emotion/goemotions/student: posts: psi" in told
    assert "limit 0.25" in told
    assert "anger" in told
    assert "raise this limit of check.drift" in told
    again = command("run", "config.yaml", "--json", cwd=tmp_path)
    (drift,) = (each for each in gates(tmp_path, again.json["run_id"]) if each["kind"] == "drift")
    assert (again.code, drift["blocked"], drift["seconds"]) == (3, True, 0.0)  # remembered
    assert command("status", cwd=tmp_path).out.startswith("Snapshot 2,")

    write_posts(tmp_path, "c", 40, 0.9, day=2)  # too few to be judged
    few = command("run", "config.yaml", cwd=tmp_path)
    assert few.code == 0, few.err
    assert "1,600 labeled rows before, 40 now: under min_rows (500)" in few.err
    assert published(tmp_path) == 3
    unchanged = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert (unchanged.code, unchanged.json["gates"]) == (0, [])


GOLD = """    gold: [{task: emotion, taxonomy: ekman, labels: felt, separator: " ", split: split}]
label: [{task: emotion, taxonomy: ekman}]
"""


def write_gold(folder: Path, calm: str, angry: str) -> None:
    """300 posts with gold: of the split dev as told, of the split test wrong."""
    with (folder / "gold.jsonl").open("w") as file:
        for number in range(300):
            wrong = number % 5 == 0
            is_angry = number % 2 == 0
            post = {
                "id": number,
                "body": f"{(ANGRY if is_angry else CALM)[number % 3]} ({number})",
                "at": START,
                "felt": "fear" if wrong else angry if is_angry else calm,
                "split": "test" if wrong else "dev",
            }
            file.write(json.dumps(post) + "\n")


def test_labels_that_gold_does_not_confirm_are_not_published(tmp_path: Path) -> None:
    gate = (
        "check: {evaluate: [{figure: micro_f1, min: .7, bound: lower, splits: dev, min_rows: 50}, "
        "{figure: f1.joy, min: .99, severity: warning, splits: [dev]}, "
        "{figure: ece, max: .001, min_rows: 1000}]}\n"
    )
    (tmp_path / "config.yaml").write_text(HEAD + GOLD + gate)
    write_gold(tmp_path, "anger", "joy")  # planted wrong
    for door in ("check", "publish", "run"):
        ran = command(door, "config.yaml", cwd=tmp_path)
        assert ran.code == 3, ran.err
    told = " ".join(ran.err.split())
    assert "evaluation of emotion/ekman/student: split dev: micro_f1 0." in told
    assert "missed by 0." in told
    assert "(240 rows with gold)" in told
    assert "train or choose another labeler" in told
    assert "not judged, 300 rows with gold: under min_rows (1,000)" in told
    assert not list((tmp_path / "lake" / "snapshots").glob("0*.json"))

    write_gold(tmp_path, "joy", "anger disgust")
    good = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert good.code == 0, good.err
    (found,) = (
        each for each in gates(tmp_path, good.json["run_id"]) if each["kind"] == "evaluation"
    )
    assert [finding["judged"] for finding in found["findings"]] == [True, True, False]
    assert published(tmp_path) == 1
    again = command("run", "config.yaml", "--json", cwd=tmp_path)
    (found,) = gates(tmp_path, again.json["run_id"])
    assert (again.code, found["kind"], found["seconds"]) == (0, "evaluation", 0.0)  # remembered

    (tmp_path / "config.yaml").write_text(HEAD + GOLD + gate.replace("dev", "test"))
    wrong = command("run", "config.yaml", cwd=tmp_path)
    assert wrong.code == 3
    assert "split test: micro_f1 0." in " ".join(wrong.err.split())
    assert published(tmp_path) == 1
