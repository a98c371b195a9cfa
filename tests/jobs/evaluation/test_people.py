"""Several annotators: majority gold, agreement, and the ceiling beside the labeler."""

import json
import random

import numpy as np
import polars as pl
import pytest

from jobs.evaluate import evaluate
from jobs.evaluate_file import evaluate_file
from jobs.evaluation.compute import Asked
from schemas.errors import MissingExtraError, SourceError
from tests.jobs.evaluation.made import (
    EMOTION,
    OF_VAD,
    PLAIN,
    VAD,
    Told,
    protocol,
    random_labels,
    random_numbers,
)
from transforms.evaluate.annotations import ValueAnnotations
from transforms.evaluate.ceiling import human_ceiling_values

krippendorff = pytest.importorskip("krippendorff")
metrics = pytest.importorskip("sklearn.metrics")


def rated(rows, people, seed=0):
    """(frame of one line a row and annotator, labels (people, rows, labels))."""
    rng = np.random.default_rng(seed)
    names = np.array(PLAIN.names)
    truth = rng.random((rows, len(names))) < 0.4
    given = truth ^ (rng.random((people, rows, len(names))) < 0.15)
    lines = [
        {"id": f"r{row}", "text": f"text {row}", "annotator": f"p{who}", "labels": list(names[given[who, row]])}
        for row in range(rows)
        for who in range(people)
    ]  # fmt: skip
    schema = {"id": pl.String, "text": pl.String, "annotator": pl.String}
    return pl.DataFrame(lines, schema=schema | {"labels": pl.List(pl.String)}), given


def test_gold_is_the_majority_and_agreement_that_of_the_libraries():
    frame, given = rated(60, 3)
    _, labeler, *_ = random_labels(60, PLAIN, silent=1000)
    found = evaluate(frame, Told(labeler.frame), EMOTION, PLAIN, resamples=50).to_json()
    assert found["n"] == 60
    votes = given.sum(axis=0) > 1.5
    support = [one["support"] for one in found["per_label"].values()]
    assert support == votes.sum(axis=0).tolist()
    people = found["people"]
    assert (people["annotators"], people["rows_of_several"]) == (3, 60)
    for place, name in enumerate(PLAIN.names):
        alpha = krippendorff.alpha(given[:, :, place].astype(float), level_of_measurement="nominal")
        assert people["agreement"]["alpha"][name] == pytest.approx(alpha, abs=1e-9)
        pairs = [(0, 1), (0, 2), (1, 2)]
        kappas = [
            metrics.cohen_kappa_score(given[a, :, place], given[b, :, place]) for a, b in pairs
        ]
        assert people["agreement"]["kappa"][name] == pytest.approx(np.mean(kappas), abs=1e-9)
    # Each against what both others gave (more than half of two is two).
    others = np.stack([given[[b for b in range(3) if b != a]].all(axis=0) for a in range(3)])
    flat = (others.reshape(-1, 3), given.reshape(-1, 3))
    ceiling = people["ceiling"]
    assert ceiling["macro_f1"] == pytest.approx(metrics.f1_score(*flat, average="macro"), abs=1e-9)
    assert ceiling["intervals"]["macro_f1"][0] < ceiling["macro_f1"]
    assert people["labeler_on_same_rows"]["macro_f1"] == found["macro_f1"]


def test_only_some_rows_have_several_annotators():
    frame, _ = rated(60, 2)
    few = frame.filter((pl.col("annotator") == "p0") | (pl.int_range(pl.len()) < 50))
    _, labeler, *_ = random_labels(60, PLAIN, silent=1000)
    found = evaluate(few, Told(labeler.frame), EMOTION, PLAIN, resamples=20).to_json()["people"]
    assert found["rows_of_several"] == 25
    assert found["ceiling"]["annotations"] == 50
    first = evaluate(
        few.head(50), Told(labeler.frame.head(25)), EMOTION, PLAIN, resamples=20
    ).to_json()
    assert found["labeler_on_same_rows"]["macro_f1"] == first["macro_f1"]


def test_one_annotator_and_none():
    frame, _ = rated(30, 1)
    _, labeler, *_ = random_labels(30, PLAIN)
    one = evaluate(frame, Told(labeler.frame), EMOTION, PLAIN, resamples=20).to_json()["people"]
    why = {"undefined": "no row has gold of two annotators"}
    assert (one["annotators"], one["agreement"], one["ceiling"]) == (1, why, why)
    gold, labeler, *_ = random_labels(30, PLAIN)
    none = evaluate(gold, labeler, EMOTION, PLAIN, resamples=20).to_json()["people"]
    assert none["ceiling"] == {"undefined": "the gold names no annotators"}


def test_one_annotator_with_two_answers_is_an_error():
    frame, _ = rated(5, 1)
    twice = pl.concat([frame, frame])
    _, labeler, *_ = random_labels(5, PLAIN)
    with pytest.raises(SourceError, match="one annotation per annotator"):
        evaluate(twice, Told(labeler.frame), EMOTION, PLAIN)


def test_the_ceiling_of_numbers_is_that_of_each_dimension():
    gold, labeler, _, _ = random_numbers(40, OF_VAD, 0.2, silent=1000)
    rng = np.random.default_rng(1)
    people = [gold.with_columns(annotator=pl.lit(f"p{who}")) for who in range(3)]
    noisy = [
        each.with_columns(
            (pl.col(name) + pl.Series(rng.normal(0, 0.5, 40))).clip(1, 5).alias(name)
            for name in OF_VAD.names
        )
        for each in people
    ]  # fmt: skip
    found = evaluate(pl.concat(noisy), labeler, VAD, OF_VAD, resamples=60).to_json()["people"]
    unit, who = np.tile(np.arange(40), 3), np.repeat(np.arange(3), 40)
    for name in OF_VAD.names:
        values = (pl.concat(noisy)[name].to_numpy() - 1) / 4
        alone = human_ceiling_values(ValueAnnotations(unit, who, values), resamples=0)
        for figure, value in alone.figures.items():
            assert found["ceiling"]["each"][name][figure] == pytest.approx(value, abs=1e-9)
        ratings = values.reshape(3, 40)
        alpha = krippendorff.alpha(ratings, level_of_measurement="interval")
        assert found["agreement"]["alpha"][name] == pytest.approx(alpha, abs=1e-9)
    mean = np.mean([found["ceiling"]["each"][name]["pearson"] for name in OF_VAD.names])
    assert found["ceiling"]["pearson"] == pytest.approx(mean, abs=1e-9)
    low, high = found["ceiling"]["intervals"]["pearson"]
    assert low < mean < high


def test_without_the_library_only_agreement_is_missing(monkeypatch):
    def missing(*_args, **_kwargs):
        raise MissingExtraError("evaluate", "Krippendorff's alpha")

    monkeypatch.setattr("jobs.evaluation.people.annotator_agreement", missing)
    monkeypatch.setattr("jobs.evaluation.comparison.annotator_agreement", missing)
    frame, _ = rated(30, 2)
    _, labeler, *_ = random_labels(30, PLAIN)
    found = evaluate(frame, Told(labeler.frame), EMOTION, PLAIN, resamples=20).to_json()
    assert "pip install" in found["people"]["agreement"]["undefined"]
    assert isinstance(found["people"]["ceiling"]["macro_f1"], float)
    json.dumps(found, allow_nan=False)


def test_rows_without_a_majority_are_told():
    frame = pl.DataFrame(
        {
            "text": ["a", "a", "b", "b"],
            "annotator": ["1", "2", "1", "2"],
            "labels": [["joy"], ["fear"], ["joy"], ["joy"]],
        }
    )
    labeler = Told(protocol(["labeled"] * 2, [["joy"], ["joy"]]))
    found = evaluate(frame, labeler, EMOTION, PLAIN, resamples=0).to_json()
    assert (found["n"], found["undecided"]) == (2, 1)
    assert found["per_label"]["joy"]["precision"] == 0.5
    exclusive = PLAIN.model_copy(update={"exclusive": True})
    found = evaluate(frame, labeler, EMOTION, exclusive, resamples=0).to_json()
    assert (found["accuracy"], found["per_label"]["joy"]["precision"]) == (1.0, 1.0)


def test_rows_on_which_people_disagree_count_for_agreement(tmp_path):
    """Two annotators at random: every disagreement is a tie without gold, and alpha is about zero all the same."""
    draw, moods = random.Random(0), ["Happy", "Sad", "Angry"]
    given = [[draw.choice(moods) for _ in "ab"] for _ in range(90)]
    path = tmp_path / "gold.jsonl"
    lines = [
        {
            "id": str(n), "annotator": who, "text": f"text {n}", "labels": [mood],
            "split": "dev" if n % 3 else "train",
        }
        for n, pair in enumerate(given)
        for who, mood in zip("ab", pair, strict=True)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for splits, pairs in (((), given), (("train",), given[::3])):
        found = evaluate_file(
            path, taxonomy="topical_chat", splits=splits, asked=Asked(resamples=20)
        ).to_json()
        codes = [[moods.index(pair[who]) for pair in pairs] for who in (0, 1)]
        alpha = krippendorff.alpha(reliability_data=codes, level_of_measurement="nominal")
        equal = sum(first == second for first, second in pairs)
        people = found["people"]
        assert people["agreement"]["category_alpha"] == pytest.approx(alpha, abs=1e-9)
        assert alpha < 0.3
        assert (people["rows_of_several"], people["decided_rows_of_several"]) == (len(pairs), equal)
        assert found["n"] == equal
        assert people["ceiling"]["accuracy"] == pytest.approx(equal / len(pairs))
