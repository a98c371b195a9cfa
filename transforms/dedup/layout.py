"""How signatures are cut into bands: the odds that two texts meet in a bucket."""

from dataclasses import dataclass

PERMUTATIONS = 64
_RECALL = 0.98


@dataclass(frozen=True)
class Layout:
    """`bands` bands of `rows` hashes each."""

    bands: int
    rows: int

    def odds(self, similarity: float) -> float:
        """The odds that two texts of this Jaccard similarity share a bucket."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)


def layout(threshold: float) -> Layout:
    """The most selective layout that finds at least 98 % of pairs just at the threshold."""
    layouts = [Layout(PERMUTATIONS // rows, rows) for rows in range(PERMUTATIONS, 0, -1)]
    return next(each for each in layouts if each.odds(threshold) >= _RECALL)
