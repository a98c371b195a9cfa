"""How events leave: appended to a file, and posted to a server behind the back of the run.

Semantics: each event is posted once, in order, by a thread of its own; a server that is down or slow costs the run
nothing while it goes on and at most `_PATIENCE` seconds at its end. What could not be posted is counted and told.
"""

import os
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from schemas.config.metrics import OpenLineageConfig
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from openlineage.client.transport.http import HttpTransport

KEY = "OPENLINEAGE_API_KEY"
_ENDPOINT = "api/v1/lineage"
_TIMEOUT = 3.0  # seconds for one event
_PATIENCE = 3.0  # seconds at the end of a run for those that are on their way


class Delivery:
    """Where the events of a run go."""

    def __init__(self, config: OpenLineageConfig, base: Path) -> None:
        """A relative file starts at the folder `base`. Raises ConfigError for a file that cannot be written."""
        self._file = base / config.file if config.file is not None else None
        if self._file is not None:
            _append(self._file, b"")
        self._post = _Post(config.url) if config.url is not None else None

    def send(self, event: Any) -> None:
        """Sends a RunEvent on its way."""
        from openlineage.client.serde import Serde

        if self._post is not None:
            self._post.send(event)
        if self._file is not None:
            _append(self._file, f"{Serde.to_json(event)}\n".encode())

    def close(self) -> str | None:
        """Waits a little for what is on its way; says in words what was not delivered."""
        return None if self._post is None else self._post.close()


class _Post:
    """Posts events one after another in a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sent = self._delivered = 0
        self._why = "no answer in time"
        self._waiting: SimpleQueue[Any] = SimpleQueue()
        # Not in the thread: imports by two threads at once may lock each other out.
        self._transport = _transport(url)
        self._thread = threading.Thread(target=self._run, name="affectmine-lineage", daemon=True)
        self._thread.start()

    def send(self, event: Any) -> None:
        self._sent += 1
        self._waiting.put(event)

    def close(self) -> str | None:
        self._waiting.put(None)
        self._thread.join(_PATIENCE)
        lost = self._sent - self._delivered
        if not lost:
            return None
        server = urlsplit(self._url).netloc
        return f"{lost} of {self._sent} OpenLineage events did not reach {server} ({self._why})."

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._transport.emit(event)
                self._delivered += 1
            except Exception as error:  # noqa: BLE001 - whatever the network does, the run goes on
                self._why = type(error).__name__
        self._transport.close()


def _transport(url: str) -> "HttpTransport":
    from openlineage.client.transport.http import (
        ApiKeyTokenProvider,
        HttpConfig,
        HttpTransport,
        TokenProvider,
    )

    whole = bool(urlsplit(url).path.strip("/"))
    key = os.environ.get(KEY)
    return HttpTransport(
        HttpConfig(
            url=url,
            endpoint="" if whole else _ENDPOINT,
            timeout=_TIMEOUT,
            auth=ApiKeyTokenProvider({"apiKey": key}) if key else TokenProvider({}),
            retry={"total": 0},
        )
    )


def _append(path: Path, content: bytes) -> None:
    # One write call an event: runs at once do not mix their lines.
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(
            f"metrics.openlineage.file: {path} cannot be written ({error.strerror}).",
            remedy="Check the rights of its folder, or name another place.",
        ) from None
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
