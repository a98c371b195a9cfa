"""Verdicts: what an HTTP answer of vLLM's server means for the call that it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from schemas.errors import ConfigError

Kind = Literal["answer", "failed", "busy", "late", "refused", "terminal"]

_WORD = re.compile(r"[A-Za-z0-9_.\[\]-]+(?: [A-Za-z0-9_.\[\]-]+)?")
_NO_KEY = "Put the key into the environment variable that api_key_env of the labeler file names."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one try came to.

    `answer`: `content` is JSON. Transient: `failed`, `busy` (the server has too much to do: 503, 429), `late` (the
    deadline). `refused`: this call would fail again. `terminal`: so would every call, for the reason `error`.
    `detail` holds classes and numbers, never a message of the server: it may quote the prompt. `wait`: seconds that
    the server asks for.
    """

    kind: Kind
    content: bytes | None = None
    detail: str = ""
    wait: float = 0.0
    error: ConfigError | None = None


def judge(status: int, body: bytes, wait: float, replica: str, path: str) -> Verdict:
    """The verdict on an answer with `status` and `body` that `replica` gave at `path`."""
    if status == 200:
        if _is_object(body):
            return Verdict("answer", body)
        return Verdict("failed", detail="200, not JSON", wait=wait)
    if status in (429, 503):
        return Verdict("busy", detail=str(status), wait=wait)
    if status >= 500 or status == 408 or 200 < status < 300:
        return Verdict("failed", detail=str(status), wait=wait)
    mistake = _mistake(body)
    detail = " ".join([str(status), *(f"{key}={value}" for key, value in mistake.items())])
    if status in (401, 403):
        return _terminal(f"The server {replica} refuses our key ({status}).", _NO_KEY, detail)
    if status == 404 and mistake.get("param") == "model":
        return _terminal(
            f"The server {replica} does not serve the model that is asked for (404).",
            "Compare model of the labeler file with what the server's /v1/models lists.",
            detail,
        )
    if status == 405 or (status == 404 and not mistake):
        return _terminal(
            f"The server {replica} has no endpoint {path} ({status}).",
            "Check urls of the labeler file; vLLM 0.26 or newer is needed.",
            detail,
        )
    if status < 400:
        return _terminal(
            f"The server {replica} sends us elsewhere ({status}), which is not followed.",
            "Give the final address in urls of the labeler file.",
            detail,
        )
    return Verdict("refused", detail=detail)


def _terminal(message: str, remedy: str, detail: str) -> Verdict:
    return Verdict("terminal", detail=detail, error=ConfigError(message, remedy=remedy))


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def _mistake(body: bytes) -> dict[str, str]:
    """Type and param of vLLM's error JSON, where they are names: at most two short words, so no prose."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    error = found.get("error") if isinstance(found, dict) else None
    if not isinstance(error, dict):
        return {}
    told = {key: error.get(key) for key in ("type", "param", "code")}
    return {
        key: str(value).replace(" ", "")
        for key, value in told.items()
        if isinstance(value, str) and len(value) <= 64 and _WORD.fullmatch(value)
    }
