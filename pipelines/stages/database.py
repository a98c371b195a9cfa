"""The database for what needs all rows: spills to disk, sees shards as views."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files

import duckdb
import polars as pl

from pipelines.lake.lake import Lake
from pipelines.lake.rows import locate
from schemas.config.engine import MEMORY_LIMIT
from schemas.errors import ConfigError, TransientError
from schemas.manifest import DataFile

PLACES = 1 << 32  # places of a shard: its number times this, plus the row


@contextmanager
def open_database(
    memory_limit: str, threads: int, doing: str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database that spills beyond `memory_limit`, encrypted.

    Raises TransientError, which names what it was `doing`, where memory and disk are too little.
    """
    with tempfile.TemporaryDirectory(prefix="affectmine-") as spill, duckdb.connect() as database:
        database.execute("SET memory_limit = $limit", {"limit": memory_limit.replace(" ", "")})
        database.execute(f"SET threads = {int(threads)}")
        database.execute("SET temp_directory = $spill", {"spill": spill})
        # What spills are texts of people. The key never leaves this process; without the extension httpfs, a download,
        # DuckDB's own module must be allowed to write.
        database.execute("SET force_mbedtls_unsafe = 'true'")
        database.execute("SET temp_file_encryption = true")
        database.execute("SET enable_progress_bar = false")
        database.execute("SET preserve_insertion_order = false")
        try:
            yield database
        except duckdb.OutOfMemoryException:
            raise TransientError(
                f"{doing} needs more than {memory_limit} or a larger temporary folder.",
                remedy="Raise engine.memory_limit, or free space in the temporary folder (TMPDIR).",
            ) from None


def bytes_of(memory_limit: str) -> int:
    """`400MB`, `1.2GB` in bytes. Raises ConfigError for anything else."""
    match = re.fullmatch(MEMORY_LIMIT, memory_limit)
    if match is None:
        raise ConfigError(
            f"The memory limit {memory_limit!r} cannot be read.",
            remedy="Write it as 400MB or 1.5GB, at least 100MB.",
        )
    number, unit = memory_limit[:-2].strip(), memory_limit[-2:]
    return int(float(number) * (1e9 if unit == "GB" else 1e6))


def query(name: str) -> str:
    """The text of a query of ours."""
    return files("transforms.sql").joinpath(f"{name}.sql").read_text()


def create_view(
    database: duckdb.DuckDBPyConnection,
    lake: Lake,
    name: str,
    shards: Mapping[int, DataFile],
    columns: str,
) -> None:
    """A view of the rows of numbered shards: `columns` (SQL), `shard` and `place`, wherever compaction put them."""
    places = [(number, *locate(lake, file)) for number, file in shards.items()]
    table = pl.DataFrame(
        [(str(path), number, first, first + count) for number, path, first, count in places],
        schema=["filename", "shard", "first_row", "after_row"],
        orient="row",
    )
    database.register(f"{name}_shards", table.to_arrow())
    listed = ", ".join(
        "'" + path.replace("'", "''") + "'" for path in sorted(set(table["filename"]))
    )
    database.execute(
        f"CREATE OR REPLACE VIEW {name} AS SELECT "
        f"shards.shard * {PLACES} + file_row_number - shards.first_row AS place, shards.shard, {columns} "
        f"FROM read_parquet([{listed}], filename = true, file_row_number = true) AS stored "
        f"INNER JOIN {name}_shards AS shards ON stored.filename = shards.filename "
        "AND file_row_number >= shards.first_row AND file_row_number < shards.after_row"
    )
