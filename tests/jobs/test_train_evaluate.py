"""Training and evaluation through the jobs, on a small invented corpus."""

from pathlib import Path

import polars as pl
import pytest

from jobs.evaluate import evaluate
from jobs.train import train
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.student.student import StudentLabeler

MOODS = "name: moods\nversion: '1'\nneutral: flat\n"
MOODS += "labels: [{name: glad}, {name: gloomy}, {name: flat}]\n"
WORDS = {
    "glad": ["happy", "great", "wonderful", "lovely", "delighted"],
    "gloomy": ["sad", "awful", "terrible", "miserable", "crying"],
    "flat": ["table", "chair", "bus", "paper", "window"],
}
THINGS = ["day", "trip", "visit", "meeting", "dinner", "weather", "letter", "news"]


def corpus(order: int = 1) -> pl.DataFrame:
    rows = [
        (f"The {thing} was {word} {number % 7}", [mood])
        for mood, words in WORDS.items()
        for word in words
        for number, thing in enumerate(THINGS)
    ]
    rows += [
        (f"A {happy} and {sad} {THINGS[0]}", ["glad", "gloomy"])
        for happy, sad in zip(WORDS["glad"], WORDS["gloomy"], strict=True)
    ]
    return pl.DataFrame(
        rows[::order], schema={"text": pl.String, "labels": pl.List(pl.String)}, orient="row"
    )


@pytest.fixture(scope="module")
def moods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("taxonomy") / "moods.yaml"
    path.write_text(MOODS)
    return path


@pytest.mark.slow
def test_train_then_evaluate(moods: Path, tmp_path: Path) -> None:
    output = tmp_path / "moods.safetensors"
    report = train(corpus(), taxonomy=moods, output=output, folds=3, seed=1)
    assert report["rows"] == 125
    assert report["cross_validation"]["moods"]["macro_f1"] > 0.9
    student = StudentLabeler.load(output)
    assert student.version == report["version"]
    gold = pl.DataFrame(
        {
            "text": ["what a happy dinner", "a terrible trip", "the chair", None],
            "labels": ["glad", "gloomy", "flat", "flat"],
        }
    )
    result = evaluate(
        gold, student, load_task("emotion"), load_taxonomy(moods), resamples=50
    ).to_json()
    assert (result["n"], result["coverage"], result["statuses"]) == (
        4,
        0.75,
        {"labeled": 3, "rejected": 1},
    )
    assert result["reasons"] == {"empty_text": 1}
    assert (
        result["per_label"]["flat"]["recall"] == 0.5
    )  # the row without an answer counts against it
    assert result["macro_f1"] == pytest.approx((1 + 1 + 2 / 3) / 3)
    assert result["micro_f1"] == pytest.approx(2 * 3 / 7)
    assert set(result["intervals"]) == {"macro_f1", "micro_f1", "subset_accuracy", "ece"}
    assert 0 < result["per_label"]["glad"]["threshold"] < 1


def test_training_is_deterministic(moods: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{i}.safetensors" for i in range(3))
    train(corpus(), taxonomy=moods, output=first, folds=3)
    train(corpus(), taxonomy=moods, output=second, folds=3)
    train(corpus(), taxonomy=moods, output=third, folds=3, seed=5)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != third.read_bytes()


def test_reads_files(moods: Path, tmp_path: Path) -> None:
    parquet, tsv, table = (tmp_path / f"c.{suffix}" for suffix in ("parquet", "tsv", "csv"))
    corpus().write_parquet(parquet)
    corpus().with_columns(pl.col("labels").list.join(",")).write_csv(
        tsv, separator="\t", quote_style="never"
    )
    corpus().with_columns(pl.col("labels").list.join(",")).write_csv(table)
    reports = [
        train(path, taxonomy=moods, output=tmp_path / "w.safetensors", folds=2)
        for path in (parquet, tsv, table)
    ]
    assert reports[0] == reports[1] == reports[2]


def test_groups_share_a_fold(moods: Path, tmp_path: Path) -> None:
    grouped = corpus().with_columns(group=pl.int_range(pl.len()) % 10)
    report = train(grouped, taxonomy=moods, output=tmp_path / "w.safetensors", folds=2)
    assert report["cross_validation"]["moods"]["macro_f1"] > 0.5


def test_input_that_does_not_fit(moods: Path, tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    with pytest.raises(SourceError, match=r"column\(s\) labels"):
        train(corpus().drop("labels"), taxonomy=moods, output=output)
    with pytest.raises(SourceError, match="outside the taxonomy: 'glad'"):
        train(
            corpus().filter(pl.col("labels").list.contains("glad")), taxonomy="ekman", output=output
        )
    with pytest.raises(SourceError, match="without any training row: flat"):
        train(
            corpus().filter(~pl.col("labels").list.contains("flat")), taxonomy=moods, output=output
        )
    with pytest.raises(SourceError, match="no row"):
        train(corpus().head(0), taxonomy=moods, output=output)
    with pytest.raises(SourceError, match="1 different texts, fewer than the 5 folds"):
        train(corpus().with_columns(text=pl.lit("same")), taxonomy=moods, output=output)
    with pytest.raises(SourceError, match=r"4 groups, fewer than the 5 folds.*--folds"):
        train(
            corpus().with_columns(group=pl.int_range(pl.len()) % 4), taxonomy=moods, output=output
        )
    with pytest.raises(SourceError, match="labels holds List"):
        train(corpus().with_columns(labels=pl.lit([1])), taxonomy=moods, output=output)
    with pytest.raises(ConfigError, match="at least 2"):
        train(corpus(), taxonomy=moods, output=output, folds=1)
    (tmp_path / "x.parquet").write_bytes(b"not parquet")
    with pytest.raises(SourceError, match="cannot be read"):
        train(tmp_path / "x.parquet", taxonomy=moods, output=output)
    assert not output.exists()
    student = StudentLabeler.load()
    with pytest.raises(SourceError, match="outside the taxonomy"):
        evaluate(
            pl.DataFrame({"text": ["a"], "labels": ["joyous"]}),
            student,
            load_task("emotion"),
            load_taxonomy("ekman"),
        )
    with pytest.raises(SourceError, match="text"):
        evaluate(
            pl.DataFrame({"labels": ["joy"]}), student, load_task("emotion"), load_taxonomy("ekman")
        )
