"""Scores against scikit-learn, and the cases that have no number."""

import numpy as np
import polars as pl
import pytest

from schemas.errors import SourceError
from transforms.evaluate.figures import Undefined
from transforms.evaluate.metrics import count, indicator, scores_of

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra 'evaluate'")


def draw(rows: int, labels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.02, 0.5, labels)
    gold = rng.random((rows, labels)) < rates
    return gold, np.where(
        rng.random((rows, labels)) < 0.7, gold, rng.random((rows, labels)) < rates
    )


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_sklearn(seed: int) -> None:
    gold, given = draw(400, 9, seed)
    names = [f"l{i}" for i in range(9)]
    scores = scores_of(count(gold, given), names)
    precision, recall, f1, support = sklearn_metrics.precision_recall_fscore_support(gold, given)
    for i, name in enumerate(names):
        label = scores.per_label[name]
        assert label.precision == pytest.approx(precision[i], abs=1e-9)
        assert label.recall == pytest.approx(recall[i], abs=1e-9)
        assert label.f1 == pytest.approx(f1[i], abs=1e-9)
        assert (label.support, label.predicted) == (support[i], given[:, i].sum())
    assert scores.macro_f1 == pytest.approx(
        sklearn_metrics.f1_score(gold, given, average="macro"), abs=1e-9
    )
    assert scores.micro_f1 == pytest.approx(
        sklearn_metrics.f1_score(gold, given, average="micro"), abs=1e-9
    )
    assert scores.subset_accuracy == pytest.approx(
        sklearn_metrics.accuracy_score(gold, given), abs=1e-9
    )


def test_undefined_figures_say_why() -> None:
    # both given and gold: a; gold only: b; given only: c; neither: d
    gold = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool)
    given = np.array([[1, 0, 1, 0], [0, 0, 0, 0]], bool)
    scores = scores_of(count(gold, given), ["a", "b", "c", "d"])
    a, b, c, d = (scores.per_label[name] for name in "abcd")
    assert (a.precision, a.recall, a.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert (b.precision, b.recall, b.f1) == (Undefined("the label was never given"), 0.0, 0.0)
    assert (c.precision, c.recall, c.f1) == (0.0, Undefined("the label is not in gold"), 0.0)
    assert isinstance(d.f1, Undefined)
    assert d.to_json()["f1"] == {"undefined": "the label is neither in gold nor given"}
    assert scores.macro_f1 == pytest.approx((2 / 3 + 0 + 0) / 3)  # d is left out
    assert scores.micro_f1 == pytest.approx(2 * 1 / (3 + 2))
    assert scores.subset_accuracy == 0.0


def test_no_rows() -> None:
    nothing = np.zeros((0, 2), bool)
    scores = scores_of(count(nothing, nothing), ["a", "b"])
    assert isinstance(scores.macro_f1, Undefined)
    assert scores.summary()["subset_accuracy"] == {"undefined": "there are no rows"}


def test_indicator() -> None:
    lists = pl.Series([["b"], [], None, ["a", "b"]], dtype=pl.List(pl.String))
    assert indicator(lists, ["a", "b"]).tolist() == [[0, 1], [0, 0], [0, 0], [1, 1]]
    assert indicator(pl.Series(["b", None, "a"]), ["a", "b"]).tolist() == [[0, 1], [0, 0], [1, 0]]
    with pytest.raises(SourceError, match=r"'joy '.*It has: a, b"):
        indicator(pl.Series([["a", "joy "]]), ["a", "b"])


@pytest.mark.parametrize("seed", range(3))
def test_cells_that_were_not_asked_count_nowhere(seed: int) -> None:
    gold, given = draw(300, 5, seed)
    asked = np.random.default_rng(seed + 100).random(gold.shape) < 0.6
    names = [f"l{i}" for i in range(5)]
    scores = scores_of(count(gold, given, asked), names)
    f1 = []
    for i, name in enumerate(names):  # each label on its own, on the rows where it was asked
        rows = asked[:, i]
        precision, recall, one, _ = sklearn_metrics.precision_recall_fscore_support(
            gold[rows, i], given[rows, i], average="binary"
        )
        label = scores.per_label[name]
        assert (label.precision, label.recall, label.f1) == pytest.approx((precision, recall, one))
        assert (label.support, label.predicted) == (gold[rows, i].sum(), given[rows, i].sum())
        f1.append(one)
    assert scores.macro_f1 == pytest.approx(np.mean(f1), abs=1e-9)
    assert scores.micro_f1 == pytest.approx(
        sklearn_metrics.f1_score(gold[asked], given[asked]), abs=1e-9
    )
    same = [(g[a] == h[a]).all() for g, h, a in zip(gold, given, asked, strict=True) if a.any()]
    assert scores.subset_accuracy == pytest.approx(np.mean(same), abs=1e-9)


def test_nothing_asked_is_no_row() -> None:
    ones = np.ones((3, 2), bool)
    scores = scores_of(count(ones, ones, ~ones), ["a", "b"], exclusive=True)
    assert scores.subset_accuracy == Undefined("there are no rows")
    assert scores.accuracy == Undefined("no row has a gold label")
    assert scores.macro_f1 == Undefined("no label occurs in gold or answers")


def test_accuracy_of_an_exclusive_taxonomy() -> None:
    rng = np.random.default_rng(3)
    gold, given = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    scores = scores_of(
        count(np.eye(4, dtype=bool)[gold], np.eye(4, dtype=bool)[given]),
        list("abcd"),
        exclusive=True,
    )
    assert scores.accuracy == pytest.approx(sklearn_metrics.accuracy_score(gold, given), abs=1e-9)
    assert scores.summary()["accuracy"] == scores.accuracy
    assert "accuracy" not in scores_of(count(*draw(9, 2, 0)), ["a", "b"]).summary()


def test_accuracy_wants_gold_and_an_answer() -> None:
    # right; rejected; no gold (annotators were at odds) and rejected: only the first two count
    gold = np.array([[1, 0], [0, 1], [0, 0]], bool)
    given = np.array([[1, 0], [0, 0], [0, 0]], bool)
    scores = scores_of(count(gold, given), ["a", "b"], exclusive=True)
    assert scores.accuracy == 0.5
    assert scores.subset_accuracy == pytest.approx(2 / 3)
