"""Computes the marts of a published state and commits them, one by one.

Semantics: as a shard. A mart's file is whole and durable before its manifest is created; the manifest is created if
absent, and of two attempts one wins. A mart that is there for these files and settings is not computed again. One that
cannot be computed does not keep the others back.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import duckdb
import pyarrow as pa
import xxhash

from pipelines.engines.database import Database
from pipelines.engines.duck_database import DuckDatabase, open_duck_database
from pipelines.engines.engine import Maps
from pipelines.engines.scratch import remove_tree
from pipelines.lake.commit import read_manifest
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import live_runs
from pipelines.lake.lake import Lake, now
from pipelines.lake.mart_files import STAGE, drop_others, of_what
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.place import Place
from pipelines.lake.snapshots import State, published_files
from pipelines.lake.store import create, new_attempt
from pipelines.marts.after import AFTER
from pipelines.marts.base import Base, make_base
from pipelines.marts.needs import need
from pipelines.marts.written import queried, write_mart
from pipelines.stages.database import bytes_of, query
from schemas.config.marts import MartsConfig
from schemas.errors import AffectmineError, TerminalError, TransientError
from schemas.manifest import Manifest
from schemas.mart import Mart, load_mart

BASE_VERSION: Final = 1
"""Goes up when the same labels give other base tables."""


@dataclass(frozen=True)
class Made:
    """What became of a mart."""

    mart: Mart
    manifest: Manifest | None
    error: AffectmineError | None = None


class Computes(Maps, Protocol):
    """What marts are computed with: see pipelines.engines.engine.Engine."""

    def database(
        self, memory_limit: str, threads: int, doing: str
    ) -> AbstractContextManager[Database]:
        """An empty database for what needs all rows."""

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:
        """A folder that its workers reach, which goes in the end."""


@dataclass(frozen=True)
class Builder:
    """Marts of one state of a lake. Without an engine DuckDB computes them, in this process."""

    lake: Lake
    parts: State
    settings: MartsConfig
    run_id: str
    memory_limit: str
    threads: int
    engine: Computes | None = None

    def build(self, names: Sequence[str]) -> Iterator[Made]:
        """Each mart as it is done. Raises what keeps all of them back: files that are damaged, no disk."""
        missing: list[Mart] = []
        for name in names:
            mart = load_mart(name)
            path = self.lake.path(self.name(mart))
            drop_others(self.lake, self.name(mart))
            if path.exists() and (manifest := _whole(self.lake, path)) is not None:
                yield Made(mart, manifest)
            else:
                missing.append(mart)
        if not missing:
            return
        with self._base() as base:
            for mart in missing:
                try:
                    yield Made(mart, self._make(mart, base))
                except AffectmineError as error:
                    yield Made(mart, None, error)

    @contextmanager
    def _base(self) -> Iterator[Base]:
        files = published_files(self.lake, self.parts)
        opened = open_duck_database if self.engine is None else self.engine.database
        with opened(self.memory_limit, self.threads, "Computing marts") as database:
            here = isinstance(database, DuckDatabase)
            with self._scratch(here=here) as folder:
                yield make_base(
                    files,
                    database,
                    folder,
                    memory=bytes_of(self.memory_limit),
                    threads=self.threads,
                    maps=None if here else self.engine,
                )

    @contextmanager
    def _scratch(self, *, here: bool) -> Iterator[Place]:
        if not here and self.engine is not None:
            with self.engine.scratch(self.lake, self.run_id) as scratch:
                yield scratch
            return
        # In the lake, not in a public folder: whoever holds it may see pseudonyms, and `forget` and `vacuum` sweep it.
        marts = self.lake.root / STAGE
        marts.mkdir(exist_ok=True)
        _sweep(self.lake, marts)
        inside = marts if isinstance(marts, Path) else None  # DuckDB's files lie on this machine
        with tempfile.TemporaryDirectory(prefix="scratch-", dir=inside) as folder:
            yield Path(folder)

    def parameters(self, mart: Mart) -> dict[str, int | float]:
        """The numbers that stand in its SQL: those of the config where it has them."""
        told = self.settings.model_dump()
        return {name: told.get(name, value) for name, value in mart.parameters.items()}

    def name(self, mart: Mart) -> str:
        """Where its manifest lies: equal work has an equal name."""
        how = json.dumps(
            [BASE_VERSION, mart.version, self.parameters(mart)], sort_keys=True
        ).encode()
        return f"{STAGE}/{mart.name}/{of_what(self.parts)}-{xxhash.xxh3_64_hexdigest(how)[:8]}.json"

    def _make(self, mart: Mart, base: Base) -> Manifest:
        started = time.perf_counter()
        name = self.name(mart)
        attempt = new_attempt()
        path = self.lake.path(name).with_name(f"{Path(name).stem}-{attempt}.parquet")
        with _explained(mart, base):
            need(base, mart.reads, self.settings)
            file = write_mart(self.lake, mart, path, self._rows(mart, base))
        manifest = Manifest(
            name=name,
            stage=STAGE,
            stage_version=BASE_VERSION,
            shard=mart.name,
            source_file="",
            source_chunk=0,
            fingerprint=Path(name).stem,
            inputs=(of_what(self.parts),),
            outputs=(file,),
            counts={"in": base.rows, "rows": file.rows},
            attempt=attempt,
            run_id=self.run_id,
            created_at=now(),
            seconds=round(time.perf_counter() - started, 3),
        )
        try:
            refuse_while_forgetting(self.lake)
            created = create(self.lake.path(name), manifest.model_dump_json().encode())
        except AffectmineError:
            path.unlink(missing_ok=True)
            raise
        if created:
            return manifest
        path.unlink(missing_ok=True)
        return read_manifest(self.lake.path(name))

    def _rows(self, mart: Mart, base: Base) -> Iterable[pa.RecordBatch]:
        after = AFTER.get(mart.name)
        if after is None:
            return queried(base.tables, mart, self.parameters(mart))
        # What SQL says badly is computed from the small table that it gives.
        found = base.tables.batches(query(f"marts/{mart.name}"), self.parameters(mart))
        rows: list[pa.RecordBatch] = after(pa.Table.from_batches(found)).to_batches()
        return rows


def _sweep(lake: Lake, marts: Place) -> None:
    """Removes what killed builds left, unless another run is at work, whose it may be."""
    if len(live_runs(lake)) <= 1:  # this one
        for left in marts.glob("scratch-*"):
            remove_tree(left)


def _whole(lake: Lake, path: Place) -> Manifest | None:
    """The manifest, if its rows are still there; else it is removed, so that they are made again."""
    manifest = read_manifest(path)
    if all(lake.path(file.path).exists() for file in manifest.outputs):
        return manifest
    path.unlink(missing_ok=True)
    return None


@contextmanager
def _explained(mart: Mart, base: Base) -> Iterator[None]:
    """Tells what the database says as errors of ours, so that it keeps this mart back and not the others."""
    if isinstance(base.tables.database, DuckDatabase):
        with _explained_duckdb(mart):
            yield
        return
    from pipelines.engines.spark_errors import explained

    with explained(f"Computing the mart {mart.name}"):
        yield


@contextmanager
def _explained_duckdb(mart: Mart) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise TransientError(
            f"The mart {mart.name} needs more memory, or a larger temporary folder.",
            remedy="Raise the memory limit, or free space in the temporary folder (TMPDIR).",
        ) from None
    except duckdb.IOException:
        raise TransientError(
            f"The disk failed while the mart {mart.name} was computed.",
            remedy="Check the space of the lake's folder and of the temporary folder (TMPDIR). "
            "If `vacuum` or `forget` ran meanwhile, run again.",
        ) from None
    except duckdb.Error as error:
        raise_store_trouble(error)
        raise TerminalError(
            f"The mart {mart.name} cannot be computed ({type(error).__name__}).",
            remedy="If a file of the lake is damaged, `affectmine sql` on its dataset says which; "
            "else report it as a defect of affectmine.",
        ) from None
