"""All DAGs of a deployment, from its folder of configs."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.sdk import DAG

from affectmine_airflow.backfill import backfill_dag
from affectmine_airflow.corpus import corpus_dag
from affectmine_airflow.maintenance import maintenance_dag
from affectmine_airflow.report import report_dag
from affectmine_airflow.settings import read_all


def build() -> Iterator[DAG]:
    """The DAGs of each config, and of each lake once."""
    lakes: set[str] = set()
    for settings in read_all():
        yield corpus_dag(settings)
        if settings.problem is not None:
            continue
        if settings.by_day:
            yield backfill_dag(settings)
        if settings["report"] is not None:
            yield report_dag(settings)
        if settings.lake not in lakes:
            lakes.add(settings.lake)
            yield maintenance_dag(settings)
