"""Samples of lakes, as a user takes them: the demo's, and one of talks with contexts."""

import contextlib
import io
import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest

from jobs.commands.annotate import app
from schemas.errors import AffectmineError
from tests.end_to_end.corpus import Ran, command

pytestmark = pytest.mark.slow

CONFIG = """lake: lake
corpora:
  - name: talks
    domain: clinical
    license: CC0-1.0
    sources: talks.jsonl
    columns: {text: body, id: id, conversation_id: talk, turn: turn, role: who}
    values: {lang: en}
windows: {turns: 2}
label: [{task: talk_type, taxonomy: annomi_client}, {task: vad, taxonomy: vad}]
"""
SAID = ("How did the week go for you?", "I want to stop, write to jo@example.org", "I cannot do it")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    assert command("demo", cwd=folder).code == 0
    return folder


@pytest.fixture(scope="module")
def talks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talks")
    rows = [
        {"id": f"{talk}-{turn}", "talk": f"t{talk}", "turn": turn, "body": f"{SAID[turn % 3]} ({turn})",
         "who": "client" if turn % 2 else "therapist"}
        for talk in range(10) for turn in range(6)
    ]  # fmt: skip
    (folder / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.yaml").write_text(CONFIG)
    ran = command("run", "config.yaml", cwd=folder)
    assert ran.code == 0, ran.err
    return folder


def take(folder: Path, *arguments: str, lake: str = "demo-lake") -> Ran:
    """The command with --json, in the folder."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        try:
            options = ["sample", "--lake", lake, *arguments, "--json"]
            return Ran(app(options, standalone_mode=False), out.getvalue(), "")
        except AffectmineError as error:
            return Ran(error.exit_code, "", str(error))


def read(path: Path) -> list[dict]:
    found = json.loads(path.read_text())
    assert isinstance(found, list)
    return found


def test_clinical_text_stays_unless_asked_for(demo: Path) -> None:
    ran = take(demo, "-n", "10", "-o", "a.json")
    assert ran.code == 2
    assert "demo_clinical" in ran.err
    assert "--allow-clinical" in ran.err
    assert not (demo / "a.json").exists()
    ran = take(
        demo, "-n", "10", "-o", "a.json", "--corpus", "demo_social", "--corpus", "demo_podcast"
    )
    assert (ran.code, ran.json["clinical"]) == (0, 0)
    ran = take(demo, "-n", "2000", "-o", "all.json", "--allow-clinical")
    found = Counter(task["data"]["corpus"] for task in read(demo / "all.json"))
    assert ran.json["clinical"] == found["demo_clinical"] > 0
    assert ran.json["rows"] == ran.json["population"] == sum(found.values())
    assert {task["data"]["weight"] for task in read(demo / "all.json")} == {1.0}


def test_strata_against_the_lake(demo: Path) -> None:
    options = [
        "--strategy",
        "stratified",
        "--by",
        "label",
        "--taxonomy",
        "ekman",
        "--allow-clinical",
    ]
    ran = take(demo, "-n", "70", "-o", "s.json", "--predictions", *options)
    assert ran.code == 0, ran.err
    query = (
        "SELECT record_id, labels, text_clean FROM labels JOIN clean USING (record_id) "
        "WHERE taxonomy = 'ekman' AND status = 'labeled' AND outcome = 'kept'"
    )
    with duckdb.connect(str(demo / "demo-lake" / "catalog.duckdb"), read_only=True) as client:
        rows = {name: (labels, text) for name, labels, text in client.execute(query).fetchall()}
    counts = Counter(label for labels, _ in rows.values() for label in labels)
    sizes = Counter(min(labels, key=counts.__getitem__) for labels, _ in rows.values())
    assert {s["name"]: s["rows"] for s in ran.json["strata"]} == sizes
    assert sum(s["rows"] for s in ran.json["strata"]) == ran.json["population"] == len(rows)
    taken = [s["taken"] for s in ran.json["strata"] if s["taken"] < s["rows"]]
    assert max(taken) - min(taken) <= 1
    config = ET.parse(demo / "s.xml").getroot()
    (choices,) = config.iter("Choices")
    (text,) = config.iter("Text")
    for task in read(demo / "s.json"):
        labels, said = rows[task["data"]["record_id"]]
        assert task["data"][text.attrib["value"].removeprefix("$")] == said
        (prediction,) = task["predictions"]
        (entry,) = prediction["result"]
        assert entry["from_name"] == choices.attrib["name"]
        assert entry["to_name"] == text.attrib["name"] == choices.attrib["toName"]
        assert sorted(entry["value"]["choices"]) == sorted(labels)
        assert set(labels) <= {choice.attrib["value"] for choice in choices}
        assert 0 <= prediction["score"] <= 1


def test_a_second_round(demo: Path) -> None:
    first = ["--strategy", "uncertain", "-n", "50", "--allow-clinical", "--seed", "1"]
    assert take(demo, *first, "-o", "u.json").json["notes"] == [
        "uncertain: the distance of a probability to its threshold"
    ]
    again = take(demo, *first, "-o", "v.json", "--exclude", "u.json")
    assert again.json["excluded"] == 50
    names = [
        task["data"]["record_id"] for name in ("u.json", "v.json") for task in read(demo / name)
    ]
    assert len(set(names)) == 100
    drawn = Counter(task["data"]["drawn"] for task in read(demo / "u.json"))
    assert drawn == {"random": 10, "uncertain": 40}


def test_earlier_turns_are_shown_redacted(talks: Path) -> None:
    options = ["--task", "talk_type", "--taxonomy", "annomi_client", "--role", "client"]
    ran = take(talks, "-n", "30", "-o", "t.json", "--allow-clinical", *options, lake="lake")
    assert ran.code == 0, ran.err
    assert ran.json["clinical"] == ran.json["rows"] > 0
    said = (talks / "t.json").read_text()
    assert "jo@example.org" not in said
    told = [task["data"]["context"] for task in read(talks / "t.json")]
    assert all(context.startswith(("therapist: ", "client: ")) for context in told)
    assert {context.count("\n") for context in told} == {0, 1}
    shown = {text.attrib["value"] for text in ET.parse(talks / "t.xml").iter("Text")}
    assert shown == {"$text", "$context"}


def test_numbers_of_a_lake(talks: Path) -> None:
    options = ["--task", "vad", "--allow-clinical", "--predictions"]
    ran = take(talks, "-n", "12", "-o", "v.json", *options, lake="lake")
    assert ran.code == 0, ran.err
    for task in read(talks / "v.json"):
        told = {e["from_name"]: e["value"]["number"] for e in task["predictions"][0]["result"]}
        assert set(told) == {"valence", "arousal", "dominance"}
        assert all(1 <= value <= 5 for value in told.values())
    wrong = take(talks, "--task", "emotion", "-o", "w.json", lake="lake")
    assert wrong.code == 2
    assert "talk_type/annomi_client/student" in wrong.err
