"""The order of a sample: published vectors of the mix, and that seeds and streams differ."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.annotate.keys import keys_of, mixed, salt_of

GAMMA = 0x9E3779B97F4A7C15


def test_published_vectors() -> None:
    # The first outputs of SplitMix64 seeded with 1234567 (Rosetta Code, "Pseudo-random numbers/Splitmix64").
    states = np.array([1234567 + GAMMA * n & (1 << 64) - 1 for n in range(1, 6)], np.uint64)
    assert mixed(states, 0).tolist() == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
        16408922859458223821,
    ]  # fmt: skip


def test_keys_of_names() -> None:
    # xxh3 of nothing, from its specification.
    assert keys_of([""]).tolist() == [0x2D06800538D394C2]


@given(st.lists(st.integers(0, (1 << 64) - 1), unique=True, max_size=50), st.integers(0, 10**9))
def test_no_two_keys_become_one(keys: list[int], seed: int) -> None:
    found = mixed(np.array(keys, np.uint64), salt_of(seed))
    assert len(set(found.tolist())) == len(keys)


def test_each_seed_and_stream_draws_other_rows() -> None:
    keys = keys_of([f"r{n}" for n in range(2000)])
    draws = [
        set(np.argsort(mixed(keys, salt_of(seed, stream)))[:200].tolist())
        for seed in range(4)
        for stream in range(3)
    ]
    for at, one in enumerate(draws):
        for other in draws[:at]:
            # Hypergeometric: 20 of 200 expected, standard deviation 4.
            assert 2 < len(one & other) < 42
    assert salt_of(3, 1) == salt_of(3, 1)
