"""Rows that count for more or fewer than one: the column weight of `affectmine train`."""

from pathlib import Path

import polars as pl
import pytest

from jobs.train import train
from schemas.errors import SourceError
from tests.jobs.test_train_kinds import BAD, GOOD, mood, texts, told

__all__ = ["mood"]


def gold(rows: list[tuple[str, str, float]]) -> pl.DataFrame:
    return pl.DataFrame(rows, ["text", "labels", "weight"], orient="row").with_columns(
        pl.concat_list("labels").alias("labels")
    )


def probability(path: Path, taxonomy: Path, label: str) -> float:
    """Of a label, for a text of good words."""
    answer = told(path, "a happy visit number 2", "emotion", taxonomy)
    return {each["label"]: each["probability"] for each in answer["scores"]}[label]


@pytest.mark.parametrize("exclusive", ["true", "false"])
def test_of_labels_that_contradict_each_other_the_heavier_counts(
    tmp_path: Path, mood: Path, exclusive: str
) -> None:
    """Each text is labeled twice, up by nine parts and down by one: a ratio, whatever the weights' sum."""
    taxonomy = tmp_path / "kind.yaml"
    taxonomy.write_text(mood.read_text().replace("exclusive: true", f"exclusive: {exclusive}"))
    sure = [(text, "down", 1.0) for text in texts(BAD)] + [
        (text, "level", 1.0) for text in texts(["wooden"])
    ]
    found = {}
    for name, up, down in (("up", 0.9, 0.1), ("down", 0.1, 0.9), ("even", 0.5, 0.5)):
        rows = [(text, "up", up) for text in texts(GOOD)]
        rows += [(text, "down", down) for text in texts(GOOD)]
        path = tmp_path / f"{name}.safetensors"
        train(gold(rows + sure), taxonomy=taxonomy, output=path, folds=3)
        found[name] = probability(path, taxonomy, "up")
        answer = told(path, "a happy visit number 2", "emotion", taxonomy)
        if name != "even":
            assert answer["labels"] == [name]
    assert found["up"] > 0.8
    assert found["down"] < 0.2
    assert 0.3 < found["even"] < 0.7


def test_a_weight_of_two_is_a_row_twice(tmp_path: Path, mood: Path) -> None:
    rows = [(text, "up", 1.0) for text in texts(GOOD) * 2]
    rows += [(text, "down", 1.0) for text in texts([*BAD, "happy"]) * 2]
    rows += [(text, "level", 1.0) for text in texts(["wooden"])]
    again = [row for row in rows if row[1] == "up"]
    heavier = [(text, label, 2.0 if label == "up" else 1.0) for text, label, _ in rows]
    found = {}
    for name, table in (("plain", rows), ("twice", rows + again), ("heavier", heavier)):
        path = tmp_path / f"{name}.safetensors"
        train(gold(table), taxonomy=mood, output=path, folds=3)
        found[name] = probability(path, mood, "up")
    assert found["heavier"] == pytest.approx(found["twice"], abs=0.03)
    assert found["heavier"] - found["plain"] > 0.1


@pytest.mark.parametrize(
    ("weight", "why"),
    [
        ([1.0, 0.0], "no number above 0"),
        ([1.0, -2.0], "no number above 0"),
        (["1", "much"], "no number above 0"),
        ([1.0, float("inf")], "infinite"),
        ([[1.0], [1.0]], "no number above 0"),
    ],
)
def test_a_weight_that_is_none(tmp_path: Path, mood: Path, weight: list[object], why: str) -> None:
    rows = pl.DataFrame({"text": ["a", "b"], "labels": ["up", "down"]})
    with pytest.raises(SourceError, match=why):
        train(
            rows.with_columns(pl.Series("weight", weight)),
            taxonomy=mood,
            output=tmp_path / "w.safetensors",
            absent=True,
            folds=2,
        )


def test_numbers_have_no_weights(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {
            "text": ["a", "b"],
            "valence": [1.0, 5.0],
            "arousal": 2.0,
            "dominance": 2.0,
            "weight": [1.0, 2.0],
        }
    )
    with pytest.raises(SourceError, match="vad is answered by numbers"):
        train(rows, task="vad", output=tmp_path / "w.safetensors", folds=2)
