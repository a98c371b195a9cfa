"""Sizes of strata and weights, for any strata."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ConfigError
from transforms.annotate.allocation import allocate, inclusion

STRATA = st.dictionaries(
    st.text(min_size=1, max_size=3), st.integers(1, 60), min_size=1, max_size=8
)


def one_by_one(sizes: dict[str, int], n: int) -> list[int]:
    """Independent: deal rows in turn to every stratum that still has some, the large ones first."""
    left, given_ = dict(sizes), dict.fromkeys(sizes, 0)
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    while n and any(left.values()):
        for name in order:
            if n and left[name]:
                left[name], given_[name], n = left[name] - 1, given_[name] + 1, n - 1
    return [given_[name] for name in sorted(sizes)]


@given(STRATA, st.integers(0, 200))
def test_as_equal_as_strata_allow(sizes: dict[str, int], more: int) -> None:
    n = len(sizes) + more
    taken = allocate(sizes, n)
    assert sum(taken.values()) == min(n, sum(sizes.values()))
    assert all(1 <= taken[name] <= sizes[name] for name in sizes)
    assert sorted(taken.values()) == sorted(one_by_one(sizes, n))
    shares = [taken[name] for name in sizes if taken[name] < sizes[name]]
    assert not shares or max(shares) - min(shares) <= 1


def test_a_worked_example() -> None:
    assert allocate({"rare": 3, "some": 50, "most": 1000}, 30) == {
        "rare": 3,
        "some": 13,
        "most": 14,
    }


def test_fewer_rows_than_strata() -> None:
    with pytest.raises(ConfigError, match="2 rows cannot be drawn from 3 strata"):
        allocate({"a": 5, "b": 5, "c": 5}, 2)


@given(STRATA, st.integers(0, 200))
def test_weights_add_up_to_each_stratum_exactly(sizes: dict[str, int], more: int) -> None:
    taken = allocate(sizes, len(sizes) + more)
    for name, size in sizes.items():
        weight = 1 / inclusion(size, taken[name])
        assert sum([weight] * taken[name], Fraction(0)) == size
