"""The released GoEmotions tables: text, label ids, comment id; tabs, no header, no quoting.

The human labels are kept as gold (task emotion, taxonomy goemotions); the split is told by the
file's name (train, dev, test).
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, BadUnit, Chunk, Limits, Parsed
from transforms.read.delimited import TSV
from transforms.read.source import SourceFile

# In the order of the release's labels.txt: an id is the place in this list.
LABELS = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
]
_LINE = re.compile(rb"[^\t\n]*\t\d{1,2}(?:,\d{1,2})*\t[a-z0-9]{5,9}\r?")
_TABLE = {"header": False, "names": ["text", "ids", "id"]}
_IDS = r"^(?:\d|1\d|2[0-7])(?:,(?:\d|1\d|2[0-7]))*$"


class GoEmotions:
    """Reader of the released GoEmotions tables."""

    name = "goemotions"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether all of the first lines have the three columns."""
        lines = head[:65_536].split(b"\n")[:-1][:50]
        return bool(lines) and all(_LINE.fullmatch(line) for line in lines)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return ["text", "labels", "id", "split"]

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole lines."""
        return TSV.cut(source, limits, {**options, **_TABLE})

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches with the columns of `found`; a label id that does not exist is a bad unit."""
        own = {key: value for key, value in options.items() if not key.startswith("_")}
        word = re.search(r"train|dev|test", source.name.lower())
        split = pl.lit(word.group() if word else None, dtype=pl.String)
        for batch in TSV.parse(source, chunk, limits, {**own, **_TABLE}):
            if chunk.oversize:
                yield batch
                continue
            known = pl.col("ids").str.contains(_IDS)
            wrong = batch.frame.filter(~known)[POSITION].to_numpy()
            names = pl.col("ids").str.split(",").list.eval(_NAMES).list.join(",")
            frame = batch.frame.filter(known).select(
                "text", names.alias("labels"), "id", split.alias("split"), POSITION
            )
            yield replace(batch, frame=frame, bad=batch.bad + _unknown(wrong))

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return Columns(text="text", id="id", lang=None)

    def gold(self) -> tuple[GoldColumn, ...]:
        """The human labels."""
        return (
            GoldColumn(
                task="emotion", taxonomy="goemotions", labels="labels", separator=",", split="split"
            ),
        )


_NAMES = pl.element().replace_strict(
    [str(number) for number in range(len(LABELS))], LABELS, return_dtype=pl.String, default=None
)


def _unknown(positions: "np.ndarray[Any, np.dtype[np.int64]]") -> list[BadUnit]:
    return [
        BadUnit(int(position), -1, 0, "bad_label", "a label id that GoEmotions does not have")
        for position in positions
    ]
