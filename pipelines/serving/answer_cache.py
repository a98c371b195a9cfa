"""The answer cache: what a language model has answered once is not asked, or paid for, again.

Assumptions: as in pipelines.lake.answer_files. One pseudonym key for one lake: keys of answers are hashes under it, so
that nobody without it can test whether a text was asked about.
Semantics: append-only Parquet segments beside the lake, of many writers (threads, processes, machines). A look-up is
one join of the keys that are asked for with those that are cached: memory grows with the question and its hits, not
with the cache. Of two answers with one key the older one counts, for all who ask.
"""

import hashlib

import duckdb
import polars as pl
import pyarrow as pa

from pipelines.lake.answer_files import erasing_answers, lake_around, segments
from pipelines.lake.place import Place, place, register
from pipelines.serving.answer_segments import damaged, read_segment
from pipelines.serving.answer_writer import CacheWriter
from pipelines.stages.database import open_database
from schemas.errors import TransientError
from transforms.ingest.keyed import KeyedHasher

ANSWER_COLUMNS = {
    "key": pl.String,
    "told": pl.String,
    "prompt_tokens": pl.Int64,
    "cached_tokens": pl.Int64,
    "completion_tokens": pl.Int64,
}
_TRIES = 3
_KEY_BYTES = 64  # what blake2b takes

# First the keys alone, which is most of the rows and little of the bytes; then the rest of those rows. Where a shard is
# run again, they lie together, and other row groups are not read.
_FIND = """
CREATE OR REPLACE TEMP TABLE found AS
SELECT filename, file_row_number
FROM read_parquet($segments, filename = true, file_row_number = true)
SEMI JOIN wanted USING (key)
QUALIFY row_number() OVER (PARTITION BY key ORDER BY created_at, filename, file_row_number) = 1
"""
_READ = """
SELECT replace(key::VARCHAR, '-', '') AS key, told, prompt_tokens, cached_tokens, completion_tokens
FROM read_parquet($segments, filename = true, file_row_number = true)
SEMI JOIN found USING (filename, file_row_number)
"""


class AnswerCache:
    """The answers in one folder: `<lake>/answers`, for clinical corpora `<lake>/restricted/answers`."""

    def __init__(
        self, folder: Place, key: bytes, *, memory_limit: str = "1 GB", threads: int = 2
    ) -> None:
        """`key`: the pseudonym key of the lake."""
        self.folder = folder.absolute()
        lake = lake_around(self.folder)
        self._root = self.folder if lake is None else lake.root
        self._memory_limit, self._threads = memory_limit, threads
        self._hasher = KeyedHasher(key)
        self._key = key if len(key) <= _KEY_BYTES else hashlib.blake2b(key).digest()

    def key(self, what: bytes) -> str:
        """The name of an answer, 32 hexadecimal digits; `what` is everything that determines it."""
        return hashlib.blake2b(what, digest_size=16, key=self._key, person=b"answer").hexdigest()

    def writer(self) -> CacheWriter:
        """A new writer; any number of them may write at once."""
        return CacheWriter(self.folder, lake_around(self.folder), self._hasher)

    def look_up(self, keys: pl.Series) -> pl.DataFrame:
        """The cached ones of `keys`, each at most once, in any order: the columns of `ANSWER_COLUMNS`.

        Raises TerminalError when a segment is damaged, TransientError when the disk or the memory is too small.
        """
        given = pl.DataFrame({"key": keys.drop_nulls().unique()}, schema={"key": pl.String})
        for _ in range(_TRIES):
            found = self._try(given)
            if found is not None:
                return found
        # They merge faster than we read: for once, they wait for us.
        with erasing_answers(self._root):
            found = self._try(given)
        if found is not None:
            return found
        raise TransientError(
            f"The segments in {self.folder} are merged faster than they can be read.",
            remedy="Run again.",
        )

    def _try(self, given: pl.DataFrame) -> pl.DataFrame | None:
        """What is found of the keys `given`; None when a segment went while it was read."""
        paths = [str(path) for path in segments(self.folder)]
        if given.is_empty() or not paths:
            return pl.DataFrame(schema=ANSWER_COLUMNS)
        with open_database(
            self._memory_limit, self._threads, "Looking up cached answers"
        ) as database:
            try:
                register(database, paths)
                return _join(database, given.to_arrow(), paths)
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                self._explain(paths, error)
        return None

    def _explain(self, paths: list[str], error: duckdb.Error) -> None:
        """Returns when a segment is gone: another process has merged it; else raises what is wrong."""
        for path in map(place, paths):
            try:
                for _ in read_segment(path):
                    pass
            except FileNotFoundError:
                return
        raise damaged(self.folder, error)


def _join(database: duckdb.DuckDBPyConnection, given: pa.Table, paths: list[str]) -> pl.DataFrame:
    database.register("given", given)
    database.execute("CREATE TEMP TABLE wanted AS SELECT key::UUID AS key FROM given")
    database.execute(_FIND, {"segments": paths})
    hit = database.execute("SELECT DISTINCT filename FROM found ORDER BY filename").fetchall()
    if not hit:
        return pl.DataFrame(schema=ANSWER_COLUMNS)
    read = database.sql(_READ, params={"segments": [path for (path,) in hit]})
    found = pl.from_arrow(read.to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found.select(pl.col(name).cast(kind) for name, kind in ANSWER_COLUMNS.items())
