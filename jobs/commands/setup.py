"""Commands `affectmine setup …`: what runs affectmine by the clock."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Set up what runs affectmine by the clock: Airflow.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)


@app.callback()
def setup() -> None:
    """Set up what runs affectmine by the clock: Airflow."""


@app.command()
def airflow(
    home: Annotated[
        Path, typer.Option(help="Where it is set up: AIRFLOW_HOME, and the venv in it.")
    ] = Path("airflow-home"),
    configs: Annotated[
        Path, typer.Option(help="The folder of the configs that become DAGs.")
    ] = Path("configs"),
    gpus: Annotated[
        int | None,
        typer.Option(help="GPUs: so many tasks `label` at a time.", min=1, show_default="1"),
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(help="The Python of the venv, 3.11 to 3.13.", show_default="this one"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines.")] = False,
) -> int:
    """Set up Airflow with our DAGs in a folder: venv, settings, database, pool, connection. What is there is kept."""
    from jobs.screen import Screen
    from jobs.setup_airflow import Wanted, setup_airflow
    from jobs.setup_airflow_show import show_setup

    wanted = Wanted(home, configs, gpus, python or sys.executable)
    show_setup(setup_airflow(wanted, say=Screen(quiet=as_json).say), as_json=as_json)
    return 0
