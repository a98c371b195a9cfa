"""The commands, on files and on a lake, with the student that ships."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jobs.commands.audit import app
from schemas.errors import ConfigError, SourceError
from tests.end_to_end.corpus import command

pytestmark = pytest.mark.slow

SAID = {
    "glad": ("I am so happy about this", "joy"),
    "cross": ("I hate this, it makes me so angry", "anger"),
    "thanks": ("thank you so much for the help!", "gratitude"),
}
CONFIG = """lake: lake
corpora:
  - name: talks
    domain: clinical
    license: CC0-1.0
    sources: talks.jsonl
    columns: {text: body, id: id, conversation_id: talk, turn: turn, role: who, meta: [outcome, felt]}
    values: {lang: en}
    gold: [{task: emotion, taxonomy: goemotions, labels: felt, separator: " "}]
label: [{task: emotion, taxonomy: goemotions}]
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """The JSON of one audit; and that the screen shows it, too, without any text of people."""
    few = [*map(str, arguments), "--resamples", "100"]
    assert app(few, standalone_mode=False) == 0
    screen = capsys.readouterr().out
    assert "cannot:" in screen
    assert "percentile bootstrap" in screen
    assert app([*few, "--json"], standalone_mode=False) == 0
    out = capsys.readouterr().out
    for text, _ in SAID.values():
        assert text not in screen + out
    found = json.loads(out, parse_constant=pytest.fail)
    assert isinstance(found, dict)
    assert set(found["reading"]) == {"asks", "large", "small", "cannot"}
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of 40 talks whose therapist gives the outcome away, and the same as a file."""
    folder = tmp_path_factory.mktemp("audit")
    rows = []
    for talk in range(40):
        outcome = "good" if talk % 2 else "bad"
        for turn in range(6):
            text, felt = list(SAID.values())[(talk * turn + turn) % 3]
            if turn == 2:
                text = "shall we stop here then" if outcome == "good" else "we must go on with it"
            rows.append({
                "id": f"{talk}-{turn}", "talk": f"t{talk}", "turn": turn, "outcome": outcome,
                "who": "client" if turn % 2 else "therapist", "body": text,
                "felt": felt if turn != 2 else "neutral",
            })  # fmt: skip
    (folder / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.yaml").write_text(CONFIG)
    ran = command("run", "config.yaml", cwd=folder)
    assert ran.code == 0, ran.err
    frame = pl.DataFrame(rows).rename(
        {"body": "text", "felt": "labels", "talk": "conversation_id", "who": "role"}
    )
    frame.write_csv(folder / "talks.csv")
    return folder


def test_keywords(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_lake, of_file = (run(capsys, "keywords", folder / name) for name in ("lake", "talks.csv"))
    for found in (of_lake, of_file):
        assert found["n"] == 240
        assert found["figures"]["original.micro_f1"]["value"] > 0.6
        assert found["figures"]["drop.micro_f1"]["interval"][0] > 0
    assert of_lake["figures"]["original.micro_f1"]["value"] == pytest.approx(
        of_file["figures"]["original.micro_f1"]["value"]
    )
    (folder / "none.txt").write_text("zebra\n")
    none = run(
        capsys,
        "keywords",
        folder / "lake",
        "--words",
        folder / "none.txt",
        "--taxonomy",
        "goemotions",
    )
    assert none["words"] == "own_words"


def test_interviewer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_lake = run(capsys, "interviewer", folder / "lake", "--label", "outcome")
    of_file = run(capsys, "interviewer", folder / "talks.csv", "--label", "outcome")
    for found in (of_lake, of_file):
        assert found["conversations"] == 40
        assert found["figures"]["interviewer.auc"]["value"] > 0.95
        assert found["labels"] == {"bad": {"conversations": 20}, "good": {"conversations": 20}}
    several = run(capsys, "interviewer", folder / "lake", "--label", "gold:emotion")
    assert "40 conversations left out: with several labels" in several["notes"]
    with pytest.raises(ConfigError, match=r"in meta: felt, outcome"):
        app(["interviewer", str(folder / "lake"), "--label", "verdict"], standalone_mode=False)


def test_stability(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "stability", folder / "lake", "--rows", 100)
    assert "a random sample of 100 of 240 rows" in found["notes"]
    for name in ("rerun", "row_order", "batch_size", "lower_case", "blanks"):
        assert found["changes"][name]["changed"]["value"] == 0, name
    assert "one order only" in found["changes"]["label_order"]["changed"]["value"]["undefined"]
    vad = run(capsys, "stability", folder / "talks.csv", "--task", "vad", "--rows", 50)
    assert vad["figures"]["rerun.value_change"]["value"] == 0
    with pytest.raises(ConfigError, match="nothing to ask"):
        app(["stability"], standalone_mode=False)


def test_groups(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_lake = run(capsys, "groups", folder / "lake", "--by", "role")
    of_file = run(capsys, "groups", folder / "talks.csv", "--by", "role")
    for name in ("client", "therapist"):
        for figure in ("macro_f1", "recall", "false_positive_rate", "ece"):
            sides = (found["groups"][name][figure]["value"] for found in (of_lake, of_file))
            assert len({round(value, 6) for value in sides}) == 1, (name, figure)
    assert of_lake["groups"]["client"]["rows"] == 120
    shares = run(capsys, "groups", folder / "lake", "--by", "outcome", "--no-gold")
    assert set(shares["groups"]) == {"good", "bad"}
    assert "gratitude.gap" in shares["figures"]
    for source in ("lake", "talks.csv"):
        by_length = run(capsys, "groups", folder / source, "--by", "length")
        assert sum(each["rows"] for each in by_length["groups"].values()) == 240
    alone = run(capsys, "groups", folder / "lake", "--by", "corpus")
    assert "undefined" in alone["figures"]["largest_gap"]["value"]
    with pytest.raises(ConfigError, match="no labels emotion/ekman/student"):
        app(["groups", str(folder / "lake"), "--taxonomy", "ekman"], standalone_mode=False)
    with pytest.raises(ConfigError, match="no lake"):
        app(["groups", str(folder)], standalone_mode=False)


def test_synthetic(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "synthetic", folder / "talks.csv", folder / "talks.csv", "--rows", 100)
    assert found["figures"]["divergence"]["p"] > 0.05
    assert found["human"] == found["synthetic"] == 100
    with pytest.raises(SourceError):
        app(["synthetic", str(folder / "talks.csv")], standalone_mode=False)
    with pytest.raises(ConfigError, match="is a folder"):
        app(["synthetic", str(folder / "lake")], standalone_mode=False)
