"""`catalog.duckdb`: the views as a file that any DuckDB client opens.

The views name the lake by its absolute path, so they work from every working directory. Those of a lake on an object
store name it by its URL: a client opens it once it can read there (httpfs, or a registered fsspec filesystem). When the
lake was moved, `SET VARIABLE lake = '/its/new/path'` in the client is enough (or write the catalog
again). Nothing is locked down here, and no raw text is in it: whoever holds the lake's folder can
read that anyway.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import duckdb

from pipelines.lake.place import Place, place, register
from pipelines.lake.store import replace
from pipelines.query.views import UNION, create_views, literal, parquet, view_queries


def write_catalog(
    path: str | Place, files: Mapping[str, Sequence[str]], *, lake: str | Place
) -> Place:
    """Writes the catalog of these published files, whole or not at all; readers of the old one keep
    it.

    Files outside `lake` are named by their absolute paths.
    """
    target, root = place(path).absolute(), place(lake).absolute()
    if isinstance(target, Path):
        _write(target, root, files)
        return target
    with tempfile.TemporaryDirectory(prefix="affectmine-catalog-") as folder:
        written = Path(folder) / target.name
        _write(written, root, files)
        replace(target, written.read_bytes())
    return target


def _write(target: Path, root: Place, files: Mapping[str, Sequence[str]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    queries = view_queries(files, restricted=False, source=partial(_under, root))
    try:
        # Version 1.3 of DuckDB reads it: the views use its lambda syntax, and no newer storage.
        with duckdb.connect() as connection:
            register(connection, [root])
            connection.execute(
                f"ATTACH {literal(str(temporary))} AS catalog (STORAGE_VERSION 'v1.3.0')"
            )
            connection.execute("USE catalog")
            create_views(connection, queries)
            connection.execute("USE memory")
            connection.execute("DETACH catalog")
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        temporary.with_name(f"{temporary.name}.wal").unlink(missing_ok=True)


def _under(root: Place, paths: Sequence[str], *, by_name: bool = False) -> str:
    absolute = [place(path).absolute() for path in paths]
    if not all(path.is_relative_to(root) for path in absolute):
        return parquet([str(path) for path in absolute], by_name=by_name)
    names = ", ".join(literal(path.relative_to(root).as_posix()) for path in absolute)
    lake = f"coalesce(getvariable('lake'), {literal(str(root))})"
    return f"read_parquet(list_transform([{names}], lambda file: {lake} || '/' || file){UNION * by_name})"
