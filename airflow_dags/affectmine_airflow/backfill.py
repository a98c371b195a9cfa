"""The DAG `affect_backfill`: runs of `affect_corpus` for the days of a range that are not published yet."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, task

from affectmine_airflow.corpus import corpus_id
from affectmine_airflow.operator import AffectmineOperator
from affectmine_airflow.settings import Settings
from affectmine_airflow.shared import defaults

_DOC = """Starts a run of `{corpus}` for each day from `first` to `last` that has files and is not
published yet; with `again` for each day that has files. Which days are done is read from the lake, not from Airflow's
history. The runs go one after another, in the order of their days; this DAG does not wait for them.
"""
_DAY = {"type": "string", "format": "date"}


def backfill_dag(settings: Settings) -> DAG:
    """The DAG of a config whose sources name a day."""
    with DAG(
        dag_id=f"affect_backfill.{settings.name}",
        schedule=None,
        max_active_runs=1,
        default_args=defaults(settings),
        params={
            "first": Param(title="First day", description="UTC", **_DAY),
            "last": Param(title="Last day", description="UTC, included", **_DAY),
            "again": Param(
                default=False, type="boolean", description="also days that are published"
            ),
        },
        tags=list(settings.tags),
        doc_md=_DOC.format(corpus=corpus_id(settings)),
    ) as dag:
        days = AffectmineOperator(
            task_id="days",
            arguments=[
                "days",
                str(settings.path),
                "--day",
                "{{ params.first }}..{{ params.last }}",
            ],
            passes=("days", "pending"),
        )
        TriggerDagRunOperator.partial(
            task_id="start",
            trigger_dag_id=corpus_id(settings),
            reset_dag_run=True,  # a day that was started before is run again, in its place
            max_active_tis_per_dagrun=1,  # one by one: runs go in the order in which they were started
        ).expand_kwargs(_runs(days.output))
    return dag


@task(task_id="choose")  # type: ignore[untyped-decorator]
def _runs(told: dict[str, Any], params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """One run a day."""
    again = bool(params and params["again"])
    chosen = [each["day"] for each in told["days"]] if again else told["pending"]
    return [{"conf": {"day": day}, "trigger_run_id": f"backfill__{day}"} for day in chosen]
