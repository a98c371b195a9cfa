"""The job behind `affectmine sql`: one query over published files, shown or written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from jobs.target import check_target
from schemas.errors import ConfigError

_SUFFIXES: dict[str, Literal["csv", "json", "parquet"]] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".parquet": "parquet",
}


def run_sql(
    sql: str,
    files: Mapping[str, Sequence[str]],
    *,
    restricted: bool = False,
    memory_limit: str = "2GB",
    threads: int | None = None,
    kind: Literal["table", "csv", "json", "parquet"] | None = None,
    output: str | Path | None = None,
    limit: int = 40,
    filesystem: Any = None,
) -> int | None:
    """Runs one SELECT over the files of a snapshot (see `pipelines.query.open_catalog`).

    `table` prints the first `limit` rows; the other kinds write all rows to `output` or stdout and
    return their number. Without a kind: what the suffix of `output` says, else a table. Raises
    TerminalError (exit code 1) for SQL that is refused or does not fit the views, and ConfigError
    for an output that cannot be written or contradicts the kind.
    """
    if limit < 1:
        raise ConfigError(f"limit is {limit}.", remedy="Set it to 1 or more.")
    if output is not None:
        kind = _kind_of(Path(output), kind)
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
        if kind is None or kind == "table":
            print_table(reader, limit=limit)
            return None
        return write_result(reader, kind, output)


def _kind_of(output: Path, asked: str | None) -> Literal["csv", "json", "parquet"]:
    check_target(output, list(_SUFFIXES))
    kind = _SUFFIXES[output.suffix]
    if asked not in (None, kind):
        raise ConfigError(
            f"The format {asked} does not fit the file {output}.",
            remedy=f"Leave --format out to write {kind}, or change the suffix of the file.",
        )
    return kind
