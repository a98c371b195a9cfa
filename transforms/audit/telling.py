"""The n-grams that tell labels apart: text of people, to be shown only to who asks for it.

Log odds ratios with an informative prior, as z-scores (Monroe, Colaresi, Quinn, Fightin' Words, Political Analysis
16(4), 2008), over how many conversations use a word or pair of words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from transforms.evaluate.sums import Floats

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # no digits: numbers may tell who it is


def telling_ngrams(
    texts: Sequence[str], labels: Sequence[str], *, least: int = 5, most: int = 10
) -> dict[str, list[tuple[str, float]]]:
    """Per label, at most so many n-grams that are used more in its texts than in others, with their z-scores.

    Only those that at least `least` texts use.
    """
    found = [_ngrams(text) for text in texts]
    total: Counter[str] = Counter(ngram for each in found for ngram in each)
    known = sorted(ngram for ngram, n in total.items() if n >= least)
    if not known:
        return {label: [] for label in sorted(set(labels))}
    all_ = np.array([total[ngram] for ngram in known], np.float64)
    result = {}
    for label in sorted(set(labels)):
        mine: Counter[str] = Counter(
            ngram for each, own in zip(found, labels, strict=True) if own == label for ngram in each
        )
        inside = np.array([mine[ngram] for ngram in known], np.float64)
        z = _z_scores(inside, all_ - inside, all_)
        best = [place for place in np.argsort(-z, kind="stable")[:most] if z[place] > 0]
        result[label] = [(known[place], float(z[place])) for place in best]
    return result


def _ngrams(text: str) -> set[str]:
    words = [word.lower() for word in _WORD.findall(text)]
    return set(words) | {f"{one} {two}" for one, two in pairwise(words)}


def _z_scores(inside: Floats, outside: Floats, prior: Floats) -> Floats:
    """Log odds ratio over its standard deviation; the prior is what all texts say, as much as 500 n-grams."""
    weight = prior / prior.sum() * 500
    one, other = inside + weight, outside + weight
    rest = (inside.sum() + weight.sum() - one, outside.sum() + weight.sum() - other)
    delta = np.log(one / rest[0]) - np.log(other / rest[1])
    z: Floats = delta / np.sqrt(1 / one + 1 / other)
    return z
