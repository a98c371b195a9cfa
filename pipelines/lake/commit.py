"""Read-compute-commit: how a unit of work becomes part of the lake.

Assumptions: `pipelines.lake.store`; two attempts at the same work never share a data file name.
Semantics: data files are complete and durable before the manifest that names them is created; the manifest is
created if absent, so of two attempts one wins and the other adopts the winner's manifest and removes its own
files. Killed at any instant, the lake holds the old state or the new one; files that no manifest names are left
for `vacuum`.
"""

import tempfile
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.rows import locate
from pipelines.lake.store import create, disk_trouble, replace, sync_file, sync_folder
from schemas.datasets import DATASETS
from schemas.errors import ConservationError, TerminalError
from schemas.manifest import DataFile, Failure, Manifest

# Columns that repeat are dictionary-encoded; for texts and ids a dictionary only costs time. But strings that may be
# null always have one: of row groups of a few rows DuckDB 2.0 takes plain strings for nulls in `WHERE column IS NULL`.
_DISTINCT = frozenset({"record_id", "text"})


class DataWriter:
    """Writes one data file of one partition, batch by batch (a batch becomes a row group).

    On an object store the file is written to a private folder of this machine first, and put there when it is closed.
    """

    def __init__(
        self,
        lake: Lake,
        dataset: str,
        *,
        corpus: str,
        partition: str,
        variant: str = "",
        stem: str,
        schema: pa.Schema | None = None,
    ) -> None:
        """`schema` is the dataset's, or one with further columns of the variant."""
        self._lake = lake
        self._dataset = DATASETS[dataset]
        schema = self._dataset.schema if schema is None else schema
        self._corpus, self._partition, self._variant = corpus, partition, variant
        folder = lake.folder(dataset, corpus, partition, variant)
        self.path = folder / f"{stem}.parquet"
        self.rows = 0
        try:
            if isinstance(self.path, RemotePath):
                self._spool = tempfile.TemporaryDirectory(prefix="affectmine-upload-")
                self._file = Path(self._spool.name) / self.path.name
            else:
                assert isinstance(self.path, Path)
                self._file = self.path
                folder.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(
                self._file,
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=dictionary_columns(schema),
                store_schema=True,
            )
        except OSError as error:
            raise disk_trouble("write", self.path, error) from None

    def write(self, table: pa.Table) -> None:
        """Appends rows that have the dataset's schema."""
        try:
            self._writer.write_table(table, row_group_size=1 << 20)
        except OSError as error:
            raise disk_trouble("write", self.path, error) from None
        self.rows += table.num_rows

    def close(self) -> DataFile:
        """Makes the file durable and describes it."""
        try:
            self._writer.close()
            failpoint("commit.data_written")
            if not isinstance(self.path, RemotePath):
                sync_file(self._file)
            size, checksum = self._file.stat().st_size, file_checksum(self._file)
        except OSError as error:
            raise disk_trouble("write", self.path, error) from None
        if isinstance(self.path, RemotePath):
            with self._spool:
                self.path.upload(self._file)
        return DataFile(
            dataset=self._dataset.name,
            variant=self._variant,
            corpus=self._corpus,
            partition=self._partition,
            path=self._lake.relative(self.path),
            rows=self.rows,
            bytes=size,
            checksum=checksum,
            schema_version=self._dataset.version,
        )

    def abandon(self) -> None:
        """Removes what was written: the attempt failed."""
        self._writer.close()
        if isinstance(self.path, RemotePath):
            self._spool.cleanup()
        self.path.unlink(missing_ok=True)


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """The Parquet leaf columns of `schema` that are written with a dictionary: strings that repeat, or may be null."""
    leaves: list[str] = []

    def walk(prefix: str, kind: pa.DataType) -> None:
        if pa.types.is_list(kind):
            walk(f"{prefix}.list.element", kind.value_type)
        elif pa.types.is_struct(kind):
            for field in kind:
                walk(f"{prefix}.{field.name}", field.type)
        elif pa.types.is_string(kind):
            leaves.append(prefix)

    for field in schema:
        if field.nullable or field.name not in _DISTINCT:
            walk(field.name, field.type)
    return leaves


def commit(lake: Lake, manifest: Manifest) -> Manifest:
    """Creates the manifest; returns it, or the winner's when another attempt was first.

    Raises ConservationError when the counts do not add up, TransientError while somebody is being forgotten: then
    nothing is committed.
    """
    check_conservation(manifest)
    refuse_while_forgetting(lake)
    for folder in {lake.path(file.path).parent for file in manifest.outputs}:
        sync_folder(folder)
    failpoint("commit.data_synced")
    path = lake.path(manifest.name)
    if create(path, manifest.model_dump_json().encode(), step="commit.manifest"):
        failure_path(path).unlink(missing_ok=True)
        return manifest
    for file in manifest.outputs:
        lake.path(file.path).unlink(missing_ok=True)
    return read_manifest(path)


def check_conservation(manifest: Manifest) -> None:
    """Every unit that came in has one outcome, and the rows written are the rows counted."""
    counts = dict(manifest.counts)
    came_in = counts.pop("in")
    records = counts.pop("records", None)
    if came_in != sum(counts.values()):
        raise ConservationError(_off(manifest, f"{came_in} came in, outcomes are {counts}"))
    written: dict[str, int] = {}
    for file in manifest.outputs:
        written[file.dataset] = written.get(file.dataset, 0) + file.rows
    expected: Mapping[str, int] = (
        {"records": records, "quarantine": counts["quarantined"]}
        if records is not None
        else {manifest.outputs[0].dataset: came_in}
        if manifest.outputs
        else {}
    )
    for dataset, rows in expected.items():
        if written.get(dataset, 0) != rows:
            raise ConservationError(
                _off(manifest, f"{rows} rows counted, {written.get(dataset, 0)} in {dataset}")
            )


def _off(manifest: Manifest, what: str) -> str:
    return (
        f"Counts of {manifest.stage} shard {manifest.shard} do not add up: {what}. Nothing of it "
        "was committed; this is a defect of affectmine, please report it."
    )


def read_manifest(path: Place) -> Manifest:
    """The manifest at `path`. Raises TerminalError if it is damaged."""
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValueError:
        raise TerminalError(
            f"The manifest {path} is damaged.",
            remedy="Delete it; the next run makes its shard again.",
        ) from None


def finished(lake: Lake, name: str) -> Manifest | None:
    """The manifest `name` if its work is done and its rows are still there, else None.

    A manifest whose data are gone is removed, so that the work is done again.
    Raises TerminalError when the manifest is damaged.
    """
    path = lake.path(name)
    try:
        manifest = read_manifest(path)
    except FileNotFoundError:
        return None
    try:
        for file in manifest.outputs:
            locate(lake, file)
    except TerminalError:
        path.unlink(missing_ok=True)
        return None
    return manifest


def failure_path(manifest: Place) -> Place:
    """Where the error of a failed unit lies: beside its manifest-to-be."""
    return manifest.with_suffix(".error.json")


def record_failure(manifest: Place, failure: Failure) -> None:
    """Puts the error where the manifest would be."""
    replace(failure_path(manifest), failure.model_dump_json().encode())


def file_checksum(path: Place) -> str:
    """xxh3_128 of the bytes of a file."""
    digest = xxhash.xxh3_128()
    with path.reader() if isinstance(path, RemotePath) else _opened(path) as file:
        while piece := file.read(1 << 22):
            digest.update(piece)
    return digest.hexdigest()


def _opened(path: Place) -> BufferedReader:
    assert isinstance(path, Path)
    return path.open("rb")
