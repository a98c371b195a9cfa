"""From which probability each label is given, where a labeler says so."""

from schemas.taxonomy import Taxonomy
from transforms.label.labeler import Labeler


def thresholds_of(labeler: Labeler, taxonomy: Taxonomy) -> dict[str, float]:
    """The threshold of each label; empty where the labeler has none, or one for all that it does not tell."""
    found = getattr(labeler, "thresholds", None)
    return dict(found(taxonomy)) if callable(found) else {}
