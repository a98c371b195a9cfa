"""JSON lines: one object per line, only the wanted columns kept, as strings.

The caller names the wanted columns in `options["_wanted"]` ({name: kind}, see `mapping.wanted`), so
that a column has one type in all batches. Without it, the keys of the first 4 MiB are taken as they
are (kind "any").
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson
import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import MIB, POSITION, WANTED, Chunk, Kind, Limits, Parsed
from transforms.read.cutter import cut, scan_lines
from transforms.read.fill import Fill
from transforms.read.jsonl_fast import FastRows, read_fast
from transforms.read.jsonl_slow import SlowRows, is_sound, parse_lines
from transforms.read.pieces import chunk_bytes, empty_frame, line_pieces, oversize
from transforms.read.source import SourceFile, open_stream

_SMALL = MIB // 2
_BOM = b"\xef\xbb\xbf"
_HEAD = 4 * MIB
_GLANCE = MIB


class JsonLines:
    """Reader of JSON lines (`.jsonl`, `.ndjson`)."""

    name = "jsonl"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether there are lines that are objects, or an empty file is called so."""
        text = head.removeprefix(_BOM).lstrip()
        if not text:
            return name.lower().endswith((".jsonl", ".ndjson", ".jsonlines"))
        # A JSON document on many lines has no line that is an object of its own.
        return text.startswith(b"{") and (b"\n" not in text or bool(head_rows(text[:_GLANCE])))

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The keys of the first 4 MiB, in order of appearance."""
        with open_stream(source) as stream:
            head = Fill(stream).read(_HEAD)
        names: dict[str, None] = {}
        for row in head_rows(head):
            names.update(dict.fromkeys(row))
        return list(names)

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole lines."""
        return cut(open_stream(source), limits, scan_lines, carry=not source.is_plain)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of about `batch_bytes`, with the wanted columns as strings."""
        wanted: Mapping[str, Kind] = options.get(WANTED) or dict.fromkeys(
            self.found(source, options), "any"
        )
        if chunk.oversize:
            yield oversize(chunk, limits, list(wanted))
            return
        data, position, base = chunk_bytes(source, chunk), chunk.position, chunk.offset
        if base == 0 and data.startswith(_BOM):
            data, base = data[len(_BOM) :], len(_BOM)
        for offset, piece in line_pieces(data, limits.batch_bytes):
            batch = _parse_piece(piece, position, base + offset, wanted)
            position += batch.units
            yield batch

    def columns(self, names: list[str]) -> Columns | None:
        """Never known."""
        return None

    def gold(self) -> tuple[GoldColumn, ...]:
        """None is known."""
        return ()


def head_rows(head: bytes) -> list[dict[str, Any]]:
    """The objects of the lines in the first bytes of a file, as far as they parse."""
    rows = []
    for line in head.removeprefix(_BOM).split(b"\n"):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _parse_piece(piece: bytes, position: int, offset: int, wanted: Mapping[str, Kind]) -> Parsed:
    fast = read_fast(piece, wanted)
    smaller = list(line_pieces(piece, _SMALL)) if fast is None else []
    if len(smaller) > 1:
        # One bad line fails the whole piece: cut, so that only its neighbors pay for it.
        parts = []
        for start, part in smaller:
            parts.append(_parse_piece(part, position, offset + start, wanted))
            position += parts[-1].units
        return _joined(parts)
    if fast is None:
        return _parse_dirty(list(_triples(piece, position, offset)), wanted)
    frame = fast.frame.with_columns(pl.Series(POSITION, fast.lines + position))
    blank = fast.total - frame.height
    if not len(fast.suspects):
        return _parsed(frame, fast.total, blank, None)
    slow = parse_lines(_suspect_lines(piece, fast, position, offset), wanted)
    keep = np.ones(frame.height, dtype=bool)
    keep[fast.suspects] = False
    frame = pl.concat([frame.filter(keep), _slow_frame(slow, wanted)]).sort(POSITION)
    return _parsed(frame, fast.total, blank, slow)


def _joined(parts: list[Parsed]) -> Parsed:
    skipped = sum((Counter(part.skipped) for part in parts), Counter[str]())
    return Parsed(
        pl.concat([part.frame for part in parts]),
        sum(part.units for part in parts),
        dict(skipped),
        [bad for part in parts for bad in part.bad],
    )


def _parse_dirty(lines: list[tuple[int, int, bytes]], wanted: Mapping[str, Kind]) -> Parsed:
    """Lines among which some fail all: the sound ones at once, only the others one by one."""
    sound = [line for line in lines if is_sound(line[2])]
    fast = read_fast(b"\n".join([line for _, _, line in sound]), wanted) if sound else None
    if fast is None:
        slow = parse_lines(lines, wanted)
        return _parsed(_slow_frame(slow, wanted), len(lines), slow.blank, slow)
    positions = np.array([position for position, _, _ in sound], dtype=np.int64)[fast.lines]
    keep = np.ones(len(positions), dtype=bool)
    keep[fast.suspects] = False
    others = {position for position, _, _ in lines}.difference(positions[keep].tolist())
    slow = parse_lines([line for line in lines if line[0] in others], wanted)
    frame = fast.frame.with_columns(pl.Series(POSITION, positions)).filter(keep)
    frame = pl.concat([frame, _slow_frame(slow, wanted)]).sort(POSITION)
    return _parsed(frame, len(lines), slow.blank, slow)


def _parsed(frame: pl.DataFrame, units: int, blank: int, slow: SlowRows | None) -> Parsed:
    return Parsed(
        frame, units, {"blank_line": blank} if blank else {}, slow.bad if slow is not None else []
    )


def _slow_frame(slow: SlowRows, wanted: Mapping[str, Kind]) -> pl.DataFrame:
    return pl.DataFrame(
        {**slow.cells, POSITION: slow.positions}, schema=empty_frame(list(wanted)).schema
    )


def _triples(piece: bytes, position: int, offset: int) -> Iterator[tuple[int, int, bytes]]:
    lines = piece.split(b"\n")
    if not lines[-1]:
        lines.pop()
    for line in lines:
        yield position, offset, line
        position += 1
        offset += len(line) + 1


def _suspect_lines(
    piece: bytes, fast: FastRows, position: int, offset: int
) -> Iterator[tuple[int, int, bytes]]:
    for line in fast.lines[fast.suspects].tolist():
        start, text = fast.line(piece, line)
        yield position + line, offset + start, text
