"""Labels that a model wrote and that the taxonomy does not have."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from functools import cache
from typing import Final, Literal

from schemas.taxonomy import Taxonomy, load_taxonomy, taxonomy_names

Rule = Literal["nearest", "aside", "reject"]
REJECTED: Final = "out_of_taxonomy"

_LEAST: Final = 0.7  # of similarity; below it, a word is none of the labels
_MEANT: Final = 0.5  # least weight of a map
_ENDINGS: Final = re.compile(
    r"(?:fulness|iness|ness|ful|ment|ing|ed|ous|ity|ious|ive|ly|ry|y|e|s)$"
)


def brought_inside(label: str, taxonomy: Taxonomy, rule: Rule) -> tuple[str | None, str | None]:
    """The label of the taxonomy that is meant, and the reason to drop the row, if there is one.

    A label in other letters or spaces is that label, whatever the rule. `nearest`: the label of the same stem (joyful:
    joy), else that to which other taxonomies map their label of this name (melancholy, by Parrott's tree: sadness),
    else that spelled most alike, if it is alike enough, else the row is dropped. `aside`: none. `reject`: the row is
    dropped. The rules are those that Emo Pillars (2025) chooses between; stems, maps and likeness are ours.
    """
    plain = {_plain(name): name for name in taxonomy.names}
    asked = _plain(label)
    if asked in plain:
        return plain[asked], None
    if rule == "aside":
        return None, None
    if rule == "nearest":
        stems = {_stem(name): inside for name, inside in reversed(plain.items())}
        if _stem(asked) in stems:
            return stems[_stem(asked)], None
        if (meant := _elsewhere(taxonomy.name).get(asked)) in taxonomy.names:
            return meant, None
        close = difflib.get_close_matches(asked, list(plain), n=1, cutoff=_LEAST)
        if close:
            return plain[close[0]], None
    return None, REJECTED


@cache
def _elsewhere(name: str) -> dict[str, str]:
    """What labels of other taxonomies are in this one; where they do not agree, as most of them say."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for other in map(load_taxonomy, taxonomy_names()):
        if name not in other.mappings:
            continue
        for label, weights in other.weights(name).items():
            votes[_plain(label)].update(
                each for each, weight in weights.items() if weight >= _MEANT
            )
    return {
        label: min(given, key=lambda each: (-given[each], each))
        for label, given in votes.items()
        if given
    }


def _plain(label: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", label.casefold()).split())


def _stem(word: str) -> str:
    """Without its endings, at least three letters of it."""
    while True:
        shorter = _ENDINGS.sub("", word)
        if len(shorter) < 3 or shorter == word:
            return word
        word = shorter
