"""The DAG `affect_report`: a page of what is published, whenever something new is."""

from __future__ import annotations

from airflow.sdk import DAG, PartitionedAssetTimetable

from affectmine_airflow.operator import AffectmineOperator
from affectmine_airflow.settings import Settings
from affectmine_airflow.shared import asset, defaults

_DOC = """Writes a report of the lake `{lake}` when `{asset}` is announced: one HTML file a day, `{folder}`."""


def report_dag(settings: Settings) -> DAG:
    """The DAG of a config."""
    its = asset(settings)
    day = "{{ dag_run.partition_key or dag_run.run_after | ds }}"
    folder = settings.path.parent / settings["report"]
    with DAG(
        dag_id=f"affect_report.{settings.name}",
        schedule=PartitionedAssetTimetable(assets=its) if settings.by_day else [its],
        max_active_runs=1,
        default_args=defaults(settings),
        tags=list(settings.tags),
        doc_md=_DOC.format(lake=settings.lake, asset=its.name, folder=folder),
    ) as dag:
        AffectmineOperator(
            task_id="report",
            arguments=[
                "report",
                "--lake",
                settings.lake,
                "--output",
                f"{folder / settings.name}-{day}.html",
            ],
            passes=("page", "snapshot"),
            folder=str(folder),
        )
    return dag
