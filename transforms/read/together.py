"""Cuts a quoted table so that adjacent rows that belong together stay in one chunk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from schemas.errors import SourceError
from transforms.read.chunk import POSITION, WANTED, Chunk, Limits, checksum
from transforms.read.delimited import CSV
from transforms.read.pieces import chunk_bytes
from transforms.read.quotes import quoted_records
from transforms.read.source import SourceFile

_DELIMITER, _QUOTE = ord(","), ord('"')
TABLE: dict[str, Any] = {
    "delimiter": ",",
    "quote": '"',
    "header": True,
    "names": [],
    WANTED: None,
}
"""Options of the tables that can be cut so: commas, double quotes, a header."""


@dataclass
class _Held:
    """A chunk and the keys of its rows (not of blank, broken or header ones)."""

    chunk: Chunk
    rows: pl.DataFrame


def cut_together(
    source: SourceFile, limits: Limits, options: Mapping[str, Any], keys: Sequence[str]
) -> Iterator[Chunk]:
    """The chunks of `CSV.cut`, with seams where a key changes; no chunk passes the limits.

    `keys` are columns, the coarsest first (conversation, utterance): a group of rows too large for
    a chunk is cut at a seam of the next finer key, and where there is none, anywhere.
    """
    # Half a chunk each, so that what is carried over and the next one are together in the limits.
    half = replace(limits, records=max(1, limits.records // 2), bytes=max(1, limits.bytes // 2))
    options = {**options, **TABLE}
    held: _Held | None = None
    index = 0
    try:
        for chunk in CSV.cut(source, half, options):
            after = _Held(chunk, _keys(source, chunk, limits, options, keys))
            if held is not None:
                held, after = _moved(source, held, after, limits, keys)
            if held is not None:
                yield replace(held.chunk, index=index)
                index += 1
            held = after
    except SourceError:
        if held is not None:
            yield replace(held.chunk, index=index)
        raise
    if held is not None:
        yield replace(held.chunk, index=index)


def _keys(
    source: SourceFile,
    chunk: Chunk,
    limits: Limits,
    options: Mapping[str, Any],
    keys: Sequence[str],
) -> pl.DataFrame:
    names = [POSITION, *keys]
    if not chunk.oversize:
        wanted = {**options, WANTED: dict.fromkeys(keys, "key")}
        for batch in CSV.parse(source, chunk, limits, wanted):
            if set(names) <= set(batch.frame.columns):
                return batch.frame.select(names)
    return pl.DataFrame(schema={POSITION: pl.Int64, **dict.fromkeys(keys, pl.String)})


def _moved(
    source: SourceFile, held: _Held, after: _Held, limits: Limits, keys: Sequence[str]
) -> tuple[_Held | None, _Held]:
    """Both chunks, with the group that goes on over their seam in the second, if there is room.

    Where that is all of the first, only the second is left.
    """
    if not (held.rows.height and after.rows.height):
        return held, after
    data = chunk_bytes(source, held.chunk)
    ends = quoted_records(data, _DELIMITER, _QUOTE, limits.record_bytes, final=True).ends
    for depth in range(1, len(keys) + 1):
        group = list(keys[:depth])
        last, first = held.rows[-1].select(group).row(0), after.rows[0].select(group).row(0)
        if last != first:
            return held, after
        same = [pl.col(name) == value for name, value in zip(group, last, strict=True)]
        other = held.rows.select(~pl.all_horizontal(same)).to_series().arg_true()
        # Rows before the group, in units: those of the chunk that stay.
        stay = held.rows[POSITION][int(other[-1]) + 1] - held.chunk.position if len(other) else 0
        at = int(ends[stay - 1]) if stay else 0
        size = held.chunk.length - at + after.chunk.length
        units = held.chunk.units - stay + after.chunk.units
        if size <= limits.bytes and units <= limits.records:
            return _split(held, data, stay, at), _joined(source, held, after, data, stay, at)
    return held, after


def _split(held: _Held, data: bytes, stay: int, at: int) -> _Held | None:
    """The first `stay` units (`at` bytes) of a chunk; None for no unit."""
    if not stay:
        return None
    head = data[:at]
    chunk = replace(
        held.chunk,
        length=at,
        checksum=checksum(head),
        data=None if held.chunk.data is None else head,
        units=stay,
    )
    return _Held(chunk, held.rows.filter(pl.col(POSITION) < held.chunk.position + stay))


def _joined(
    source: SourceFile, held: _Held, after: _Held, data: bytes, stay: int, at: int
) -> _Held:
    """What follows the first `stay` units (`at` bytes) of a chunk, and all of the next one."""
    begin = held.chunk.position + stay
    both = data[at:] + chunk_bytes(source, after.chunk)
    chunk = replace(
        after.chunk,
        position=begin,
        offset=held.chunk.offset + at,
        length=len(both),
        checksum=checksum(both),
        data=None if held.chunk.data is None else both,
        header=after.chunk.header if stay else held.chunk.header,
        units=held.chunk.units - stay + after.chunk.units,
    )
    moved = held.rows.filter(pl.col(POSITION) >= begin)
    return _Held(chunk, pl.concat([moved, after.rows]))
