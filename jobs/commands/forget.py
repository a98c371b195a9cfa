"""The command that erases people from a lake."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.lakes import LakeFolder

Names = list[str] | None


def forget(
    lake: LakeFolder = Path("lake"),
    corpus: Annotated[
        str | None, typer.Option(help="The corpus that native names and ids are of.")
    ] = None,
    speaker: Annotated[
        Names, typer.Option(help="A native name, as the source has it. May be repeated.")
    ] = None,
    record: Annotated[
        Names, typer.Option(help="A native id, as the source has it. May be repeated.")
    ] = None,
    pseudonym: Annotated[
        Names, typer.Option(help="A speaker, as the datasets have it. May be repeated.")
    ] = None,
    record_id: Annotated[
        Names, typer.Option(help="A record, as the datasets have it. May be repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, for machines.")
    ] = False,
) -> int:
    """Erase people from every dataset and snapshot, and keep them out. Alone: finish what was interrupted."""
    from jobs.forget import forget_people, show_forgotten

    report = forget_people(
        lake,
        corpus=corpus,
        speakers=speaker or (),
        records=record or (),
        pseudonyms=pseudonym or (),
        record_ids=record_id or (),
        dry_run=dry_run,
    )
    by_name = bool(speaker or record) and not (pseudonym or record_id)
    show_forgotten(report, dry_run=dry_run, by_name=by_name, as_json=as_json)
    return 0
