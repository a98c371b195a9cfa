"""Reads what people answered, from an export of Label Studio or a table that they filled in, and counts every unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from schemas.errors import SourceError, UnreadableError
from transforms.annotate.filled_table import table_outcomes
from transforms.annotate.given import Annotation, Broken, Outcome, Question, Skipped, newest
from transforms.annotate.json_stream import elements
from transforms.annotate.label_studio import outcomes

MAX_BYTES = 1 << 30
PLACES = 20
"""Places of broken units that are told, of each error class; all are counted."""


@dataclass
class Read:
    """What became of the units of a file: units = annotations + skipped + quarantined, the two by reason and class.

    `places`: where the first units of each error class are.
    """

    units: int = 0
    annotations: list[Annotation] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[str]] = field(default_factory=dict)

    def quarantine(self, where: str, error_class: str) -> None:
        """Counts a unit that cannot be used."""
        self.quarantined[error_class] += 1
        told = self.places.setdefault(error_class, [])
        if len(told) < PLACES:
            told.append(where)

    def refuse(self, units: Iterable[Annotation], error_class: str) -> None:
        """Puts annotations among the quarantined."""
        refused = {id(each) for each in units}
        for each in self.annotations:
            if id(each) in refused:
                self.quarantine(each.where, error_class)
        self.annotations = [each for each in self.annotations if id(each) not in refused]


def read_answers(path: Path, question: Question, *, with_text: bool) -> Read:
    """The annotations in a file, of each annotator and unit the newest; `with_text`: those without a text are broken.

    Memory grows with the annotations, not with the file. SourceError: no such file, too large, neither JSON nor a
    table that holds answers. Its message, as all that is told of units, has no content.
    """
    read = Read()
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise SourceError(f"{path} is no file.", remedy="Name an export or a filled-in table.")
        if size > MAX_BYTES:
            raise SourceError(
                f"{path} has {size / 1e9:.1f} GB; at most {MAX_BYTES / 1e9:.1f} are imported at once.",
                remedy="Export without predictions and drafts, or in parts, and import each.",
            )
        with path.open("rb") as file:
            for outcome in _outcomes(file, path.name, question):
                _take(read, outcome, with_text=with_text)
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read: {error.strerror}.", remedy="Check its name and rights."
        ) from None
    if read.units == 0:
        raise SourceError(f"{path} is empty.", remedy="Export the project once it is annotated.")
    kept, superseded = newest(read.annotations)
    read.annotations = kept
    if superseded:
        read.skipped["superseded"] += superseded
    return read


def _outcomes(file: BinaryIO, shown: str, question: Question) -> Iterator[Outcome]:
    start = file.read(64)
    file.seek(0)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{"):
        for number, element in enumerate(elements(file, shown), start=1):
            yield from outcomes(element, number, question)
    else:
        yield from table_outcomes(file, shown, question)


def _take(read: Read, outcome: Outcome, *, with_text: bool) -> None:
    read.units += 1
    match outcome:
        case Skipped():
            read.skipped[outcome.reason] += 1
        case Broken():
            read.quarantine(outcome.where, outcome.error_class)
        case Annotation() if with_text and not (outcome.text or "").strip():
            read.quarantine(outcome.where, "no_text")
        case Annotation():
            read.annotations.append(outcome if with_text else replace(outcome, text=None))
