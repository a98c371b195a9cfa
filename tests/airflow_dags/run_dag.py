"""Run by Airflow's Python: `dag.test()` of a DAG; prints what became of it as JSON. Arguments: folder, DAG, conf."""

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select


def main(folder: str, name: str, conf: str) -> None:
    bag = DagBag(dag_folder=folder)
    run = bag.dags[name].test(run_conf=json.loads(conf))
    with create_session() as session:
        found: dict[str, Any] = {
            "state": run.state,
            "tasks": {
                f"{each.task_id}[{each.map_index}]" if each.map_index >= 0 else each.task_id: {
                    "state": each.state,
                    "tries": each.try_number,
                }
                for each in run.get_task_instances(session=session)
            },
            "xcoms": {
                row.task_id: XComModel.deserialize_value(row)
                for row in session.scalars(
                    select(XComModel).where(
                        XComModel.run_id == run.run_id, XComModel.dag_id == name
                    )
                )
                if row.key == "return_value"
            },
            "events": [
                {"asset": each.asset.name, "extra": each.extra, "partition": each.partition_key}
                for each in session.scalars(select(AssetEvent).order_by(AssetEvent.id))
            ],
            "runs": sorted(
                [each.dag_id, each.run_id, each.conf] for each in session.scalars(select(DagRun))
            ),
        }
    print(json.dumps(found, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
