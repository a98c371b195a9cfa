"""The database for what needs all rows: spills to disk, sees shards as views."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files

import duckdb

from pipelines.engines.database import Database, Rows
from pipelines.lake.lake import Lake
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.rows import locate
from schemas.config.engine import MEMORY_LIMIT
from schemas.errors import ConfigError, TransientError
from schemas.manifest import DataFile


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
        except duckdb.Error as error:
            raise_store_trouble(error)
            raise


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
    database: Database, lake: Lake, name: str, shards: Mapping[int, DataFile], columns: str
) -> None:
    """A view of the rows of numbered shards: `columns` (SQL), `shard` and `place`, wherever compaction put them."""
    rows = [Rows(number, *locate(lake, file)) for number, file in shards.items()]
    database.view_rows(name, rows, columns)
