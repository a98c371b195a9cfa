"""Helpers of the transcript tests: read a document, and check what must hold for every batch."""

import gzip
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import SourceError
from transforms.read.chunk import MIB, POSITION, Limits, Parsed, Reader
from transforms.read.source import SourceFile, expand
from transforms.read.turns import SCHEMA


def parsed(source: SourceFile, reader: Reader, limits: Limits | None = None) -> Parsed:
    """The one batch of a document; all its units have an outcome."""
    limits = limits or Limits()
    [batch] = [
        batch
        for chunk in reader.cut(source, limits, {})
        for batch in reader.parse(source, chunk, limits, {})
    ]
    rows, bad = batch.frame[POSITION].to_list(), [unit.position for unit in batch.bad]
    assert len(set(bad)) == len(bad)
    assert not set(bad) & set(rows)
    assert rows == sorted(rows)
    assert all(0 <= position < batch.units for position in rows + bad)
    assert batch.units >= len(set(rows)) + len(bad) + sum(batch.skipped.values())
    if batch.frame.height:
        assert batch.frame.schema == SCHEMA
        assert batch.frame["turn"].to_list() == list(range(batch.frame.height))
        keys = batch.frame.select("id", POSITION).rows()
        assert len(set(keys)) == len(keys)
    return batch


def document(
    tmp_path: Path, name: str, content: str | bytes, reader: Reader, limits: Limits | None = None
) -> Parsed:
    """A hand-written document, which the reader must also claim as its own."""
    data = content.encode() if isinstance(content, str) else content
    assert reader.matches(name, data)
    (tmp_path / name).write_bytes(data)
    return parsed(source_of(tmp_path / name), reader, limits)


def forced(tmp_path: Path, name: str, data: bytes, reader: Reader) -> Parsed:
    """A file that is not of the reader's format, or damaged, read by it all the same."""
    (tmp_path / name).write_bytes(data)
    return parsed(source_of(tmp_path / name), reader)


def quickly(tmp_path: Path, name: str, text: str, reader: Reader) -> Parsed:
    """A document made to be hard to read, in time that is linear in its size."""
    started = time.process_time()
    assert reader.matches(name, text.encode()[:MIB]) in (True, False)
    found = forced(tmp_path, name, text.encode(), reader)
    assert time.process_time() - started < 5
    return found


def source_of(path: Path) -> SourceFile:
    [found] = expand([str(path)], Path("/"))
    return found


def rows(batch: Parsed, *names: str) -> list[Any]:
    """Rows of the columns; one column: its values."""
    found = batch.frame.select(names).rows()
    return [row[0] for row in found] if len(names) == 1 else found


def voices(batch: Parsed) -> list[str | None]:
    """The speakers; those without a name as "#0", "#1" … in order of appearance."""
    found: dict[str, str] = {}
    for label in batch.frame["speaker"].drop_nulls():
        if label.startswith("#"):
            assert label[1:].isdigit()
            found.setdefault(label, f"#{len(found)}")
    return [found.get(label, label) for label in batch.frame["speaker"]]


def outcome(batch: Parsed) -> tuple[int, dict[str, int], Counter[str]]:
    """(units, skipped, bad by class)."""
    return batch.units, batch.skipped, Counter(unit.error_class for unit in batch.bad)


def check_ends(tmp_path: Path, name: str, data: bytes, reader: Reader) -> None:
    """An empty file, a file too long, and a cut one: clear outcomes for each reader alike."""
    path = tmp_path / name
    path.write_bytes(b"")
    assert list(reader.cut(source_of(path), Limits(), {})) == []
    path.write_bytes(data)
    small = Limits(record_bytes=len(data) - 1)
    [unit] = parsed(source_of(path), reader, small).bad
    assert (unit.error_class, unit.length) == ("unit_too_long", len(data))
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(data * 2000, compresslevel=1)[:-2000])
    chunks = []
    with pytest.raises(SourceError, match=name):
        chunks += reader.cut(source_of(packed), Limits(), {})
