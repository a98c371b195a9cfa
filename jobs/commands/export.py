"""The command export."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.runs import Json, LakeOption


def export(
    spec: Annotated[
        Path, typer.Argument(help="The export (YAML): rows, format, splits.", show_default=False)
    ],
    lake: LakeOption = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder to make, instead of the export's.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a folder that has another content.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Make a training corpus of a lake: classification, chat, preferences, rewards, instructions, spans."""
    from jobs.export import export as make
    from jobs.export_show import show_exported

    show_exported(make(spec, lake_path=lake, to=to, again=replace), as_json=as_json)
    return 0
