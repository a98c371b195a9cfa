"""Commands `affectmine marts …`: tables over all labels of a lake."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.lakes import LakeFolder
from jobs.commands.runs import Engine
from pipelines.lake.place import Place, place
from schemas.errors import ConfigError

app = typer.Typer(
    help="Marts: tables over all labels of a lake, such as transitions, contagion, telling words.",
    rich_markup_mode="rich",
)

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines.")]


@app.callback(invoke_without_command=True)
def marts(
    context: typer.Context,
    lake: Annotated[
        Place | None,
        typer.Option(
            "--lake",
            parser=place,
            metavar="PATH",
            help="Also say which are built in this lake.",
            show_default="no lake",
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Marts: without a command, the list of all."""
    if context.invoked_subcommand is not None and lake is not None:
        raise ConfigError(
            f"--lake stands before {context.invoked_subcommand}, where it says nothing.",
            remedy=f"Put it after: affectmine marts {context.invoked_subcommand} … --lake {lake}",
        )
    if context.invoked_subcommand is None:
        from jobs.marts_show import list_marts

        list_marts(lake, as_json=as_json)
    return 0


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A mart's name.", show_default=False)],
    as_json: Json = False,
) -> int:
    """Explain one mart: what it holds, formula, source, columns, SQL."""
    from jobs.marts_show import show_mart

    show_mart(name, as_json=as_json)
    return 0


@app.command()
def build(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only these marts.", show_default="all")
    ] = None,
    lake: LakeFolder = Path("lake"),
    as_of: Annotated[
        int | None, typer.Option(help="An earlier snapshot's number.", show_default="the newest")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A config: its section marts says what may be shown, engine what computes them.",
            show_default="the defaults",
        ),
    ] = None,
    engine: Engine = None,
    memory_limit: Annotated[str, typer.Option(help="For DuckDB, which spills beyond it.")] = "2GB",
    as_json: Json = False,
) -> int:
    """Build the marts of the newest snapshot. Those that are there already are kept."""
    from jobs.marts import build_marts, read_marts_config
    from jobs.marts_show import show_built
    from jobs.screen import Screen
    from pipelines.engines.engine import with_engine
    from schemas.config.engine import EngineConfig

    settings, of_config = (None, EngineConfig()) if config is None else read_marts_config(config)
    built = build_marts(
        lake,
        as_of=as_of,
        names=names or (),
        settings=settings,
        memory_limit=memory_limit,
        screen=Screen(quiet=as_json),
        engine=with_engine(of_config, engine),
    )
    show_built(built, lake, as_json=as_json)
    return built.exit_code
