"""Files that hold something else than they should: told, and never by quoting people."""

import json
from pathlib import Path

import pytest

from jobs.evaluate_file import evaluate_file
from jobs.evaluation.compute import Asked
from schemas.errors import SourceError

FEW = Asked(resamples=10)


def lines(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_texts_in_the_column_of_labels_are_not_quoted(tmp_path: Path) -> None:
    gold = lines(
        tmp_path / "gold.jsonl",
        [
            {"text": "My name is Secretname and I am sad", "labels": ["joy"]},
            {"text": "oh", "labels": ["rage"]},
        ],
    )
    with pytest.raises(SourceError) as caught:
        evaluate_file(gold, labels_column="text", asked=FEW)
    assert "Secretname" not in str(caught.value)
    assert "1 that read like texts" in str(caught.value)
    with pytest.raises(SourceError, match="'rage'"):
        evaluate_file(gold, asked=FEW)


def test_scores_as_json_objects(tmp_path: Path) -> None:
    gold = lines(
        tmp_path / "gold.jsonl", [{"id": str(n), "text": "a", "labels": ["joy"]} for n in range(4)]
    )
    answers = lines(
        tmp_path / "answers.jsonl",
        [
            {"id": str(n), "labels": ["joy"], "scores": {"joy": 0.75, "fear": 0.25}}
            for n in range(4)
        ],
    )
    found = evaluate_file(gold, answers=answers, taxonomy="ekman", asked=FEW).to_json()
    assert found["per_label"]["joy"]["ece"] == pytest.approx(0.25)
    assert found["per_label"]["fear"]["ece"] == pytest.approx(0.25)


def test_numbers_outside_the_range(tmp_path: Path) -> None:
    rows = [
        {"id": str(n), "text": "a", "valence": 1.0 + n, "arousal": 3.0, "dominance": 3.0}
        for n in range(5)
    ]
    gold = lines(tmp_path / "gold.jsonl", rows)
    answers = lines(
        tmp_path / "answers.jsonl",
        [
            {"id": str(n), "valence": value, "arousal": 0.5, "dominance": 0.5}
            for n, value in enumerate((0.0, 0.25, 0.5, 40.0, 1.0))
        ],
    )
    found = evaluate_file(gold, task="vad", answers=answers, asked=FEW).to_json()
    assert (found["coverage"], found["statuses"]) == (0.8, {"failed": 1, "labeled": 4})
    assert found["reasons"] == {"outside_the_range": 1}
    assert found["per_dimension"]["valence"]["rmse"] == pytest.approx(0)
    lines(gold, [*rows, {"id": "9", "text": "a", "valence": 9.0, "arousal": 3.0, "dominance": 3.0}])
    with pytest.raises(SourceError, match="1 numbers of gold are outside 1 to 5"):
        evaluate_file(gold, task="vad", asked=FEW)


def test_the_first_line_of_a_file_without_a_header_is_not_quoted(tmp_path: Path) -> None:
    gold = tmp_path / "gold.csv"
    gold.write_text("I am Secretname and very sad about all of this,joy\nso am I,joy\n")
    with pytest.raises(SourceError, match="Columns found: joy") as caught:
        evaluate_file(gold, asked=FEW)
    assert "Secretname" not in str(caught.value)


def test_rows_that_cannot_be_read_are_told_as_such(tmp_path: Path) -> None:
    gold = lines(tmp_path / "gold.jsonl", [{"text": None, "labels": ["joy"]}] * 3)
    found = evaluate_file(gold, asked=FEW).to_json()
    assert (found["n"], found["unreadable"]) == (0, 3)
    assert "none of the 3 rows can be read" in found["notes"][0]
