"""What is asked of the gate process, and how it crosses the pipe: one line of JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from schemas.expectation_suite import Suite


class Request(BaseModel):
    """A suite, the Parquet files of one dataset, the small tables that the suite reads, and the
    means allowed.
    """

    model_config = ConfigDict(frozen=True)

    suite: Suite
    files: tuple[str, ...]
    tables: dict[str, dict[str, list[str]]]  # name, column, values
    memory_limit: str
    threads: int
    restricted: bool
