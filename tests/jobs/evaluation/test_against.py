"""Two labelers on the same rows."""

import numpy as np
import pytest

from jobs.evaluate import evaluate
from schemas.errors import SourceError
from tests.jobs.evaluation.made import (
    EMOTION,
    OF_VAD,
    ONE_OF,
    PLAIN,
    VAD,
    answers,
    random_labels,
    random_numbers,
)

metrics = pytest.importorskip("sklearn.metrics")
stats = pytest.importorskip("scipy.stats")


def test_the_better_one_of_two():
    gold, good, truth, given, _ = random_labels(200, PLAIN)
    _, bad, _, other, _ = random_labels(200, PLAIN, seed=9)  # answers to other rows
    found = evaluate(gold, good, EMOTION, PLAIN, against=bad, resamples=200).to_json()["against"]
    for average in ("macro", "micro"):
        one = found["differences"][f"{average}_f1"]
        first, second = (metrics.f1_score(truth, x, average=average) for x in (given, other))
        assert one["first"] == pytest.approx(first)
        assert one["difference"] == pytest.approx(second - first)
        assert one["interval"][1] < 0
        assert one["p"] == pytest.approx(1 / 201)
    both = np.arange(200) % 10 > 0
    kappa = metrics.cohen_kappa_score(given[both, 0], other[both, 0])
    assert found["agreement"]["kappa"]["joy"] == pytest.approx(kappa)
    assert (found["rows_of_both"], found["coverage"]) == (180, 0.9)


def test_a_labeler_against_itself():
    gold, labeler, *_ = random_labels(60, PLAIN)
    found = evaluate(gold, labeler, EMOTION, PLAIN, against=labeler, resamples=50).to_json()
    one = found["against"]["differences"]["macro_f1"]
    assert (one["difference"], one["interval"], one["p"]) == (0.0, [0.0, 0.0], 1.0)
    assert found["against"]["agreement"]["mean_kappa"] == 1.0


def test_mcnemar_of_exclusive_labels_only_and_not_of_groups():
    gold, first, truth, given, _ = random_labels(100, ONE_OF)
    _, second, _, other, _ = random_labels(100, ONE_OF, seed=5)
    found = evaluate(gold, first, EMOTION, ONE_OF, against=second, resamples=20).to_json()[
        "against"
    ]
    right, also = ((truth & x).any(axis=1) for x in (given, other))
    only = int((right & ~also).sum()), int((also & ~right).sum())
    assert (found["mcnemar"]["only_first"], found["mcnemar"]["only_second"]) == only
    assert found["mcnemar"]["p"] == pytest.approx(stats.binomtest(only[0], sum(only)).pvalue)
    grouped = gold.with_columns(group=gold["text"].str.slice(0, 6))
    found = evaluate(grouped, first, EMOTION, ONE_OF, against=second, resamples=20).to_json()
    assert "depend on each other" in found["against"]["mcnemar"]["undefined"]
    plain = evaluate(gold, first, EMOTION, PLAIN, against=second, resamples=20).to_json()["against"]
    assert "mcnemar" not in plain


def test_numbers_are_compared_where_both_answered():
    gold, first, truth, a = random_numbers(100, OF_VAD, 0.1, silent=5)
    _, second, _, b = random_numbers(100, OF_VAD, 0.4, silent=7)
    found = evaluate(gold, first, VAD, OF_VAD, against=second, resamples=100).to_json()["against"]
    both = np.isfinite(a[:, 0]) & np.isfinite(b[:, 0])
    one = found["differences"]["pearson.valence"]
    r = [stats.pearsonr(truth[both, 0], x[both, 0]).statistic for x in (a, b)]
    assert (one["first"], one["second"]) == pytest.approx(tuple(r))
    assert one["interval"][1] < 0
    assert found["differences"]["rmse"]["difference"] > 0
    assert found["rows_of_both"] == both.sum()
    assert set(found["agreement"]["alpha"]) == set(OF_VAD.names)


def test_answers_that_are_there_already():
    gold, labeler, *_ = random_labels(40, PLAIN)
    once = evaluate(gold, labeler, EMOTION, PLAIN, resamples=20).to_json()
    assert evaluate(gold, answers(labeler.frame), EMOTION, PLAIN, resamples=20).to_json() == once
    with pytest.raises(SourceError, match="30 answers for 40 rows"):
        evaluate(gold, answers(labeler.frame.head(30)), EMOTION, PLAIN)
