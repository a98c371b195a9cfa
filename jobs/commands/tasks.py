"""Commands `affectmine tasks …`: which label tasks there are, and what one of them asks."""

from enum import StrEnum
from typing import Annotated

import typer

from jobs.commands.task_options import TaskOptions, task_options
from jobs.commands.tune import tune

app = typer.Typer(
    help="Label tasks: which there are, and what each asks.",
    rich_markup_mode="rich",
)

Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines.")]


class ModeName(StrEnum):
    """How a language model answers."""

    generate = "generate"
    score = "score"


@app.callback(invoke_without_command=True)
def tasks(context: typer.Context, as_json: Json = False) -> int:
    """Label tasks: without a command, the list of those that ship."""
    if context.invoked_subcommand is None:
        from jobs.tasks import list_tasks

        list_tasks(as_json=as_json)
    return 0


@app.command()
def show(
    task: Annotated[
        str,
        typer.Argument(help="A task's name, or your own task file (.yaml).", show_default=False),
    ],
    taxonomy: Annotated[
        str | None,
        typer.Option(help="The labels: a name or a file (.yaml).", show_default="the task's own"),
    ] = None,
    mode: Annotated[
        ModeName | None, typer.Option(help="How it is asked.", show_default="the task's own")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="The text of the sample.", show_default="a made-up one")
    ] = None,
    option: TaskOptions = None,
    as_json: Json = False,
) -> int:
    """Explain one task: labels, prompt and JSON schema as they are sent for a sample, columns. Checks your own."""
    from jobs.tasks_show import show_task

    show_task(
        task,
        taxonomy=taxonomy,
        mode=None if mode is None else mode.value,
        text=text,
        options=task_options(option or []),
        as_json=as_json,
    )
    return 0


app.command()(tune)
