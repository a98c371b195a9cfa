"""Values of a task's options on the command line: `--option NAME=VALUE`, once for each."""

from typing import Annotated

import typer

from schemas.errors import ConfigError

TaskOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        help="An option of the task: NAME=VALUE (may be repeated).",
        show_default=False,
    ),
]


def task_options(pairs: list[str]) -> dict[str, str]:
    """The values by name. Raises ConfigError for what is not written so."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigError(
                "An option of a task is written NAME=VALUE.",
                remedy='For example: --option persona="a nurse" (affectmine tasks show TASK names them).',
            )
        found[name] = value
    return found
