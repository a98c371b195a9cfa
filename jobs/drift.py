"""Drift: whether the labels of the newest days are still like those of the days before."""

import json
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from jobs.marts import build_marts
from pipelines.lake.lake import open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.place import Place
from pipelines.lake.snapshots import published
from schemas.errors import EXIT_GATE, EXIT_OK


@dataclass(frozen=True)
class Drifted:
    """A partition and the distance of its labels from those of up to 7 partitions before (mart label_drift)."""

    corpus: str
    task: str
    taxonomy: str
    labeler: str
    partition: str
    rows: int
    divergence: float
    psi: float
    over: bool


@dataclass(frozen=True)
class Drift:
    """What was looked at, the newest partition first."""

    snapshot: int
    found: tuple[Drifted, ...]

    @property
    def exit_code(self) -> int:
        """3 where a partition is over the limit, as for a gate."""
        return EXIT_GATE if any(each.over for each in self.found) else EXIT_OK


def drift(lake_path: Place, *, days: int, max_psi: float, min_rows: int) -> Drift:
    """The drift of the newest `days` partitions of each corpus, task, taxonomy and labeler.

    A partition of fewer than `min_rows` labeled records is told, and never over the limit. Builds the mart label_drift
    where the newest snapshot has none. Raises TerminalError where nothing is published.
    """
    built = build_marts(lake_path, names=["label_drift"])
    for error in built.errors.values():
        raise error
    lake = open_lake(lake_path)
    _, parts = published(lake, built.snapshot)
    from pipelines.query.catalog import open_catalog

    with open_catalog(queryable_files(lake, parts)) as catalog:
        rows = catalog.frame(
            "SELECT DISTINCT corpus, task, taxonomy, labeler, partition, rows, divergence, psi FROM mart_label_drift "
            "QUALIFY dense_rank() OVER (PARTITION BY corpus, task, taxonomy, labeler ORDER BY partition DESC) "
            f"<= {int(days)} ORDER BY partition DESC, corpus, task, taxonomy, labeler"
        )
    found = tuple(
        Drifted(**row, over=row["psi"] > max_psi and row["rows"] >= min_rows)
        for row in rows.iter_rows(named=True)
    )
    return Drift(built.snapshot, found)


def show_drift(found: Drift, *, as_json: bool) -> int:
    """Prints it; returns the exit code."""
    if as_json:
        over = sum(each.over for each in found.found)
        told = {
            "snapshot": found.snapshot,
            "over": over,
            "partitions": list(map(asdict, found.found)),
        }
        print(json.dumps(told))
        return found.exit_code
    table = Table("partition", "corpus", "labels", "rows", "psi", "divergence", header_style="bold")
    for each in found.found:
        labels = f"{each.task}/{each.taxonomy}/{each.labeler}"
        psi = f"{each.psi:.3f}{' over' if each.over else ''}"
        table.add_row(
            each.partition, each.corpus, labels, f"{each.rows:,}", psi, f"{each.divergence:.3f}"
        )
    Console(highlight=False).print(table)
    return found.exit_code
