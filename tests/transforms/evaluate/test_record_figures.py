"""Gold of records, and figures against it: by hand, and by scikit-learn and scipy."""

import numpy as np
import polars as pl
import pytest

from schemas.errors import SourceError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Label, Taxonomy, load_taxonomy
from transforms.evaluate.record_figures import evaluate_records
from transforms.evaluate.record_gold import entries, label_gold, value_gold

TASK = LabelTask(name="t", version="1", description="d", taxonomy="x", multi_label=True)
NAMES = ("joy", "fear", "neutral")
PLAIN = Taxonomy(name="x", version="1", labels=tuple(Label(name=name) for name in NAMES[:2]))
NEUTRAL = Taxonomy(
    name="y", version="1", neutral="neutral", labels=tuple(Label(name=name) for name in NAMES)
)
KIND = pl.List(
    pl.Struct(
        dict.fromkeys(("label_set", "split", "annotator"), pl.String)
        | {"labels": pl.List(pl.String), "value": pl.Float64}
    )
)


def entry(labels=None, annotator=None, label_set=None, split=None, value=None):
    return {
        "label_set": label_set, "split": split, "annotator": annotator, "labels": labels, "value": value
    }  # fmt: skip


def gold(*rows):
    return pl.DataFrame({"gold": list(rows)}, schema={"gold": KIND})


def held(found, taxonomy, rows):
    made = label_gold(found, rows, taxonomy)
    return [
        tuple(name for name, has in zip(taxonomy.names, row, strict=True) if has)
        for row in made.holds
    ], made.asked.tolist()


def test_an_aggregate_is_the_gold_whatever_annotators_said():
    found = entries(gold([entry(["joy"]), entry(["fear"], "a"), entry(["fear"], "b")]))
    assert held(found, PLAIN, 1) == ([("joy",)], [[True, True]])


def test_gold_is_what_more_than_half_of_the_annotators_gave():
    found = entries(
        gold(
            [entry(["joy"], "a"), entry(["joy", "fear"], "b"), entry(["fear"], "c")],
            [entry(["joy"], "a"), entry([], "b")],  # half is not more than half
            [],
        )
    )
    assert held(found, PLAIN, 3) == (
        [("joy", "fear"), (), ()],
        [[True, True], [True, True], [False, False]],
    )


def test_an_unannotated_label_is_no_zero():
    three = [entry(["joy"], "a", "joy"), entry([], "b", "fear joy"), entry(["joy"], "c", "joy")]
    found = entries(gold(three))
    assert held(found, PLAIN, 1) == ([("joy",)], [[True, True]])
    found = entries(gold([entry(["joy"], "a", "joy")]))
    assert held(found, PLAIN, 1) == ([("joy",)], [[True, False]])


def test_nothing_applies_is_the_neutral_label_where_there_is_one():
    rows = gold([entry([], label_set="fear joy")])
    assert held(entries(rows), NEUTRAL, 1) == ([("neutral",)], [[True, True, True]])
    assert held(entries(rows), PLAIN, 1) == ([()], [[True, True]])


def test_only_gold_of_the_splits_asked_for():
    rows = gold([entry(["joy"], split="train"), entry(["fear"], split="dev")], [entry(["joy"])])
    assert held(entries(rows, ("dev",)), PLAIN, 2)[0] == [("fear",), ()]


def test_values_are_means_in_the_range_of_answers():
    vad, intensity = load_taxonomy("vad"), load_taxonomy("ekman_intensity")
    rows = gold(
        [entry(value=2.0, label_set="valence", annotator="a"), entry(value=4.0, label_set="valence", annotator="b")],
        [entry(value=5.0, label_set="arousal")],
    )  # fmt: skip
    np.testing.assert_allclose(
        value_gold(entries(rows), 2, load_task("vad"), vad),
        [[0.5, np.nan, np.nan], [np.nan, 1.0, np.nan]],
    )
    rows = gold([entry(value=v, label_set="anger", annotator=a) for a, v in (("a", 1), ("b", 2))])
    found = value_gold(entries(rows), 1, load_task("emotion_intensity"), intensity)
    assert found[0][intensity.names.index("anger")] == 2  # 1.5, rounded half up


def answers(status, labels, scores):
    return pl.DataFrame(
        {"status": status, "labels": labels, "scores": scores, "unit": [str(n) for n in range(len(status))]},
        schema_overrides={
            "labels": pl.List(pl.String),
            "scores": pl.List(pl.Struct({"label": pl.String, "probability": pl.Float32})),
        },
    )  # fmt: skip


def random_rows(number, taxonomy, seed=0):
    rng = np.random.default_rng(seed)
    names = np.array(taxonomy.names)
    truth = rng.random((number, len(names))) < 0.4
    probability = np.clip(truth * 0.4 + rng.random(truth.shape) * 0.7, 0, 1)
    status = ["labeled" if n % 10 else "rejected" for n in range(number)]
    given = (probability > 0.5) & (np.array(status) == "labeled")[:, None]
    labels = [
        list(names[row]) if s == "labeled" else None for row, s in zip(given, status, strict=True)
    ]
    scores = [
        [{"label": n, "probability": p} for n, p in zip(names, row, strict=True)] if s == "labeled" else None
        for row, s in zip(probability, status, strict=True)
    ]  # fmt: skip
    frame = answers(status, labels, scores)
    return (
        frame.with_columns(gold(*([entry(list(names[row]))] for row in truth))["gold"]),
        truth,
        given,
    )


def test_figures_are_those_of_scikit_learn_and_silence_is_an_empty_answer():
    metrics = pytest.importorskip("sklearn.metrics")
    rows, truth, given = random_rows(200, PLAIN)
    found = evaluate_records(rows, TASK, PLAIN, resamples=50)
    assert (found["n"], found["coverage"]) == (200, 0.9)
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="macro"))
    assert found["micro_f1"] == pytest.approx(metrics.f1_score(truth, given, average="micro"))
    for place, name in enumerate(PLAIN.names):
        one = metrics.f1_score(truth[:, place], given[:, place])
        assert found["per_label"][name]["f1"] == pytest.approx(one)
        low, high = found["intervals"][f"f1.{name}"]
        assert low < one < high
    assert 0 < found["ece"] < 1
    low, high = found["intervals"]["macro_f1"]
    assert low < found["macro_f1"] < high


def test_rows_without_gold_are_left_out():
    rows, _, _ = random_rows(60, PLAIN)
    bare = rows.with_columns(
        pl.when(pl.int_range(60) < 40).then("gold").otherwise(pl.lit([], KIND)).alias("gold")
    )
    assert evaluate_records(bare, TASK, PLAIN, resamples=10) == evaluate_records(
        rows.head(40), TASK, PLAIN, resamples=10
    )


def test_numbers_are_held_to_their_gold():
    stats = pytest.importorskip("scipy.stats")
    rng, vad = np.random.default_rng(2), load_taxonomy("vad")
    told = rng.random((80, 3))
    rated = np.clip(1 + 4 * (told + rng.normal(0, 0.2, told.shape)), 1, 5)
    rows = answers(["labeled"] * 80, [[]] * 80, [None] * 80).with_columns(
        pl.Series("answer", [dict(zip(vad.names, row, strict=True)) for row in told.tolist()]),
        gold(
            *(
                [entry(value=v, label_set=n) for n, v in zip(vad.names, row, strict=True)]
                for row in rated.tolist()
            )
        )["gold"],
    )
    found = evaluate_records(rows, load_task("vad"), vad, resamples=50)
    for place, name in enumerate(vad.names):
        expected = stats.pearsonr(told[:, place], rated[:, place]).statistic
        assert found["per_dimension"][name]["pearson"] == pytest.approx(expected)
        low, high = found["intervals"][f"pearson.{name}"]
        assert low < expected < high


def test_no_gold_at_all_is_undefined_and_strange_gold_an_error():
    rows, _, _ = random_rows(5, PLAIN)
    assert evaluate_records(rows.head(0), TASK, PLAIN) == {"n": 0}
    never = evaluate_records(
        rows.with_columns(
            labels=pl.lit([], pl.List(pl.String)), gold=gold(*[[entry([])]] * 5)["gold"]
        ),
        TASK,
        PLAIN,
    )
    assert never["macro_f1"] == {"undefined": "no label occurs in gold or answers"}
    strange = rows.with_columns(gold(*[[entry(["anger"])]] * 5)["gold"])
    with pytest.raises(SourceError):
        evaluate_records(strange, TASK, PLAIN)
