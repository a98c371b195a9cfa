"""Places in a text that answers point at, and the text cut at them: they may overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from jobs.report.charts.look import HUES

_SPAN: Final = {"record_id", "start", "end"}
_TURN: Final = {"record_id", "back"}
_SPREAD: Final = "spread"
_MOST_LANES: Final = 4
_COLORS: Final = 4  # the first of them are dark enough for thin lines


@dataclass(frozen=True)
class Mark:
    """Code points `start` to `end` (half open) of the text of `record_id`, and what they mean."""

    record_id: str
    start: int
    end: int
    meaning: str


@dataclass(frozen=True)
class Piece:
    """A part of a text between two ends of marks.

    `begins`: marks that begin here; `inside`: those it lies in; `lanes`: for each line below the text, from the top,
    the mark that is drawn there, or None.
    """

    text: str
    begins: tuple[int, ...] = ()
    inside: tuple[int, ...] = ()
    lanes: tuple[int | None, ...] = ()

    @property
    def style(self) -> str:
        """CSS: a line for each mark, one below the other."""
        lines = []
        for lane, mark in enumerate(self.lanes):
            color = "#fff" if mark is None else HUES[mark % _COLORS]
            lines += [f"0 {3 * lane + 2}px {color}", f"0 {3 * lane + 3}px #fff"]
        return f"box-shadow:{','.join(lines[:-1])}"


def read_answer(
    answer: Mapping[str, Any] | None, own: str, numbers: Mapping[str, int], skip: Sequence[str] = ()
) -> tuple[list[Mark], list[tuple[str, str]]]:
    """The marks of a typed answer, and all else that it says: (name, value).

    `own`: the record that was asked about; `numbers`: turns by record, to say which one is meant; `skip`: fields that
    are shown elsewhere.
    """
    marks: list[Mark] = []
    facts: list[tuple[str, str]] = []
    fields = {
        name: value
        for name, value in (answer or {}).items()
        if value is not None and name != _SPREAD and name not in skip
    }
    about = ", ".join(
        value for value in fields.values() if isinstance(value, str) and len(value) <= 20
    )
    for name, value in fields.items():
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, Mapping) and not _is(item, _TURN):
                inner = {"": item} if _is(item, _SPAN) else item
                found = _spans(inner)
                words = _words(inner, numbers, turns=not found)
                for span in found:
                    meaning = words or name
                    if span["record_id"] != own:
                        other = f" ({about})" if about else ""
                        meaning += f", for turn {numbers.get(own, '?')}{other}"
                    marks.append(Mark(span["record_id"], span["start"], span["end"], meaning))
                if not found and words:
                    facts.append((name, words))
            else:
                facts.append((name, _value(item, numbers)))
    return marks, facts


def cut(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """The text in pieces, cut where a mark begins or ends; marks are numbered as they stand in `marks`, from 0.

    Marks outside the text are drawn as far as they reach into it.
    """
    bounds = [(max(0, min(m.start, len(text))), max(0, min(m.end, len(text)))) for m in marks]
    ends = sorted({0, len(text), *(end for bound in bounds for end in bound)})
    pieces, lanes = [], _lanes(bounds)
    for start, end in pairwise(ends):
        inside = tuple(i for i, (low, high) in enumerate(bounds) if low <= start and end <= high)
        begins = tuple(i for i in inside if bounds[i][0] == start)
        used = {lanes[i]: i for i in inside}
        drawn = tuple(used.get(lane) for lane in range(max(used, default=-1) + 1))
        pieces.append(Piece(text[start:end], begins, inside, drawn[:_MOST_LANES]))
    return pieces


def _lanes(bounds: Sequence[tuple[int, int]]) -> list[int]:
    """For each mark the first line that no mark which overlaps it, and stands before it in the list, has taken."""
    lanes: list[int] = []
    for start, end in bounds:
        taken = {
            lane
            for lane, (low, high) in zip(lanes, bounds, strict=False)
            if low < end and start < high
        }
        lanes.append(next(lane for lane in range(len(bounds)) if lane not in taken))
    return lanes


def ordered(marks: Sequence[Mark]) -> list[Mark]:
    """Marks as a reader meets them: by their start, the longer one first; equal ones once."""
    return sorted(dict.fromkeys(marks), key=lambda m: (m.start, -m.end, m.meaning))


def _is(value: Any, keys: set[str]) -> bool:
    return isinstance(value, Mapping) and set(value) == keys


def _spans(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in item.values() if _is(each, _SPAN) and each["start"] is not None]


def _words(item: Mapping[str, Any], numbers: Mapping[str, int], *, turns: bool = True) -> str:
    """All that is no span; names of fields only where there are several. `turns`: also which turn is meant."""
    said = {
        name: _value(value, numbers)
        for name, value in item.items()
        if value is not None
        and value != []
        and not _is(value, _SPAN)
        and (turns or not _is(value, _TURN))
    }
    if len(said) == 1:
        return next(iter(said.values()))
    return ", ".join(f"{name} {told}" for name, told in said.items())


def _value(value: Any, numbers: Mapping[str, int]) -> str:
    if _is(value, _TURN):
        number = numbers.get(value["record_id"] or "")
        return f"turn {number}" if number else f"{value['back']} turns before"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list):
        return " + ".join(_value(each, numbers) for each in value)
    if isinstance(value, Mapping):
        return _words(value, numbers)
    return str(value)
