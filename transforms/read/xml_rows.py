r"""XML files that are a list of `<row … />` elements (Stack Exchange dumps), cut and parsed by the row.

The units are the tags, with the white space around them: one for each row, and one for each other
tag or line (the XML head, the root's start and end), which is skipped. A `<` cannot stand in an
attribute's value, so a unit ends before the next tag, however broken it is itself: at the last line
end before that tag, or at the tag where both stand in one line. It ends as well behind `>` and a line
end. So bytes are kept as they are, and nothing needs to be read twice.

Each row is parsed by itself with expat, which knows nothing of what stands before it. A document type
is refused, so no entities but XML's own five and characters by number can be used, and none expands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits
from transforms.read.cutter import Ends, cut, line_ends
from transforms.read.source import SourceFile, open_stream

_INDENT = 16  # blanks before a tag that are still looked through for its line's start
_STEP = 1 << 20
_BOM = b"\xef\xbb\xbf"
_ROW = re.compile(rb"<row[\s/>]")
_DOCTYPE = re.compile(rb"<!(?!--)")  # also what may stand in one: <!ENTITY …>
_MARKUP = re.compile(rb"(?:<[?/!][^<]*|<[A-Za-z][\w.:-]*\s*/?>)\s*")
_BLANK, _HEAD = "blank_line", "xml_markup"


def scan_rows(window: memoryview, known: Ends, old: int, final: bool) -> Ends:  # noqa: ARG001, FBT001
    """Scan for units that are tags; see `transforms.read.cutter`."""
    start = int(known[-1]) if len(known) else 0
    rest = window[start:]
    ends = np.concatenate((known, _ends(np.frombuffer(rest, dtype=np.uint8)) + start))
    if final and len(window) and not (len(ends) and ends[-1] == len(window)):
        ends = np.append(ends, len(window))
    return ends


def _ends(view: NDArray[np.uint8]) -> Ends:
    """Ends of units in bytes that begin with a unit; the last one may be open."""
    lines = line_ends(view.data)
    tags = [np.flatnonzero(view[at : at + _STEP] == 60) + at for at in range(0, len(view), _STEP)]
    opens = np.concatenate(tags) if tags else np.empty(0, dtype=np.int64)
    # Behind a line end that follows a tag's end ...
    before = view[np.maximum(lines - 2, 0)]
    before = np.where(before == 13, view[np.maximum(lines - 3, 0)], before)
    closed = lines[(before == 62) & (lines > 1)]
    # ... and before each tag: where its line begins, if nothing but blanks is between.
    begins = np.concatenate(([0], lines))[np.searchsorted(lines, opens, side="right")]
    at = opens.copy()
    for _ in range(_INDENT):
        previous = view[np.maximum(at - 1, 0)]
        at -= (at > begins) & ((previous == 32) | (previous == 9))
    found = np.union1d(closed, np.where(at == begins, begins, opens))
    return found[found > (len(_BOM) if bytes(view[: len(_BOM)]) == _BOM else 0)].astype(np.int64)


def cut_rows(source: SourceFile, limits: Limits) -> Iterator[Chunk]:
    """Chunks of whole units. Raises `SourceError` where the stream breaks, after all before it."""
    return cut(open_stream(source), limits, scan_rows, carry=not source.is_plain)


@dataclass
class Rows:
    """A batch: `frame` has the wanted attributes (null: not there) and `_position`."""

    frame: pl.DataFrame
    units: int
    skipped: dict[str, int] = field(default_factory=dict)
    bad: list[BadUnit] = field(default_factory=list)


def parse_rows(data: bytes, chunk: Chunk, limits: Limits, names: Sequence[str]) -> Iterator[Rows]:
    """Batches of about `limits.batch_bytes` of the chunk's bytes: the attributes `names` of its rows."""
    ends = scan_rows(memoryview(data), np.empty(0, dtype=np.int64), 0, final=True)
    first = 0
    while first < len(ends):
        begin = int(ends[first - 1]) if first else 0
        by_bytes = int(np.searchsorted(ends, begin + limits.batch_bytes, side="right"))
        stop = max(by_bytes, first + 1)
        yield _batch(data, begin, ends[first:stop].tolist(), first, chunk, names)
        first = stop


def _batch(
    data: bytes, begin: int, ends: list[int], first: int, chunk: Chunk, names: Sequence[str]
) -> Rows:
    cells: list[list[str | None]] = [[] for _ in names]
    positions: list[int] = []
    rows = Rows(pl.DataFrame(), len(ends))
    for position, end in enumerate(ends, start=chunk.position + first):
        unit = data[begin:end].strip()
        found = _unit(unit.removeprefix(_BOM) if position == 0 else unit)
        if isinstance(found, str):
            rows.skipped[found] = rows.skipped.get(found, 0) + 1
        elif isinstance(found, tuple):
            rows.bad.append(BadUnit(position, chunk.offset + begin, end - begin, *found))
        else:
            positions.append(position)
            for cell, name in zip(cells, names, strict=True):
                cell.append(found.get(name))
        begin = end
    columns = [pl.Series(name, cell, pl.String) for name, cell in zip(names, cells, strict=True)]
    rows.frame = pl.DataFrame([*columns, pl.Series(POSITION, positions, pl.Int64)])
    return rows


def _unit(unit: bytes) -> dict[str, str] | str | tuple[str, str]:
    """The attributes of a row, why it is skipped, or (error class, message)."""
    if not unit:
        return _BLANK
    if _DOCTYPE.match(unit):
        return "doctype", "a document type or entity, which is refused"
    if not _ROW.match(unit):
        return _HEAD if _MARKUP.fullmatch(unit) else ("bad_xml", "no tag: text between the rows")
    try:
        return attributes(unit)
    except expat.ExpatError as error:
        kind = "invalid_utf8" if _is_broken(unit) else "bad_xml"
        return (
            kind,
            f"not well-formed XML at byte {error.offset} of the row: {expat.ErrorString(error.code)}",
        )


def attributes(row: bytes) -> dict[str, str]:
    """The attributes of one empty element. Raises `ExpatError` for anything else.

    There is no way to a document type: the bytes begin with the element.
    """
    found: list[dict[str, str]] = []
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = lambda _, values: found.append(values)
    parser.Parse(row, True)  # noqa: FBT003
    return found[0]


def _is_broken(unit: bytes) -> bool:
    try:
        unit.decode()
    except UnicodeDecodeError:
        return True
    return False
