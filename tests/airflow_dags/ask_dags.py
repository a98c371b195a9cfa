"""Run by Airflow's Python: prints what Airflow makes of our DAGs folder, as JSON. Needs no database."""

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.mappedoperator import MappedOperator


def told(task: Any) -> dict[str, Any]:
    mapped = isinstance(task, MappedOperator)
    value = getattr(getattr(task, "expand_input", None), "value", None) if mapped else None
    return {
        "upstream": sorted(task.upstream_task_ids),
        "arguments": getattr(task, "arguments", None),
        "mapped": value.get("arguments") if isinstance(value, dict) else None,
        "pool": task.pool,
        "retries": task.retries,
        "backoff": bool(task.retry_exponential_backoff),
        "executor_config": task.executor_config,
        "setup": task.is_setup,
        "teardown": task.is_teardown,
        "outlets": [each.name for each in task.outlets],
    }


def heard(timetable: Any) -> list[str]:
    condition = getattr(timetable, "asset_condition", None)
    kind = type(condition).__name__
    assert kind in ("NoneType", "Asset", "AssetNameRef", "AssetAny", "AssetAll"), kind
    if kind == "AssetAny":
        return sorted(each.name for each in condition.objects)
    if kind == "AssetAll":  # a list of one
        (condition,) = condition.objects
    return [] if condition is None else [condition.name]


def main() -> None:
    bag = DagBag(dag_folder=sys.argv[1])
    dags = {
        dag.dag_id: {
            "timetable": type(dag.timetable).__name__,
            "schedule": getattr(dag.timetable, "expression", None),
            "heard": heard(dag.timetable),
            "catchup": dag.catchup,
            "active_runs": dag.max_active_runs,
            "doc": dag.doc_md,
            "tasks": {task.task_id: told(task) for task in dag.tasks},
        }
        for dag in bag.dags.values()
    }
    from affectmine_airflow.settings import DEFAULTS, SERVE_DEFAULTS

    rooms = {"jobs", "pipelines", "transforms", "schemas", "affectmine"}
    found = {
        "errors": bag.import_errors,
        "dags": dags,
        "defaults": DEFAULTS,
        "serve": SERVE_DEFAULTS,
        "ours": sorted(name for name in sys.modules if name.split(".")[0] in rooms),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
