"""All DAGs of a deployment, from its folder of configs."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.sdk import DAG

from affectmine_airflow.backfill import backfill_dag
from affectmine_airflow.corpus import corpus_dag
from affectmine_airflow.derived import synthesis_dag, training_corpora_dag
from affectmine_airflow.maintenance import maintenance_dag
from affectmine_airflow.report import report_dag
from affectmine_airflow.settings import Settings, read_all, unreadable


def build() -> Iterator[DAG]:
    """The DAGs of each config, and of each lake once."""
    lakes: set[str] = set()
    for settings in read_all():
        try:
            yield from list(_of_config(settings, with_lake=settings.lake not in lakes))
        except Exception as error:  # noqa: BLE001 - one bad file must not take the other DAGs along
            yield corpus_dag(unreadable(settings.path, error))
        lakes.add(settings.lake)


def _of_config(settings: Settings, *, with_lake: bool) -> Iterator[DAG]:
    yield corpus_dag(settings)
    if settings.problem is not None:
        return
    if settings.by_day:
        yield backfill_dag(settings)
    if settings["report"] is not None:
        yield report_dag(settings)
    if settings["syntheses"]:
        yield synthesis_dag(settings)
    if settings["exports"]:
        yield training_corpora_dag(settings)
    if with_lake:
        yield maintenance_dag(settings)
