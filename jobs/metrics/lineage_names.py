"""Names of jobs and ids of their runs, as OpenLineage wants them: UUIDs that order by time."""

import datetime as dt
import os
import uuid

from jobs.metrics.told import RunTold

PARENT = "OPENLINEAGE_PARENT_ID"
ROOT = "OPENLINEAGE_ROOT_PARENT_ID"
"""Environment variables by which a scheduler says which run started us, and which is the topmost one above it: each
namespace/job/run id.
"""


def job_name(told: RunTold, stage: str) -> str:
    """The job of the run (stage "") or of a stage of it."""
    return ".".join([told.pipeline, *stage.replace("/", ".").split()])


def run_uuid(told: RunTold, stage: str) -> str:
    """The id of the run (stage "") or of a stage of it: always the same for a run id of ours."""
    from openlineage.client.uuid import generate_static_uuid

    began = dt.datetime.fromtimestamp(told.began, dt.UTC)
    of = told.run_id or f"{told.pipeline} {told.began}"
    if told.run_id:
        stamp = told.run_id[:18]  # 20261126-064724595, see pipelines.lake.journal
        began = dt.datetime.strptime(stamp, "%Y%m%d-%H%M%S%f").replace(tzinfo=dt.UTC)
    return str(generate_static_uuid(began, f"{of} {stage}".encode()))


def started_by(variable: str) -> tuple[str, str, str] | None:
    """The namespace, job and run id that an environment variable (PARENT or ROOT) names; None where it does not."""
    parts = os.environ.get(variable, "").rsplit("/", 2)
    if len(parts) != 3 or not all(parts):
        return None
    try:
        return parts[0], parts[1], str(uuid.UUID(parts[2]))
    except ValueError:
        return None
