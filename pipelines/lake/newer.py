"""A lake that a newer affectmine wrote is refused: what is not known is not guessed."""

from collections.abc import Iterable

from schemas.datasets import DATASETS
from schemas.errors import TerminalError
from schemas.manifest import Part


def refuse_newer(parts: Iterable[Part]) -> None:
    """Raises TerminalError when a published dataset, or the schema version of one of its files, is not known here."""
    for part in parts:
        known = DATASETS.get(part.dataset)
        if known is None:
            raise _newer(f"holds a dataset {part.dataset!r}, which this affectmine does not know")
        version = max((file.schema_version for file in part.files), default=0)
        if version > known.version:
            raise _newer(
                f"holds {part.dataset} of schema version {version}; this affectmine knows {known.version}"
            )


def _newer(what: str) -> TerminalError:
    return TerminalError(
        f"The lake {what}.", remedy="Use the affectmine version that wrote it, or a newer one."
    )
