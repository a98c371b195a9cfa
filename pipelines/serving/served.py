"""What the servers serve: asked of each replica before any call."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson

from pipelines.serving.addresses import Address
from pipelines.serving.backoff import pause
from pipelines.serving.calls import ServedModel
from pipelines.serving.transport import Transport
from schemas.errors import ConfigError, TransientError

_TRIES: Final = 3
_SHOWN: Final = 10


async def served_model(transport: Transport, addresses: list[Address], model: str) -> ServedModel:
    """The model named `model`, with the shortest context of all replicas that answer.

    Raises ConfigError when one of them does not serve it, and TransientError when none answers.
    """
    lengths = await asyncio.gather(*(_length(transport, each, model) for each in addresses))
    known = [length for length in lengths if length is not None]
    if not known:
        names = ", ".join(each.label for each in addresses)
        raise TransientError(
            f"No language-model server answers at {names}.",
            remedy="Start it (affectmine serve), or correct urls in the labeler file.",
        )
    return ServedModel(model, min(known))


async def _length(transport: Transport, address: Address, model: str) -> int | None:
    """The context length of `model` at one replica; None when it does not answer."""
    status, body = 0, b""
    for attempt in range(1, _TRIES + 1):
        status, body = await transport.get(address, "/v1/models")
        if 0 < status < 500 and status != 429:
            break
        if attempt < _TRIES:
            await asyncio.sleep(pause(attempt, 0))
    else:
        return None
    if status in (401, 403):
        raise ConfigError(
            f"The server {address.label} refuses our key ({status}).",
            remedy="Put the key into the environment variable that api_key_env of the labeler file names.",
        )
    models = _models(body) if status == 200 else None
    if models is None:
        raise ConfigError(
            f"The server {address.label} lists no models at /v1/models ({status}).",
            remedy="Point urls of the labeler file at a vLLM server.",
        )
    if model not in models:
        names = ", ".join([*models][:_SHOWN]) or "nothing"
        raise ConfigError(
            f"The server {address.label} does not serve {model!r}; it serves: {names}.",
            remedy="Correct model in the labeler file, or --served-model-name of the server.",
        )
    length = models[model]
    if not isinstance(length, int) or length < 1:
        raise ConfigError(
            f"The server {address.label} does not tell the context length (max_model_len) of {model!r}.",
            remedy="Point urls of the labeler file at a vLLM server.",
        )
    return length


def _models(body: bytes) -> dict[str, Any] | None:
    """Context lengths by model, as a server tells them; None when it is no list of models."""
    try:
        data = orjson.loads(body)["data"]
        return {str(each["id"]): each.get("max_model_len") for each in data}
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
