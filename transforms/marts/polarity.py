"""What the labels of a taxonomy mean to the marts: pleasant or not, hostile or not, neutral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.taxonomy import Taxonomy, load_taxonomy

_VALUE: Final = {"positive": 1.0, "negative": -1.0, "ambiguous": 0.0, "neutral": 0.0}
_HOSTILE: Final = frozenset({"anger", "disgust"})
"""Of Ekman's emotions those that are against somebody."""
_MILD: Final = frozenset({"disapproval"})
"""GoEmotions groups it with anger, but an unfavorable opinion is against nobody."""
_TOXICITY: Final = "toxicity"


@dataclass(frozen=True)
class Polarity:
    """Of each label of a taxonomy: its group of sentiment, Ekman's emotion, both None where nobody tells.

    `toxic`: the taxonomy is of kinds of toxic talk, so that each of its labels but the neutral one is hostile.
    """

    sentiment: Mapping[str, str]
    ekman: Mapping[str, str]
    neutral: str | None
    toxic: bool

    def values(self, names: Sequence[str]) -> list[float] | None:
        """Valence of each label, from -1 to 1; None where the taxonomy tells of none of them."""
        if not any(name in self.sentiment for name in names):
            return None
        return [_VALUE[self.sentiment.get(name, "neutral")] for name in names]

    def hostile(self, names: Sequence[str]) -> list[bool] | None:
        """Whether each label is hostile; None where it cannot be told."""
        if self.toxic:
            return [name != self.neutral for name in names]
        if not self.ekman:
            return None
        return [self.ekman.get(name) in _HOSTILE and name not in _MILD for name in names]


UNKNOWN: Final = Polarity({}, {}, None, toxic=False)


def polarity_of(task: str, taxonomy: Taxonomy) -> Polarity:
    """By the taxonomy's own mappings; where it has none to `sentiment`, by way of Ekman's emotions.

    A weighted mapping counts by its heaviest target.
    """
    own = {name: name for name in taxonomy.names}
    ekman = own if taxonomy.name == "ekman" else _heaviest(taxonomy, "ekman")
    sentiment = own if taxonomy.name == "sentiment" else _heaviest(taxonomy, "sentiment")
    if not sentiment and ekman:
        group = _heaviest(load_taxonomy("ekman"), "sentiment")
        sentiment = {name: group[emotion] for name, emotion in ekman.items() if emotion in group}
    return Polarity(sentiment, ekman, taxonomy.neutral, toxic=task == _TOXICITY)


def _heaviest(taxonomy: Taxonomy, target: str) -> dict[str, str]:
    if target not in taxonomy.mappings:
        return {}
    return {
        name: min(weights, key=lambda mapped: (-weights[mapped], mapped))
        for name, weights in taxonomy.weights(target).items()
    }
