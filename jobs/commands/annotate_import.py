"""Command `affectmine annotate import`: what people answered, back in as gold."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.lake.place import Place, place


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="What people answered: Label Studio's export (JSON, JSON-MIN), or a filled-in table (csv).",
            show_default=False,
        ),
    ],
    task: Annotated[str, typer.Option(help="The label task that was asked.")] = "emotion",
    taxonomy: Annotated[
        str | None, typer.Option(help="The labels.", show_default="the task's own")
    ] = None,
    label_set: Annotated[
        str,
        typer.Option(
            help="The labels that could be given, joined by commas.", show_default="all of them"
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A gold file (parquet, jsonl) for `affectmine evaluate --gold` and `affectmine train`.",
            show_default=False,
        ),
    ] = None,
    lake: Annotated[
        Place | None,
        typer.Option(
            parser=place,
            metavar="PATH",
            help="A lake: publish them there, as dataset annotations.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, for machines.")
    ] = False,
) -> int:
    """Bring back what people answered: every unit counted, annotators as pseudonyms."""
    from jobs.annotate.import_command import import_annotations, show_imported

    found = import_annotations(
        file,
        task=task,
        taxonomy=taxonomy,
        label_set=[name.strip() for name in label_set.split(",") if name.strip()],
        output=output,
        lake=lake,
    )
    return show_imported(found, as_json=as_json)
