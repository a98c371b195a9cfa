"""A task that runs one command of affectmine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator, Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException

from affectmine_airflow.command import Command, NoRetryError, RetryError
from affectmine_airflow.settings import option

CONNECTION = "affectmine"


class AffectmineOperator(BaseOperator):
    """Runs `affectmine ARGUMENTS --json` and passes on some entries of its answer: names, paths and counts.

    The connection `affectmine`, where there is one, gives the command its secrets: its password is the pseudonym key,
    its extra (JSON) holds further environment variables, such as those of an object store.
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        passes: Sequence[str] = (),
        folder: str | None = None,
        **kwargs: Any,
    ) -> None:
        """`arguments` are templated. `passes`: which entries become the task's XCom; `folder` is made before."""
        super().__init__(**kwargs)
        self.folder = folder
        self.arguments = list(arguments)
        self.passes = tuple(passes)
        self._command: Command | None = None

    def execute(self, context: Any) -> dict[str, Any]:  # noqa: ARG002 - Airflow passes it
        """Runs it. What may pass is tried again with backoff; what may not fails at once."""
        if self.folder is not None:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
        arguments = list(self.arguments)
        if "--json" not in arguments:
            arguments.append("--json")
        self._command = Command(option("command", "affectmine"), arguments, _secrets())
        try:
            answer = self._command.run(self.log.info)
        except NoRetryError as error:
            raise AirflowFailException(str(error)) from None
        except RetryError as error:
            raise AirflowException(str(error)) from None
        finally:
            self._command.stop()
        return {key: answer.get(key) for key in self.passes}

    def on_kill(self) -> None:
        """The task was stopped: so is the command."""
        if self._command is not None:
            self._command.stop()


def _secrets() -> dict[str, str]:
    try:
        connection = Connection.get(CONNECTION)
    except AirflowNotFoundException:
        return {}
    secrets = {key: str(value) for key, value in connection.extra_dejson.items()}
    if connection.password:
        secrets["AFFECTMINE_KEY"] = connection.password
    return secrets
