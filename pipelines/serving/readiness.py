"""Whether a server is ready: it says that it is well, and it has answered one real question."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from pipelines.serving.calls import CHAT
from schemas.errors import ConfigError

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by a proxy


def healthy(url: str, timeout: float = 2.0) -> bool:
    """Whether the server at `url` says that it is well. It may still be unable to answer."""
    try:
        with _OPENER.open(f"{url}/health", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def answers(url: str, model: str, key: str | None = None, timeout: float = 60.0) -> bool:
    """Whether the server answers a chat of one word with one token.

    Raises ConfigError when it refuses: then it would refuse every question (no chat template, another name).
    """
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
    try:
        answer = _post(url + CHAT, {**body, "temperature": 0}, key, timeout)
    except urllib.error.HTTPError as error:
        if error.code in {400, 401, 403, 404, 422}:
            raise ConfigError(
                f"The server at {url} is up but refuses a plain chat (HTTP {error.code}): {_said(error)}",
                remedy="Serve a model that was tuned to follow instructions; a base model has no chat template "
                "(-- --chat-template FILE gives it one).",
            ) from None
        return False
    except (OSError, ValueError):
        return False
    return bool(answer.get("choices"))


def _post(url: str, body: dict[str, Any], key: str | None, timeout: float) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - ours
    with _OPENER.open(request, timeout=timeout) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _said(error: urllib.error.HTTPError) -> str:
    try:
        told = json.loads(error.read(4096))
        return str(told.get("error", {}).get("message", told))[:200]
    except (OSError, ValueError, AttributeError):
        return "no reason given"
