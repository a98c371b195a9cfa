"""One JSON document whose top level is an array or an object, read element by element as it streams.

A unit is an element of the array, or a member of the object (`"key": value`), with the comma behind
it and the white space around. The opening bracket and what stands before it belong to the first
unit; the closing bracket and the white space behind it to the last one: they are no units of their
own. A document without any element is one unit, skipped as `no_element`.

An element that is no JSON, but whose brackets and strings are closed, is one bad unit, and the others
go on. A document that is not closed, or that is followed by something else, is an error after all
whole elements before.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
import polars as pl
import pyarrow as pa

from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed
from transforms.read.dialect import dialect_of, open_utf8
from transforms.read.json_cutter import ElementCutter, WatchedDocument
from transforms.read.json_splitter import WHITE, Splitter
from transforms.read.pieces import chunk_bytes, oversize
from transforms.read.source import SourceFile

_PIECE = (
    1 << 20
)  # bytes a batch: with more objects alive, collecting garbage takes half of the time


@dataclass(frozen=True)
class Element:
    """A unit as it was parsed; `key` is that of a member, None for an element of an array."""

    position: int
    offset: int
    length: int
    key: str | None
    value: Any


class WrongElementError(Exception):
    """The element is not what the format says; `message` never holds its content."""

    def __init__(self, message: str, error_class: str = "wrong_type") -> None:
        super().__init__(message)
        self.message, self.error_class = message, error_class


Schema = Mapping[str, pl.DataType | type[pl.DataType]]
# The rows of an element, each in the schema's order. Raises `WrongElementError`.
Rows = Callable[[Element], list[tuple[Any, ...]]]


def cut_elements(
    source: SourceFile, limits: Limits, options: Mapping[str, Any] | None = None
) -> Iterator[Chunk]:
    """Chunks of whole units, verbatim; the header is the document's opening bracket.

    UTF-16 and what `options.encoding` says are recoded. A unit of more than `record_bytes` is a chunk
    of its own, whose bytes are not held. Raises `SourceError` where the stream or the document
    breaks, after all whole units before it. An empty file has no chunk.
    """
    encoding = {key: value for key, value in (options or {}).items() if key == "encoding"}
    stream, own = open_utf8(source, dialect_of(encoding, ",", None))
    with WatchedDocument(stream, source.shown) as watched:
        for chunk in ElementCutter(watched, limits, carry=not own).chunks():
            yield replace(chunk, header=watched.splitter.opening)


def parse_elements(
    source: SourceFile, chunk: Chunk, limits: Limits, schema: Schema, rows_of: Rows
) -> Iterator[Parsed]:
    """Batches of about 1 MiB, with the columns of `schema` and `_position`.

    An element without rows is skipped as `empty`; one that is no JSON or wrong is a bad unit.
    """
    if chunk.oversize:
        yield replace(oversize(chunk, limits, []), frame=_frame([], schema))
        return
    units = elements_of(chunk_bytes(source, chunk), chunk)
    while (batch := _next_batch(units, min(limits.batch_bytes, _PIECE), schema, rows_of)).units:
        yield batch


def elements_of(data: bytes, chunk: Chunk) -> Iterator[Element | BadUnit | None]:
    """The units of a chunk's bytes, in order; None is that of a document without any element."""
    splitter = Splitter(b"" if chunk.position == 0 else chunk.header)
    ends = splitter.feed(data).tolist()
    if not ends or ends[-1] < len(data):
        ends.append(len(data))
    begin = 0
    for number, end in enumerate(ends):
        place = (chunk.position + number, chunk.offset + begin, end - begin)
        last = splitter.closed is not None and end > splitter.closed
        start = splitter.opened if number == 0 else begin
        text = data[start : splitter.closed if last else end - 1]
        begin = end
        if last and place[0] == 0 and not text.strip(WHITE):
            yield None
            continue
        try:
            yield Element(*place, *_loaded(text, splitter.opening))
        except orjson.JSONDecodeError as error:
            yield BadUnit(*place, *_invalid(text, error))


def head_elements(head: bytes) -> tuple[bytes, list[Any]]:
    """(opening bracket, values of the first few whole elements) of a file's first bytes.

    No values when they are not of one JSON document.
    """
    splitter = Splitter()
    ends = splitter.feed(head)[:3].tolist()
    if splitter.closed is not None:
        ends = [*ends, splitter.closed + 1][:3]
    if splitter.garbage is not None:
        return b"", []
    values = []
    for begin, end in zip([splitter.opened, *ends], ends, strict=False):
        try:
            values.append(_loaded(head[begin : end - 1], splitter.opening)[1])
        except orjson.JSONDecodeError:
            continue
    return splitter.opening, values


def _next_batch(
    units: Iterator[Element | BadUnit | None], size: int, schema: Schema, rows_of: Rows
) -> Parsed:
    """The next units, of about `size` bytes."""
    batch = Parsed(pl.DataFrame(), 0)
    rows: list[tuple[Any, ...]] = []
    for unit in units:
        batch.units += 1
        found = _outcome(unit, rows_of)
        if isinstance(found, BadUnit):
            batch.bad.append(found)
        elif isinstance(found, str):
            batch.skipped[found] = batch.skipped.get(found, 0) + 1
        else:
            rows += found
        size -= unit.length if unit else 0
        if size <= 0:
            break
    batch.frame = _frame(rows, schema)
    return batch


def _outcome(
    unit: Element | BadUnit | None, rows_of: Rows
) -> list[tuple[Any, ...]] | str | BadUnit:
    """The rows of a unit with their position, why it is skipped, or what is wrong with it."""
    if unit is None:
        return "no_element"
    if isinstance(unit, BadUnit):
        return unit
    try:
        rows = rows_of(unit)
    except WrongElementError as error:
        place = (unit.position, unit.offset, unit.length)
        return BadUnit(*place, error.error_class, error.message)
    return [(*row, unit.position) for row in rows] or "empty"


def _frame(rows: list[tuple[Any, ...]], schema: Schema) -> pl.DataFrame:
    """Through Arrow: Polars takes twenty times as long for lists of dicts."""
    empty = pl.DataFrame(schema={**schema, POSITION: pl.Int64})
    fields = empty.to_arrow(compat_level=pl.CompatLevel.oldest()).schema
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(fields)
    arrays = [pa.array(cells, type=kind) for cells, kind in zip(columns, fields.types, strict=True)]
    frame = pl.from_arrow(pa.table(arrays, schema=fields))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _loaded(text: bytes, opening: bytes) -> tuple[str | None, Any]:
    """(key, value) of an element's bytes. Raises `orjson.JSONDecodeError`."""
    if opening == b"[":
        return None, orjson.loads(text)
    members: dict[str, Any] = orjson.loads(b"{" + text + b"}")
    if not members:
        raise orjson.JSONDecodeError("a member is missing", "", 0)
    return next(iter(members.items()))


def _invalid(text: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    try:
        text.decode()
    except UnicodeDecodeError as broken:
        return "invalid_utf8", f"not UTF-8 at byte {broken.start} of the element"
    return "invalid_json", f"{error.msg} at character {error.pos} of the element"
