"""What all our DAGs have in common: defaults of tasks, schedules, the asset of a config."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, CronPartitionTimetable, CronTriggerTimetable, PartitionedAtRuntime

from affectmine_airflow.settings import Settings, option

# The day that a run is about: its partition, else the one that is asked for, else the day before.
DAY = "{{ dag_run.partition_key or params.day or macros.ds_add(dag_run.run_after | ds, -1) }}"
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def defaults(settings: Settings) -> dict[str, Any]:
    """Of each task: how often and when it is tried again."""
    return {
        "retries": settings["retries"],
        "retry_delay": timedelta(seconds=float(option("retry_seconds", "60"))),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
        "pool": settings["pool"],
        "depends_on_past": False,
    }


def asset(settings: Settings, derived: str | None = None) -> Asset:
    """What a config publishes, or what is derived of it; events have the lake and the snapshot's number as extra."""
    name, uri = f"affect.{settings.name}", f"affectmine://{settings.lake_name}/{settings.name}"
    return (
        Asset(name=name, uri=uri)
        if derived is None
        else Asset(name=f"{name}.{derived}", uri=f"{uri}/{derived}")
    )


def start_date(settings: Settings) -> datetime:
    """From when on runs are made; without catch-up it does not matter, but must have passed."""
    start = settings.start
    if start is None:
        return _LONG_AGO
    return datetime(start.year, start.month, start.day, tzinfo=UTC)


def timetable(settings: Settings) -> Any:
    """When the corpus DAG runs: by day, about the day before; or just at its time; or only by hand."""
    cron = settings["schedule"]
    if cron is None:
        return PartitionedAtRuntime() if settings.by_day else None
    if settings.by_day:
        return CronPartitionTimetable(cron, timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")
    return CronTriggerTimetable(cron, timezone="UTC")
