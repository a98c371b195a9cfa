"""How varied texts are: type-token ratio and distinct pairs of words, per block of equally many words.

Both fall with the number of words that are looked at (Heaps' law), so texts are shuffled and cut into blocks of the
same size, and the blocks averaged (mean segmental type-token ratio: Johnson, Studies in Language Behavior I, 1944;
distinct-n: Li et al., A Diversity-Promoting Objective Function, NAACL 2016).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from transforms.audit.measured import Drawn
from transforms.evaluate.sums import Figures, Floats, divide

BLOCK: Final = 500  # words
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, lower case."""
    return [_WORD.findall(text.lower()) for text in texts]


def block_ratios(words: Sequence[Sequence[str]], seed: int, size: int = BLOCK) -> Floats:
    """distinct_1 and distinct_2 of each whole block (blocks, 2); pairs do not run over texts."""
    order = np.random.default_rng(seed).permutation(len(words))
    found: list[tuple[float, float]] = []
    block: list[str] = []
    pairs: list[tuple[str, str]] = []
    for place in order:
        rest = list(words[place])
        while rest:
            part, rest = rest[: size - len(block)], rest[size - len(block) :]
            block += part
            pairs += pairwise(part)
            if len(block) == size:
                found.append((len(set(block)) / size, len(set(pairs)) / max(1, len(pairs))))
                block, pairs = [], []
    return np.array(found, np.float64).reshape(-1, 2)


def length_figures(words: Sequence[Sequence[str]], side: NDArray[np.bool_]) -> Drawn:
    """Mean words a text of both sides (`human.words`, `synthetic.words`) and their `difference.words`."""
    count = np.array([len(each) for each in words], np.float64)
    return means(count[:, None], ("words",), side)


def means(values: Floats, names: Sequence[str], side: NDArray[np.bool_]) -> Drawn:
    """Means of columns (rows, names) of both sides, and the difference, synthetic less human."""

    def figures(times: NDArray[np.int64]) -> Figures:
        drawn = times.astype(np.float64)
        found: Figures = {}
        for name, of in (("human", ~side), ("synthetic", side)):
            mean = divide(drawn[:, of] @ values[of], drawn[:, of].sum(axis=1)[:, None])
            found |= {f"{name}.{key}": mean[:, at] for at, key in enumerate(names)}
        differences = {
            f"difference.{key}": found[f"synthetic.{key}"] - found[f"human.{key}"] for key in names
        }
        return found | differences

    return Drawn(len(values), figures)
