"""The views of the SQL door, as SELECT statements: one per dataset, and some for labels.

Every dataset has its view even when it has no rows, so that a query does not depend on what has run
so far.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Protocol

import duckdb

from pipelines.lake.object_store import raise_store_trouble
from pipelines.query.cascades import NAME as CASCADES
from pipelines.query.cascades import cascade_view
from schemas.datasets import DATASETS
from schemas.datasets.base import Dataset
from schemas.errors import TerminalError


class Source(Protocol):
    """How files become a table. `by_name`: columns that some of them lack are null there; all are opened for that."""

    def __call__(self, files: Sequence[str], *, by_name: bool = False) -> str:
        """The table, as SQL."""


UNION = ", union_by_name => true"


def literal(value: str) -> str:
    """A string as SQL."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def parquet(files: Sequence[str], *, by_name: bool = False) -> str:
    """Parquet files as a table, by their paths; see Source."""
    return f"read_parquet([{', '.join(literal(file) for file in files)}]{UNION * by_name})"


def readable(files: Mapping[str, Sequence[str]], *, restricted: bool) -> dict[str, list[str]]:
    """The datasets that may be shown: those with raw text only when asked for. The dataset
    decides, not the path: a lake may lie in a folder of any name.
    """
    shown: dict[str, list[str]] = {}
    for key, paths in files.items():
        dataset = DATASETS.get(key.split("/")[0])
        if restricted or dataset is None or not dataset.restricted:
            shown[key] = list(paths)
    return shown


def view_queries(
    files: Mapping[str, Sequence[str]], *, restricted: bool, source: Source = parquet
) -> dict[str, str]:
    """View names and their queries. Keys of `files` are dataset names; those of labels go on with
    the variant, as in labels/<task>/<taxonomy>/<labeler>. `source` says how files become a table.
    """
    shown = readable(files, restricted=restricted)
    queries: dict[str, str] = {}
    for dataset in DATASETS.values():
        if dataset.name == "labels" or (dataset.restricted and not restricted):
            continue
        paths = _paths(shown, dataset.name)
        queries[dataset.name] = f"SELECT * FROM {source(paths)}" if paths else empty(dataset.name)
    queries |= _label_views(shown, source)
    queries[CASCADES] = cascade_view(shown, source, empty("labels"))
    for key, paths in sorted(shown.items()):
        name = re.sub(r"\W+", "_", key)
        if key.split("/")[0] not in DATASETS and paths:
            queries.setdefault(name, f"SELECT * FROM {source(paths)}")
    return queries


def _label_views(shown: Mapping[str, Sequence[str]], source: Source) -> dict[str, str]:
    tasks: dict[str, dict[tuple[str, str], list[str]]] = {}
    for key, paths in sorted(shown.items()):
        parts = [*key.split("/"), "", "", ""]
        if parts[0] == "labels" and paths:
            tasks.setdefault(parts[1], {}).setdefault((parts[2], parts[3]), []).extend(paths)
    dataset: Dataset = DATASETS["labels"]
    common = ", ".join(quoted(name) for name in dataset.schema.names)
    # Files of different tasks, taxonomies and labelers have different answer columns: each is read by itself.
    files = [paths for variants in tasks.values() for paths in variants.values()]
    parts_of_labels = [f"SELECT {common} FROM {source(paths)}" for paths in files]
    views = {"labels": " UNION ALL ".join(parts_of_labels) or empty(dataset.name)}
    for task, variants in tasks.items():
        if task:
            # Of a language model, `agreement` is only in files from when several voted. Names of students are reserved.
            views[f"labels_{task}"] = " UNION ALL BY NAME ".join(
                f"SELECT * FROM {source(paths, by_name=not labeler.startswith('student'))}"
                for (_, labeler), paths in variants.items()
            )
    views["label_scores"] = (
        "SELECT record_id, task, taxonomy, labeler, score.label AS label, score.probability AS "
        "probability FROM (SELECT record_id, task, taxonomy, labeler, unnest(scores) AS score "
        "FROM labels)"
    )
    return views


def _paths(shown: Mapping[str, Sequence[str]], name: str) -> list[str]:
    keys = sorted(key for key in shown if key.split("/")[0] == name)
    return [path for key in keys for path in shown[key]]


@cache
def _empty() -> dict[str, str]:
    # DuckDB itself says which of its types the Arrow types are; one connection for all, it
    # takes 20 ms.
    queries = {}
    with duckdb.connect() as connection:
        for dataset in DATASETS.values():
            connection.register("nothing", dataset.schema.empty_table())
            columns = connection.execute(
                "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM nothing)"
            ).fetchall()
            selected = ", ".join(
                f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in columns
            )
            queries[dataset.name] = f"SELECT {selected} WHERE false"
    return queries


def empty(dataset: str) -> str:
    """A query with the columns of a dataset and no rows."""
    return _empty()[dataset]


def create_views(connection: duckdb.DuckDBPyConnection, queries: Mapping[str, str]) -> None:
    """Create the views. Raises TerminalError, naming the dataset whose files cannot be opened."""
    for name, query in queries.items():
        try:
            connection.execute(f"CREATE VIEW {quoted(name)} AS {query}")
        except duckdb.Error as error:
            raise_store_trouble(error)
            raise TerminalError(
                f"The files of {name} cannot be opened: {str(error).splitlines()[0]}",
                remedy="`affectmine status` shows what is published; published files stay put.",
            ) from None
