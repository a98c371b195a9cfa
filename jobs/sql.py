"""The job behind `affectmine sql`: one query over published files, shown or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal


def run_sql(
    sql: str,
    files: Mapping[str, Sequence[str]],
    *,
    restricted: bool = False,
    memory_limit: str = "2GB",
    threads: int | None = None,
    kind: Literal["table", "csv", "json", "parquet"] = "table",
    output: str | Path | None = None,
    limit: int = 40,
    filesystem: Any = None,
) -> int | None:
    """Runs one SELECT over the files of a snapshot (see `pipelines.query.open_catalog`).

    `table` prints the first `limit` rows; the other kinds write all rows to `output` or stdout and
    return their number. Raises TerminalError (exit code 1) for SQL that is refused or does not fit
    the views.
    """
    # Late, so that `affectmine --help` does not wait for DuckDB and Arrow.
    from pipelines.query.catalog import open_catalog
    from pipelines.query.output import print_table, write_result

    with open_catalog(
        files,
        restricted=restricted,
        memory_limit=memory_limit,
        threads=threads,
        filesystem=filesystem,
    ) as catalog:
        reader = catalog.query(sql)
        if kind == "table" and output is None:
            print_table(reader, limit=limit)
            return None
        return write_result(reader, "csv" if kind == "table" else kind, output)
