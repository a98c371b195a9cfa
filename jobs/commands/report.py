"""Command report: one page of a snapshot, or of one conversation."""

import json
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.lakes import Json, LakeFolder


def report(
    lake: LakeFolder = Path("lake"),
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page (.html) to write.")
    ] = Path("report.html"),
    as_of: Annotated[int | None, typer.Option(help="An earlier snapshot's number.")] = None,
    conversation: Annotated[
        str | None,
        typer.Option(help="A conversation's id: the page shows its turns instead.", metavar="ID"),
    ] = None,
    as_json: Json = False,
) -> int:
    """Write one self-contained HTML page of a snapshot: rows, labels, marts as pictures, gates, cost."""
    from jobs.report.svg import require_drawing
    from jobs.target import check_target
    from pipelines.lake.lake import open_lake

    check_target(output, [".html", ".htm"])
    require_drawing()
    opened = open_lake(lake)
    if conversation is not None:
        from jobs.report.conversation import write_conversation

        written = write_conversation(opened, conversation, output, as_of)
        print(
            json.dumps({"page": str(written), "conversation": conversation}) if as_json else written
        )
        return 0
    from jobs.report.report import write_report

    told = write_report(opened, output, as_of)
    if as_json:
        print(json.dumps(told.to_json()))
    else:
        print(told.told)
    return 0
