from pathlib import Path

import polars as pl
import pytest

from jobs.audit.result import AuditResult, show
from jobs.audit.stability import audit_stability, shuffle
from schemas.errors import SourceError
from tests.jobs.audit.labelers import MOODS, WordLabeler, asked
from transforms.audit.measured import Draw

FEW = Draw(resamples=200)
WORDS = {"glad": "happy", "gloomy": "sad", "flat": "table"}


def texts(path: Path) -> Path:
    """40 texts: a quarter with Happy, a quarter with happy, a half with table."""
    kinds = ("so Happy", "so happy", "a table", "The table.")
    pl.DataFrame({"text": [f"{kinds[n % 4]}" for n in range(40)]}).write_csv(path)
    return path


def changes(found: AuditResult, name: str) -> dict[str, object]:
    return found.to_json()["changes"][name]


def test_a_labeler_that_looks_at_capitals_changes_with_them(tmp_path: Path) -> None:
    labeler = WordLabeler(WORDS, exact=True)
    found = audit_stability(texts(tmp_path / "t.csv"), asked(labeler), draw=FEW)
    lower = changes(found, "lower_case")
    # Texts with a capital: "so Happy" gains a label, "The table." keeps its own.
    assert lower["rows"] == 20
    assert lower["changed"]["value"] == 0.5
    assert lower["equal"]["value"] == 0.5
    assert lower["probability_change"]["value"] == pytest.approx(
        0.8 / 3 / 2
    )  # one of 3 labels, .1 to .9
    for name in ("rerun", "row_order", "batch_size", "label_order"):
        assert changes(found, name)["changed"] == {"value": 0.0, "interval": [0.0, 0.0]}
        assert changes(found, name)["alpha"]["value"] == 1
    assert changes(found, "final_period")["rows"] == 40
    assert changes(found, "final_period")["changed"]["value"] == 0
    assert "undefined" in changes(found, "spelling")["changed"]["value"]
    assert changes(found, "spelling")["rows"] == 0


def test_a_constant_labeler_has_no_alpha(tmp_path: Path) -> None:
    found = audit_stability(
        texts(tmp_path / "t.csv"), asked(WordLabeler(dict.fromkeys(WORDS, ""))), draw=FEW
    )
    assert "same everywhere" in changes(found, "rerun")["alpha"]["value"]["undefined"]
    assert changes(found, "rerun")["equal"]["value"] == 1


def test_rejected_texts_are_answers_of_their_own(tmp_path: Path) -> None:
    labeler = WordLabeler(WORDS, refuse=".")
    found = audit_stability(texts(tmp_path / "t.csv"), asked(labeler), draw=FEW)
    assert (
        changes(found, "final_period")["changed"]["value"] == 1
    )  # each text gains or loses its answer
    assert "undefined" in changes(found, "final_period")["probability_change"]["value"]


def test_paraphrases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = {
        "a": ["happy me", "sad me", "table", None],
        "b": ["a happy one", "no tears", "table", "x"],
    }
    pl.DataFrame(pairs).write_csv(tmp_path / "pairs.csv")
    found = audit_stability(None, asked(WordLabeler(WORDS)), pairs=tmp_path / "pairs.csv", draw=FEW)
    told = found.to_json()
    assert told["pairs"] == 3
    assert told["paraphrases"]["a, b"]["changed"]["value"] == pytest.approx(1 / 3)
    assert show(found, as_json=False) == 0
    assert "happy" not in capsys.readouterr().out
    pl.DataFrame({"a": [None], "b": ["x"]}, schema={"a": pl.String, "b": pl.String}).write_parquet(
        tmp_path / "none.parquet"
    )
    with pytest.raises(SourceError, match="no pair"):
        audit_stability(None, asked(WordLabeler(WORDS)), pairs=tmp_path / "none.parquet")


def test_shuffled_labels_are_never_in_their_order() -> None:
    for seed in range(20):
        shuffled = shuffle(MOODS, seed)
        assert sorted(shuffled.names) == sorted(MOODS.names)
        assert shuffled.names != MOODS.names
