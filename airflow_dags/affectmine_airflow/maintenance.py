"""The DAG `affect_maintenance`: keeps a lake small, and looks whether its labels drift."""

from __future__ import annotations

from airflow.sdk import DAG, CronTriggerTimetable, chain

from affectmine_airflow.operator import AffectmineOperator
from affectmine_airflow.settings import Settings
from affectmine_airflow.shared import defaults, start_date

_DOC = """Cares for the lake `{lake}`: merges small files, removes what no snapshot names, and compares the labels of
the last seven days with those before. `drift` fails where they are further apart than chance and the limit allow.
"""


def maintenance_dag(settings: Settings) -> DAG:
    """The DAG of a lake; where several configs share it, the schedule of the first one counts."""
    cron = settings["maintenance"]
    with DAG(
        dag_id=f"affect_maintenance.{settings.lake_name}",
        schedule=None if cron is None else CronTriggerTimetable(cron, timezone="UTC"),
        start_date=start_date(settings),
        catchup=False,
        max_active_runs=1,
        default_args=defaults(settings),
        tags=list(settings.tags),
        doc_md=_DOC.format(lake=settings.lake),
    ) as dag:
        lake = ["--lake", settings.lake]
        compact = AffectmineOperator(
            task_id="compact",
            arguments=["compact", *lake],
            passes=("partitions", "answer_segments"),
        )
        vacuum = AffectmineOperator(
            task_id="vacuum",
            arguments=["vacuum", *lake],
            passes=("files", "snapshots", "bytes", "uploads"),
        )
        drift = AffectmineOperator(
            task_id="drift",
            arguments=["drift", *lake],
            passes=("snapshot", "over"),
        )
        chain(compact, vacuum)
        chain(compact, drift)
    return dag
