"""Scores of free emotion words against gold words, by the groups of an emotion wheel.

The emotion-wheel metric of open-vocabulary recognition: Lian et al., OV-MER: Towards Open-Vocabulary
Multimodal Emotion Recognition, ICML 2025 (arXiv 2410.01495), as AffectGPT (arXiv 2501.16566) computes
it (zeroQiaoba/AffectGPT, evaluation/wheel.py, calculate_openset_overlap_rate): words in lower case
become groups, words that are not on the wheel are dropped, and a row has the set precision
|given and gold| / |given| and the set recall |given and gold| / |gold|, both 0 when no group was
given. Rows without a gold group do not count. Both are means over rows, F is the harmonic mean of the
two means. There they are averaged over five wheels; here it is one, a plain mapping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from transforms.evaluate.figures import Figure, Undefined, finite, ratio
from transforms.evaluate.sums import Figures, Floats, Sums, divide

Words = Sequence[Sequence[str]]

WHEEL_FIGURES: Final = (
    "set_precision",
    "set_recall",
    "set_f1",
    "gold_on_wheel",
    "given_on_wheel",
)


def wheel_figures(gold: Words, given: Words, wheel: Mapping[str, str]) -> dict[str, Figure]:
    """set_precision, set_recall and set_f1 of lists (rows) of words, and how many words the wheel knows:
    gold_on_wheel and given_on_wheel, shares of all words.

    `wheel`: the group of each word, such as `wheel_of(taxonomy.parents)`.
    """
    statistic = wheel_sums(gold, given, wheel)
    no_gold = Undefined(
        "there are no rows" if len(gold) == 0 else "no row has a gold word on the wheel"
    )
    figures: dict[str, Figure] = {
        name: finite(value, no_gold.because) for name, value in statistic.whole().items()
    }
    for name, words in (("gold", gold), ("given", given)):
        all_words = [_plain(word) for row in words for word in row]
        known = sum(word in wheel for word in all_words)
        figures[f"{name}_on_wheel"] = ratio(known, len(all_words), f"no word is {name}")
    return figures


def wheel_sums(gold: Words, given: Words, wheel: Mapping[str, str]) -> Sums:
    """set_precision, set_recall and set_f1 as a statistic of sums: per row whether it counts, and both."""
    terms = np.zeros((len(gold), 3))
    for number, (truth, answer) in enumerate(zip(gold, given, strict=True)):
        groups, found = _groups(truth, wheel), _groups(answer, wheel)
        if groups:
            both = len(groups & found)
            terms[number] = 1.0, both / max(1, len(found)), both / len(groups)
    return Sums(terms, _figures)


def wheel_of(parents: Mapping[str, str]) -> dict[str, str]:
    """The topmost word above each word, itself where nothing is above: the wheel of a taxonomy's
    `parents`, grouped by its inner ring.
    """
    wheel = {}
    for word in {*parents, *parents.values()}:
        top, seen = word, {word}
        while top in parents and parents[top] not in seen:
            top = parents[top]
            seen.add(top)
        wheel[_plain(word)] = top
    return wheel


def _groups(words: Sequence[str], wheel: Mapping[str, str]) -> set[str]:
    return {wheel[word] for word in map(_plain, words) if word in wheel}


def _plain(word: str) -> str:
    return word.strip().lower()


def _figures(sums: Floats) -> Figures:
    rows, precision, recall = sums.T
    mean_precision, mean_recall = divide(precision, rows), divide(recall, rows)
    f1 = np.where(rows > 0, 0.0, np.nan)
    both = mean_precision + mean_recall
    np.divide(2 * mean_precision * mean_recall, both, out=f1, where=both > 0)
    return {"set_precision": mean_precision, "set_recall": mean_recall, "set_f1": f1}
