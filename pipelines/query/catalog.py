"""The SQL door: DuckDB over the published files, locked down to reading them."""

from __future__ import annotations

import difflib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.place import register
from pipelines.query.statements import check_select
from pipelines.query.views import create_views, literal, readable, view_queries
from schemas.datasets import DATASETS
from schemas.errors import TerminalError
from schemas.mart import mart_names

_BATCH_ROWS = 65_536
_ABOUT_VALUES = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
)
_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)


class Catalog:
    """An open door. Results stream, so that a large one needs no more memory than a batch."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, views: Sequence[str]) -> None:
        self._connection = connection
        self.views = tuple(views)

    def query(self, sql: str) -> pa.RecordBatchReader:
        """The rows of one SELECT. Raises TerminalError, with what was probably meant, for anything
        else.
        """
        check_select(self._connection, sql)
        try:
            # A cursor of its own: a result that is not read to its end must not block
            # the next query.
            reader = self._connection.cursor().sql(sql).to_arrow_reader(_BATCH_ROWS)
        except duckdb.Error as error:
            raise self._explained(error) from None
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(reader))

    def table(self, sql: str) -> pa.Table:
        """The rows of one SELECT as an Arrow table."""
        return self.query(sql).read_all()

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of one SELECT as a Polars frame."""
        frame = pl.from_arrow(self.table(sql))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> TerminalError:
        raise_store_trouble(error)
        told = str(error)
        if isinstance(error, _ABOUT_VALUES):
            told = _QUOTED.sub("'…'", told)  # a value may be what people wrote
        lines = [line for line in told.splitlines() if line.strip()]
        message = lines[0] if lines else type(error).__name__
        hints = [
            line.strip() for line in lines[1:] if line.startswith(("Did you mean", "Candidate"))
        ]
        missing = _missing_table(message)
        if missing is not None:
            return self._no_table(missing)
        if isinstance(error, duckdb.OutOfMemoryException):
            hints.append("Raise the memory limit, or select fewer rows or columns.")
        return TerminalError(message.rstrip(".") + ".", remedy=" ".join(hints) or None)

    def _no_table(self, name: str) -> TerminalError:
        if name in DATASETS and DATASETS[name].restricted:
            return TerminalError(f"{name} holds raw text.", remedy="Open it with --restricted.")
        mart = name.lower().removeprefix("mart_")
        if mart != name.lower() and mart in mart_names():
            return TerminalError(
                f"{name} is not built for this snapshot.",
                remedy=f"Build it: affectmine marts build {mart} --lake LAKE",
            )
        close = difflib.get_close_matches(name.lower(), self.views, n=3)
        if close:
            return TerminalError(
                f"There is no view {name}.", remedy=f"Did you mean {', '.join(close)}?"
            )
        return TerminalError(
            f"There is no view {name}.", remedy=f"There are: {', '.join(self.views)}."
        )


def _missing_table(message: str) -> str | None:
    start, _, rest = message.partition("Table with name ")
    name, found, _ = rest.partition(" does not exist")
    return name if start.startswith("Catalog Error") and found else None


@contextmanager
def open_catalog(
    files: Mapping[str, Sequence[str]],
    *,
    restricted: bool = False,
    memory_limit: str = "2GB",
    threads: int | None = None,
    temp_folder: str | Path | None = None,
    filesystem: Any = None,
) -> Iterator[Catalog]:
    """Opens the published files for SQL; `files` maps datasets to Parquet paths (see `view_queries`
    for its keys).

    The connection reads these files and nothing else: no other path, no network, no extension, no
    setting. Raw text is left out unless `restricted`. What exceeds the memory limit spills to a
    private folder in `temp_folder`. `filesystem` is an fsspec filesystem for files that are not
    local; those of the object stores that lakes lie on need none to be named.
    """
    shown = readable(files, restricted=restricted)
    allowed = [path for paths in shown.values() for path in paths]
    with tempfile.TemporaryDirectory(
        prefix="affectmine-sql-", dir=temp_folder, ignore_cleanup_errors=True
    ) as spill:
        connection = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": spill,
                "temp_file_encryption": restricted,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "python_enable_replacements": False,  # a name in SQL is never a Python variable
                **({"threads": threads} if threads else {}),
            }
        )
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            register(connection, allowed if filesystem is None else ())
            if filesystem is not None:
                connection.register_filesystem(filesystem)
                # DuckDB compares the name that the filesystem itself gives a file.
                strip = filesystem._strip_protocol
                allowed += [filesystem.unstrip_protocol(strip(path)) for path in allowed]
            queries = view_queries(shown, restricted=restricted)
            create_views(connection, queries)
            connection.execute(f"SET allowed_paths = [{', '.join(map(literal, allowed))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield Catalog(connection, sorted(queries))
        finally:
            connection.close()
