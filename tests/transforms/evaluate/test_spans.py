"""Span figures by hand, and against sets of positions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Undefined
from transforms.evaluate.spans import SPAN_FIGURES, span_figures, span_sums

pytestmark = pytest.mark.filterwarnings("error")


def test_worked_by_hand() -> None:
    gold = [[(0, 3), (5, 9)], [(2, 4)], []]
    marked = [[(0, 3), (4, 6), (8, 9)], [], [(1, 2)]]
    assert span_figures(gold, marked) == pytest.approx(
        {
            "exact_precision": 1 / 4, "exact_recall": 1 / 3, "exact_f1": 2 / 7,
            "overlap_precision": 3 / 4, "overlap_recall": 2 / 3, "overlap_f1": 12 / 17,
            # 9 positions in gold, 7 given, in both: 0 1 2, 5, 8
            "token_precision": 5 / 7, "token_recall": 5 / 9, "token_f1": 10 / 16,
        },
        abs=1e-12,
    )  # fmt: skip


def test_tokens_that_spans_touch() -> None:
    # "I am so very sad": gold "so very sad", given "y sad"
    tokens = [[(0, 1), (2, 4), (5, 7), (8, 12), (13, 16)]]
    found = span_figures([[(5, 16)]], [[(11, 16)]], tokens)
    assert (found["token_precision"], found["token_recall"]) == (1.0, pytest.approx(2 / 3))
    between = span_figures([[(5, 16)]], [[(4, 5)]], tokens)  # a blank is no token
    assert between["token_precision"] == Undefined("nothing was given")
    assert between["token_f1"] == 0.0


def test_labels_keep_spans_apart() -> None:
    found = span_figures([[(0, 4, "cause")]], [[(0, 4, "feeling")]])
    assert set(found.values()) == {0.0}
    found = span_figures([[(0, 4, "cause"), (0, 4, "feeling")]], [[(0, 4, "feeling")]])
    assert (found["exact_precision"], found["exact_recall"]) == (1.0, 0.5)
    assert (found["token_precision"], found["token_recall"]) == (1.0, 0.5)


def test_neighbors_do_not_overlap() -> None:
    found = span_figures([[(0, 4)], [(0, 2)]], [[(4, 6)], [(2, 9)]])
    assert (found["overlap_precision"], found["token_f1"]) == (0.0, 0.0)


SPAN = st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from("xy")).map(
    lambda s: (s[0], s[0] + s[1], s[2])
)
ROWS = st.lists(st.tuples(st.lists(SPAN, max_size=4), st.lists(SPAN, max_size=4)), max_size=5)


@settings(deadline=None, max_examples=150)
@given(ROWS)
def test_equal_to_sets_of_positions(rows: list) -> None:
    gold, marked = [row[0] for row in rows], [row[1] for row in rows]
    a = {(row, *span) for row, of in enumerate(gold) for span in of}
    b = {(row, *span) for row, of in enumerate(marked) for span in of}
    cells = [{(r, i, x) for r, start, end, x in s for i in range(start, end)} for s in (a, b)]

    def meets(span: tuple, others: set) -> bool:
        r, start, end, x = span
        return any(r == s and x == y and c < end and start < d for s, c, d, y in others)

    expected = {
        "exact": (len(a & b), len(a & b), len(a), len(b)),
        "overlap": (sum(meets(s, a) for s in b), sum(meets(s, b) for s in a), len(a), len(b)),
        "token": (len(cells[0] & cells[1]),) * 2 + (len(cells[0]), len(cells[1])),
    }
    found = span_figures(gold, marked)
    for way, (right, hit, held, answered) in expected.items():
        p = right / answered if answered else Undefined("nothing was given")
        r = hit / held if held else Undefined("nothing is in gold")
        f1 = 2 * p * r / (p + r) if right and hit else 0.0
        f1 = f1 if held + answered else Undefined("nothing is in gold or given")
        assert found[f"{way}_precision"] == (p if isinstance(p, Undefined) else pytest.approx(p))
        assert found[f"{way}_recall"] == (r if isinstance(r, Undefined) else pytest.approx(r))
        assert found[f"{way}_f1"] == (f1 if isinstance(f1, Undefined) else pytest.approx(f1))


def test_nothing_anywhere() -> None:
    for nothing in ([], [[], []]):
        found = span_figures(nothing, nothing)
        assert set(found) == set(SPAN_FIGURES)
        assert all(isinstance(figure, Undefined) for figure in found.values())


def test_intervals() -> None:
    rng = np.random.default_rng(0)
    gold = [[(0, 5)] for _ in range(50)]
    marked = [[(0, 5)] if rng.random() < 0.6 else [] for _ in gold]
    found = bootstrap(span_sums(gold, marked), 50, resamples=100)
    low, high = found["exact_recall"]
    assert low < span_figures(gold, marked)["exact_recall"] < high


@pytest.mark.parametrize("wrong", [(3, 3), (4, 2), (-1, 2)])
def test_spans_that_are_none(wrong: tuple[int, int]) -> None:
    with pytest.raises(SourceError, match="the answers in row 1"):
        span_figures([[], []], [[], [wrong]])
    with pytest.raises(SourceError, match="1 rows of gold spans and 2"):
        span_figures([[]], [[], []])
