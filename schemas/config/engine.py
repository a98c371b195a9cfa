"""The section `engine` of a config: how the work is spread. All of it operational."""

import os
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from schemas.config.base import Config, operational

MEMORY_LIMIT = r"([1-9]\d{2,}\s?MB|[1-9]\d*(\.\d+)?\s?GB)"
"""How an amount of memory is written: at least 100 MB."""

EngineName = Literal["local", "beam", "spark"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


def _as_spark_writes(options: Any) -> Any:
    # YAML's own true and 4 are what people write; Spark takes strings.
    if not isinstance(options, dict):
        return options
    return {
        key: str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int | float)
        else value
        for key, value in options.items()
    }


class EngineConfig(Config):
    """How the work is spread. All operational."""

    name: EngineName = operational(
        "local",
        description="local: processes of this machine; beam or spark: workers of a Beam runner or a Spark cluster",
    )
    workers: Annotated[int, Field(ge=1, le=256)] = operational(
        default_factory=lambda: (
            max(1, len(os.sched_getaffinity(0)))
            if hasattr(os, "sched_getaffinity")
            else max(1, os.cpu_count() or 1)
        ),
        description="worker processes of this machine; default: one per core",
    )
    memory_limit: str = operational(
        "400MB",
        pattern=f"^{MEMORY_LIMIT}$",
        description="for DuckDB, which spills beyond it; at least 100MB",
    )
    retries: int = operational(3, ge=0, le=20, description="of a transient error, with backoff")
    beam: dict[str, str | bool | int | float] = operational(
        default_factory=dict,
        description="options of the Beam pipelines, such as `runner: FlinkRunner`; by default FnApiRunner with "
        "`workers` processes of this machine",
    )
    spark: Annotated[dict[str, str], BeforeValidator(_as_spark_writes)] = operational(
        default_factory=dict,
        description="configuration of the Spark session, such as `spark.master: yarn`; by default `workers` slots of "
        "this machine",
    )
    retire_missing_sources: bool = operational(
        default=False,
        description="unpublish, of the corpora named here, files that are no longer named",
    )
