import random
from pathlib import Path

import polars as pl
import pytest

from jobs.audit.interviewer import audit_interviewer
from jobs.audit.result import show
from schemas.errors import ConfigError
from transforms.audit.measured import Draw
from transforms.evaluate.figures import Undefined

FEW = Draw(resamples=200)
WORDS = """
    river house walk talk green paper seven music garden window letter bread winter road
""".split()  # noqa: SIM905


def talks(path: Path, number: int = 60, *, leak: bool = True, labels: int = 2) -> Path:
    """Conversations of which the interviewer's turns give the label away; the client's are words at random."""
    chance = random.Random(5)
    rows = []
    for talk in range(number):
        label = f"class{talk % labels}"
        for turn in range(6):
            said = " ".join(chance.choices(WORDS, k=8))
            therapist = turn % 2 == 0
            if therapist and leak and turn == 2:
                said += " how long have you had it" if label == "class0" else " well goodbye then"
            rows.append((f"talk{talk}", "therapist" if therapist else "client", said, label))
    frame = pl.DataFrame(rows, schema=["conversation_id", "role", "text", "label"], orient="row")
    frame.write_parquet(path)
    return path


def test_a_planted_leak_is_found_and_the_participant_is_at_chance(tmp_path: Path) -> None:
    found = audit_interviewer(talks(tmp_path / "t.parquet"), draw=FEW)
    interviewer, participant = (
        found.figures[f"{side}.auc"] for side in ("interviewer", "participant")
    )
    assert not isinstance(interviewer.value, Undefined)
    assert interviewer.value > 0.95
    assert participant.interval is not None
    assert participant.interval[0] < 0.5 < participant.interval[1]
    assert found.figures["difference.auc"].interval is not None
    assert found.figures["difference.auc"].interval[1] < 0
    assert found.about["conversations"] == 60


def test_without_a_leak_both_sides_are_at_chance(tmp_path: Path) -> None:
    found = audit_interviewer(talks(tmp_path / "t.parquet", leak=False), draw=FEW)
    for side in ("interviewer", "participant", "both"):
        interval = found.figures[f"{side}.auc"].interval
        assert interval is not None
        assert interval[0] < 0.5 < interval[1]


def test_ngrams_are_shown_only_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = talks(tmp_path / "t.parquet")
    for as_json in (False, True):
        show(audit_interviewer(path, draw=FEW), as_json=as_json)
    silent = capsys.readouterr().out
    assert "goodbye" not in silent
    assert "river" not in silent
    show(audit_interviewer(path, draw=FEW, show_ngrams=True), as_json=True)
    assert "goodbye" in capsys.readouterr().out


def test_labels_from_a_file(tmp_path: Path) -> None:
    path = talks(tmp_path / "t.parquet")
    frame = pl.read_parquet(path)
    frame.drop("label").write_parquet(tmp_path / "bare.parquet")
    frame.select("conversation_id", "label").unique().write_csv(tmp_path / "labels.csv")
    of_column = audit_interviewer(path, draw=FEW)
    of_file = audit_interviewer(
        tmp_path / "bare.parquet", label_file=tmp_path / "labels.csv", draw=FEW
    )
    assert of_file.figures == of_column.figures


def test_degenerate_talks(tmp_path: Path) -> None:
    one = audit_interviewer(talks(tmp_path / "t.parquet", labels=1), draw=FEW)
    assert "fewer than two labels" in str(one.figures["interviewer.auc"].value)
    rare = audit_interviewer(talks(tmp_path / "t.parquet", 8, labels=4), draw=FEW)
    assert rare.about["conversations"] == 0
    assert "8 conversations left out: whose label has fewer than 5" in rare.notes[0]
    with pytest.raises(ConfigError, match="client, therapist"):
        audit_interviewer(tmp_path / "t.parquet", interviewer="doctor", draw=FEW)
    frame = pl.read_parquet(tmp_path / "t.parquet").with_columns(label=pl.lit(None, pl.String))
    frame.write_parquet(tmp_path / "none.parquet")
    none = audit_interviewer(tmp_path / "none.parquet", draw=FEW)
    assert none.notes == ("8 conversations left out: without a label",)
