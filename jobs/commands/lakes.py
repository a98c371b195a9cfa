"""Commands on a lake: sql, status, compact, vacuum."""

import json
import re
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.lake.place import Place, place
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from jobs.care import Compacted, Vacuumed

LakeFolder = Annotated[
    Place,
    typer.Option(
        "--lake", parser=place, metavar="PATH", help="The lake's folder, or s3://bucket/prefix."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines.")]


class Format(StrEnum):
    """How results are written; json is JSON lines."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT statement.", show_default=False)],
    lake: LakeFolder = Path("lake"),
    as_of: Annotated[int | None, typer.Option(help="An earlier snapshot's number.")] = None,
    restricted: Annotated[
        bool, typer.Option("--restricted", help="Also show raw text: records, quarantine_raw.")
    ] = False,
    output_format: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="How the rows are written.",
            show_default="as the file's suffix says, else table",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file (csv, json, jsonl, parquet) instead of the screen."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="Rows of a table on the screen.", min=1)] = 50,
) -> int:
    """Ask the newest snapshot with SQL (DuckDB). Views: clean, labels, label_scores, mart_transitions …"""
    from jobs.sql import run_sql
    from pipelines.lake.lake import open_lake
    from pipelines.lake.mart_files import queryable_files
    from pipelines.lake.snapshots import published

    opened = open_lake(lake)
    _, parts = published(opened, as_of)
    run_sql(
        query,
        queryable_files(opened, parts),
        restricted=restricted,
        kind=None if output_format is None else output_format.value,
        output=output,
        limit=limit,
    )
    return 0


def status(lake: LakeFolder = Path("lake"), as_json: Json = False) -> int:
    """What is published, and per stage of the last run what is pending, done and failed."""
    from jobs.status import show_status

    show_status(lake, as_json=as_json)
    return 0


def compact(
    lake: LakeFolder = Path("lake"),
    small_rows: Annotated[
        int, typer.Option(help="Partitions with fewer rows a file than this are merged.", min=1)
    ] = 100_000,
    as_json: Json = False,
) -> int:
    """Merge the small files of each partition; publishes a snapshot of the same rows."""
    from jobs.care import compact as compact_job

    _show(compact_job(lake, small_rows=small_rows), as_json=as_json)
    return 0


def vacuum(
    lake: LakeFolder = Path("lake"),
    retain: Annotated[int, typer.Option(help="Newest snapshots that stay whole.", min=1)] = 5,
    older_than: Annotated[
        str, typer.Option(help="Only files older than this: 30m, 24h, 7d.")
    ] = "24h",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> int:
    """Remove files that no retained snapshot and no live run names."""
    from jobs.care import vacuum as vacuum_job

    swept = vacuum_job(lake, retain=retain, older_than=seconds(older_than), dry_run=dry_run)
    _show(swept, as_json=as_json)
    return 0


def drift(
    lake: LakeFolder = Path("lake"),
    days: Annotated[int, typer.Option(help="How many of the newest partitions.", min=1)] = 7,
    max_psi: Annotated[
        float, typer.Option(help="A larger population stability index is drift (exit 3).", min=0)
    ] = 0.25,
    min_rows: Annotated[int, typer.Option(help="Smaller partitions are not judged.", min=1)] = 500,
    as_json: Json = False,
) -> int:
    """Show whether labels of the newest days are still like those of the week before each."""
    from jobs.drift import drift as find_drift
    from jobs.drift import show_drift

    found = find_drift(lake, days=days, max_psi=max_psi, min_rows=min_rows)
    return show_drift(found, as_json=as_json)


def _show(told: "Compacted | Vacuumed", *, as_json: bool) -> None:
    print(json.dumps(asdict(told)) if as_json else told)


def seconds(text: str) -> float:
    """`30m`, `24h`, `7d` or `0s` in seconds. Raises ConfigError for anything else."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if match is None:
        raise ConfigError(f"{text!r} is not an age.", remedy="Write it as 30m, 24h or 7d.")
    return float(match.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match.group(2)]
