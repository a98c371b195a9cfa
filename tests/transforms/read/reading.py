"""Helpers of the reader tests: read a whole file, and check what must hold for every batch."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Reader
from transforms.read.source import SourceFile, expand


@dataclass
class Whole:
    frame: pl.DataFrame
    bad: list[BadUnit] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    units: int = 0
    chunks: list[Chunk] = field(default_factory=list)

    @property
    def classes(self) -> list[tuple[int, str]]:
        return [(unit.position, unit.error_class) for unit in self.bad]


def source_of(path: Path) -> SourceFile:
    [found] = expand([str(path)], Path("/"))
    return found


def read(
    source: SourceFile | Path,
    reader: Reader,
    options: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> Whole:
    """Everything in a file; every unit has exactly one outcome, chunks follow without gap."""
    source = source_of(source) if isinstance(source, Path) else source
    limits = limits or Limits()
    options = options or {}
    whole, frames, at, unit = Whole(pl.DataFrame()), [], 0, 0
    for index, chunk in enumerate(reader.cut(source, limits, options)):
        assert (chunk.index, chunk.offset, chunk.position) == (index, at, unit)
        at += chunk.length
        whole.chunks.append(chunk)
        for batch in reader.parse(source, chunk, limits, options):
            positions = [
                *batch.frame[POSITION].to_list(),
                *(bad.position for bad in batch.bad),
            ]
            assert len(set(positions)) == len(positions)
            assert all(unit <= position < unit + batch.units for position in positions)
            assert batch.frame[POSITION].is_sorted()
            assert batch.units == len(positions) + sum(batch.skipped.values())
            whole.bad += batch.bad
            whole.skipped.update(batch.skipped)
            unit += batch.units
            if batch.frame.height:
                frames.append(batch.frame)
    whole.units = unit
    whole.frame = pl.concat(frames) if frames else pl.DataFrame(schema={POSITION: pl.Int64})
    whole.bad.sort(key=lambda each: each.position)
    return whole


def shared_data() -> Path:
    """The folder of real corpora beside the repository; skips the test where it is absent."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data").is_dir():
            return parent / "shared" / "data"
    pytest.skip("the folder shared/data with the real corpora is not here")
