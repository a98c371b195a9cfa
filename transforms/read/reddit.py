"""Reddit dumps (comments and submissions, one JSON object per line) under their own field names.

Ids of comments and of submissions may be equal, so a record's id is the full name: `t1_` or `t3_`
and the id. The text is `body`, or the title, a blank line and `selftext`; of a deleted or removed
submission only the mark (`[deleted]`) is kept, for cleaning to drop. The author `[deleted]` is
null.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import POSITION, WANTED, Chunk, Kind, Limits, Parsed
from transforms.read.jsonl import JsonLines, head_rows
from transforms.read.source import SourceFile

_NATIVE: dict[str, Kind] = {
    "id": "key",
    "body": "text",
    "title": "text",
    "selftext": "text",
    "author": "key",
    "created_utc": "time",
    "edited": "any",
    "link_id": "key",
    "parent_id": "key",
    "subreddit": "key",
    "score": "any",
}
_COLUMNS = Columns(
    text="text",
    id="full_name",
    revision="edited",
    conversation_id="conversation_id",
    reply_to="parent_id",
    speaker="author",
    created_at="created_utc",
    meta=("subreddit", "score"),
)
_GONE = ("[deleted]", "[removed]")


class Reddit:
    """Reader of Reddit dumps."""

    name = "reddit"
    version = 1

    def __init__(self) -> None:
        self._lines = JsonLines()

    def matches(self, name: str, head: bytes) -> bool:
        """Whether most of the first objects have the fields of a dump."""
        rows = head_rows(head[:262_144])[:20]
        known = [
            {"id", "author", "created_utc", "subreddit"} <= row.keys()
            and ({"body", "link_id"} <= row.keys() or "title" in row)
            for row in rows
        ]
        return sum(known) > len(rows) / 2

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return [
            "full_name",
            "text",
            "author",
            "created_utc",
            "edited",
            "conversation_id",
            "parent_id",
            "subreddit",
            "score",
        ]

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole lines."""
        return self._lines.cut(source, limits, options)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of lines, with the columns of `found`."""
        for batch in self._lines.parse(source, chunk, limits, {**options, WANTED: _NATIVE}):
            yield replace(batch, frame=_records(batch.frame))

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of all dumps."""
        return _COLUMNS

    def gold(self) -> tuple[GoldColumn, ...]:
        """Dumps have none."""
        return ()


def _records(frame: pl.DataFrame) -> pl.DataFrame:
    comment = pl.col("body").is_not_null() | pl.col("link_id").is_not_null()
    prefix = pl.when(comment).then(pl.lit("t1_")).otherwise(pl.lit("t3_"))
    native = pl.col("id")
    full = pl.when(native.str.contains("^t[13]_")).then(native).otherwise(prefix + native)
    extra = pl.col("selftext").fill_null("")
    post = (
        pl.when(extra.is_in(_GONE))
        .then(extra)
        .when(extra == "")
        .then(pl.col("title"))
        .otherwise(pl.col("title") + "\n\n" + extra)
    )
    author = pl.col("author")
    return frame.select(
        full.alias("full_name"),
        pl.when(comment).then(pl.col("body")).otherwise(post).alias("text"),
        pl.when(author != "[deleted]").then(author).alias("author"),
        "created_utc",
        "edited",
        pl.when(comment).then(pl.col("link_id")).otherwise(full).alias("conversation_id"),
        "parent_id",
        "subreddit",
        "score",
        POSITION,
    )
