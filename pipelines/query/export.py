"""`catalog.duckdb`: the views as a file that any DuckDB client opens.

The views name the lake by its absolute path, so they work from every working directory. When the
lake was moved, `SET VARIABLE lake = '/its/new/path'` in the client is enough (or write the catalog
again). Nothing is locked down here, and no raw text is in it: whoever holds the lake's folder can
read that anyway.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.query.views import create_views, literal, parquet, view_queries


def write_catalog(
    path: str | Path, files: Mapping[str, Sequence[str]], *, lake: str | Path
) -> Path:
    """Writes the catalog of these published files, whole or not at all; readers of the old one keep
    it.

    Files outside `lake` are named by their absolute paths.
    """
    target = Path(path).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    root = Path(lake).absolute()
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    queries = view_queries(files, restricted=False, source=lambda paths: _under(root, paths))
    try:
        # Version 1.3 of DuckDB reads it: the views use its lambda syntax, and no newer storage.
        with duckdb.connect() as connection:
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
    return target


def _under(root: Path, paths: Sequence[str]) -> str:
    absolute = [Path(path).absolute() for path in paths]
    if not all(path.is_relative_to(root) for path in absolute):
        return parquet([str(path) for path in absolute])
    names = ", ".join(literal(path.relative_to(root).as_posix()) for path in absolute)
    lake = f"coalesce(getvariable('lake'), {literal(str(root))})"
    return f"read_parquet(list_transform([{names}], lambda file: {lake} || '/' || file))"
