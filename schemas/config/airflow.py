"""The section `airflow` of a config: how the DAGs of this config run. All of it operational.

The DAGs read it by themselves, in Airflow's own environment: keys and defaults stand a second time in
airflow_dags/affectmine_airflow/settings.py, and a test holds that both are the same.
"""

import datetime as dt

from pydantic import field_validator

from schemas.config.base import Config, operational


class ServeConfig(Config):
    """A vLLM server that is started before the task `label` and stopped after it."""

    model: str = operational(description="a folder, or a model's name on the hub")
    revision: str | None = operational(
        None, description="of the weights; as for `affectmine serve`"
    )
    labeler: str | None = operational(
        None,
        description="the labeler file that is written unless it is there; relative to the config file. Default: the "
        "one that the first label stage with a language model names",
    )
    port: int = operational(8000, ge=1, le=65535, description="where it listens, on this machine")
    python: str | None = operational(
        None, description="a Python with vLLM; by default that of affectmine"
    )
    flags: tuple[str, ...] = operational((), description="further flags of vLLM")


class AirflowConfig(Config):
    """How Airflow runs this config (docs/airflow.md)."""

    schedule: str | None = operational(
        "0 3 * * *",
        description="cron, in UTC; where sources name a day a run is about the day before. null: only by hand",
    )
    start: dt.date | None = operational(
        None, description="the first day to catch up from; without it only days to come are run"
    )
    late_days: int = operational(
        0, ge=0, le=60, description="each run looks again at so many days before, for late files"
    )
    groups: int = operational(
        1,
        ge=1,
        le=64,
        description="the task `label` runs as so many tasks, each with every n-th shard",
    )
    pool: str = operational("default_pool", min_length=1, description="Airflow's pool of the tasks")
    label_pool: str | None = operational(
        None,
        description="the pool of the task `label`; default: affectmine_gpu where a language model answers, else `pool`",
    )
    retries: int = operational(
        3, ge=0, le=50, description="how often a transient error is tried again, with backoff"
    )
    serve: ServeConfig | None = operational(
        None, description="start vLLM before the task `label`; without this section it runs already"
    )
    pod_template: str | None = operational(
        None,
        description="for the KubernetesExecutor: the pod of the task `label`; relative to the config file",
    )
    maintenance: str | None = operational(
        "0 5 * * 0", description="cron, in UTC: when the lake is cared for. null: only by hand"
    )
    report: str | None = operational(
        "reports",
        description="the folder of the reports, one a day; relative to the config file. null: none are written",
    )
    syntheses: tuple[str, ...] = operational(
        (),
        description="syntheses, run when something new is published: YAML files, relative to the config file",
    )
    exports: tuple[str, ...] = operational(
        (),
        description="training corpora, made when something new is published: YAML files, relative to the config file",
    )

    @field_validator("schedule", "maintenance")
    @classmethod
    def _cron(cls, cron: str | None) -> str | None:
        if cron is not None and not cron.startswith("@") and len(cron.split()) != 5:
            raise ValueError("no cron expression: write five fields, such as 0 3 * * *, or @daily")
        return cron
