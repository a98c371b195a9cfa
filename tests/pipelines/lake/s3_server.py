"""An object store for tests: moto's S3 on a free port of this machine, which can be told to misbehave.

It runs in threads of the test's own process, so what it holds outlives its listener: `stop` and `start` are a server
that restarts, seen from outside.
"""

import itertools
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import boto3
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anybody",
    "AWS_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Request:
    """A request as the server sees it. `number` counts from 1 since the store began."""

    number: int
    method: str
    path: str
    query: str
    conditional: bool


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a request: it is late by `seconds`, answered by an error of S3 (`status`, `code`), or done
    and its answer `lost`, or the connection `broken` before anything is done.
    """

    seconds: float = 0.0
    status: int = 0
    code: str = ""
    lost: bool = False
    broken: bool = False


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """Nothing."""


class ObjectStore:
    """The store. `fault` says what goes wrong with a request; `counts` how often each method was asked for."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server: Any = None
        self._port = 0
        self._down = True
        self._numbers = itertools.count(1)
        # moto looks whether an object is there, then puts it: at once, here, as a store does.
        self._one_writer = threading.Lock()
        self._buckets = itertools.count(1)
        self.fault: Callable[[Request], Fault | None] = lambda _: None
        self.counts: Counter[str] = Counter()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        return CREDENTIALS | {"AWS_ENDPOINT_URL": self.endpoint}

    def start(self) -> None:
        """Listens, after the first time on the same port."""
        self._down = False
        self._server = make_server(
            "127.0.0.1", self._port, self._answer, threaded=True, request_handler=_Quiet
        )
        self._port = self._server.port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Refuses connections, and breaks those that are open."""
        self._down = True
        self._server.shutdown()
        self._server.server_close()

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=CREDENTIALS["AWS_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def bucket(self) -> str:
        """A new bucket."""
        name = f"bucket-{next(self._buckets)}-{mock_random.get_random_hex(6)}"
        self.client().create_bucket(Bucket=name)
        return name

    def keys(self, bucket: str) -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(each["Key"] for page in pages for each in page.get("Contents", []))

    def download(self, bucket: str, folder: Path) -> Path:
        """All objects, as files: to look at them without our own code."""
        client = self.client()
        for key in self.keys(bucket):
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(path))
        return folder

    def age(self, bucket: str, by: timedelta) -> None:
        """Makes all objects of a bucket older."""
        for key in s3_backends["123456789012"]["aws"].buckets[bucket].keys.values():
            key.last_modified -= by

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(
            next(self._numbers),
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ.get("HTTP_IF_NONE_MATCH") == "*",
        )
        self.counts[request.method] += 1
        fault = Fault(broken=True) if self._down else self.fault(request) or Fault()
        time.sleep(fault.seconds)
        if fault.broken:
            return _broken(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if fault.status:
            environ["wsgi.input"].read(length)
            return _error(fault, request, start)
        told = _nobody if fault.lost else start
        if request.method in {"PUT", "POST", "DELETE"}:
            with self._one_writer:
                answer = list(self._app(environ, told))
        else:
            answer = list(self._app(environ, told))
        return _broken(environ, start) if fault.lost else answer


def _nobody(*_: object) -> None:
    """Takes the head of an answer that nobody gets."""


def _error(fault: Fault, request: Request, start: Callable[..., Any]) -> Iterable[bytes]:
    body = (
        f"<Error><Code>{fault.code}</Code><Message>made up</Message>"
        f"<Resource>{escape(request.path)}</Resource></Error>"
    ).encode()
    headers = [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))]
    start(f"{fault.status} {fault.code}", headers)
    return [] if request.method == "HEAD" else [body]


def _broken(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    start("500 broken", [("Content-Length", "0")])
    return []
