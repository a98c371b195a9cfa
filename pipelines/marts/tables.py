"""How base tables are made, which is not the same on one machine as on a cluster.

On one machine (pipelines.marts.pieces) what is large is made a part at a time, as memory is one machine's. A cluster
(pipelines.marts.whole) makes each at once: its database spreads the rows over machines by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pyarrow as pa

from pipelines.engines.database import Database, Parameters

EVERYTHING = "true"
"""The bounds of the part that is everything."""
IDS = ("record_id", "speaker", "conversation_id", "reply_to")


class Tables(Protocol):
    """Where base tables are made, and in how many parts."""

    @property
    def database(self) -> Database:
        """Where the tables are."""

    @property
    def packed_ids(self) -> bool:
        """Whether ids are UUIDs in base tables; else they are strings of 32 digits."""

    def turns(self) -> None:
        """Makes `turns` of `answers` and `replies`."""

    def bounds(self) -> Sequence[str]:
        """Conditions on `answers` and `turns`, one for each part; each row fulfils one of them, as do the other rows
        of its conversation.
        """

    def part(self, bounds: str) -> AbstractContextManager[None]:
        """Within it, `answers` and `turns` are the rows within `bounds`, and what `make` makes is of these."""

    def make(self, name: str, sql: str, *, view: bool = False) -> None:
        """Makes a base table of a part; as a view where it is only looked at once."""

    def keep(self, name: str, sql: str) -> None:
        """Makes a base table that outlives its part. Replaces one of that name."""

    def save(self, kind: str, number: int, sql: str) -> None:
        """Puts the rows of a part's query aside, by the part's number."""

    def show(self, name: str, kind: str, number: int | None = None) -> None:
        """Makes a view of what was put aside: of one part, or of all (None)."""

    def batches(self, sql: str, parameters: Parameters) -> Iterator[pa.RecordBatch]:
        """The rows of a query; at least one batch, which may be empty."""
