"""What `affectmine setup airflow` says at its end."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class SetUp:
    """What is there now. `made` names the steps whose result is new; `notes` say what was kept although it differs."""

    home: str
    airflow: str
    config: str
    configs: str
    dags: str
    command: str
    gpus: int
    key: str
    made: list[str]
    notes: list[str]
    start: str
    address: str
    passwords: str


def show_setup(found: SetUp, *, as_json: bool) -> None:
    """Prints what is there, and what to type next."""
    if as_json:
        print(json.dumps(asdict(found)))
        return
    new = ", ".join(found.made) if found.made else "nothing, all was there"
    print(f"Airflow {found.airflow} is set up in {found.home}. New: {new}.")
    for note in found.notes:
        print(f"  Kept: {note}")
    print(f"Its settings: {found.config}. Each config in {found.configs} becomes DAGs.")
    print("Start it:")
    print(f"  {found.start}")
    print(f"Then open {found.address}. User: admin; the first start writes its password to")
    print(f"  {found.passwords}")
    print("A new DAG is paused until you switch it on.")
