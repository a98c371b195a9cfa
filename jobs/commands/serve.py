"""The command `serve`: a language model behind vLLM, and the labeler file for it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigError

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.")]


def serve(
    model: Annotated[
        str | None,
        typer.Argument(help="A folder, or a model's name on the hub.", show_default=False),
    ] = None,
    flags: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- FLAGS…]", help="Further flags of vLLM.", show_default=False),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            help="Of the weights.", show_default="a folder: its hash; the hub: the local snapshot"
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="0: one that is free.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Who may ask; 0.0.0.0: the network.")] = "127.0.0.1",
    labeler: Annotated[
        Path | None,
        typer.Option(
            help="The labeler file, written unless it is there.", show_default="MODEL.yaml"
        ),
    ] = None,
    python: Annotated[
        str | None, typer.Option(help="A Python with vLLM.", show_default="this one")
    ] = None,
    ready_within: Annotated[float, typer.Option(help="Seconds to load the model.", min=1)] = 600.0,
    log: Annotated[
        Path | None, typer.Option(help="vLLM's log.", show_default="beside the labeler file")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when it is ready, and leave it running.")
    ] = False,
    stop: Annotated[
        Path | None,
        typer.Option(help="Stop the server of this labeler file.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> int:
    """Serve a language model with vLLM, and write the labeler file for it. Ctrl-C stops it."""
    import json

    from jobs import serve as job

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    if (model is None) == (stop is None):
        raise ConfigError(
            "serve needs a model to serve, or --stop FILE.",
            remedy="affectmine serve MODEL, or affectmine serve --stop MODEL.yaml",
        )
    if stop is not None:
        stopped = job.stop(stop)
        print(json.dumps(stopped) if as_json else "Stopped." if stopped["stopped"] else "None ran.")
        return 0
    assert model is not None
    wanted = job.Wanted(
        model, revision, host, port, labeler, python or sys.executable, ready_within, log, flags or [],
        detach,
    )  # fmt: skip
    try:
        job.serve(wanted, say=say, ready=lambda served: job.show_served(served, as_json=as_json))
    except job.Stopped:
        say("Stopped before it was ready.")
        return 130
    return 0
