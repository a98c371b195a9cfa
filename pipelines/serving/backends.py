"""The backends of this process: one for each model and its servers, shared by all who ask, kept until the end."""

from __future__ import annotations

import atexit
import os
import threading

from pipelines.serving.calls import Backend
from schemas.errors import ConfigError
from schemas.language_model import LanguageModel

_lock = threading.Lock()
_open: dict[tuple[object, ...], Backend] = {}


def backend_of(model: LanguageModel) -> Backend:
    """The backend that answers for a model; made when it is first asked for.

    Raises ConfigError: the key's environment variable is not set; MissingExtraError: a library is missing.
    """
    place = _place(model)
    with _lock:
        if place not in _open:
            _open[place] = _made(model)
        return _open[place]


def drop_backend(model: LanguageModel) -> None:
    """Closes the backend of a model, which will answer nothing any more; the next question makes a new one."""
    with _lock:
        backend = _open.pop(_place(model), None)
    if backend is not None:
        backend.close()


def stop_backends(grace: float) -> None:
    """Tells all backends to take no more; what is in flight may finish within `grace` seconds. Then they are closed."""
    with _lock:
        backends = list(_open.values())
    for backend in backends:
        backend.stop(grace)
    close_backends()


@atexit.register
def close_backends() -> None:
    """Closes all; the next question opens new ones."""
    with _lock:
        backends = list(_open.values())
        _open.clear()
    for backend in backends:
        backend.close()


def _place(model: LanguageModel) -> tuple[object, ...]:
    return (
        (model.engine, model.model, model.revision, model.urls, model.api_key_env),
        (model.window, model.deadline, model.retries),
    )


def _made(model: LanguageModel) -> Backend:
    if model.engine == "in_process":
        from pipelines.serving.in_process import InProcessBackend

        return InProcessBackend(model)
    from pipelines.serving.http_backend import HttpBackend

    key = None
    if model.api_key_env is not None:
        key = os.environ.get(model.api_key_env)
        if not key:
            raise ConfigError(
                f"The environment variable {model.api_key_env} is not set.",
                remedy=f"The labeler {model.name} takes the key of its servers from it (api_key_env).",
            )
    return HttpBackend(model, key)
