"""Addresses: where a replica is, and what it is called in messages (never with its credentials)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from schemas.errors import ConfigError

_PORTS = {"http": 80, "https": 443}
_REMEDY = (
    "Give the server's address alone, such as http://127.0.0.1:8000, in urls of the labeler file."
)


@dataclass(frozen=True, slots=True)
class Address:
    """A replica's base URL without /v1 and credentials, its host:port, and its Authorization header."""

    base: str
    label: str
    authorization: str | None


def parse_address(url: str, key: str | None) -> Address:
    """The address that `url` names; `key` beats a user and password in it.

    A trailing slash and /v1 are tolerated. Raises ConfigError, which quotes host and port at most:
    the rest of a URL may hold a secret.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("A server's URL cannot be read.", remedy=_REMEDY) from None
    if parts.scheme not in _PORTS or not host:
        raise ConfigError("A server's URL is not an http or https one.", remedy=_REMEDY)
    bare = f"[{host}]" if ":" in host else host
    label = f"{bare}:{port or _PORTS[parts.scheme]}"
    if parts.query or parts.fragment:
        raise ConfigError(f"The URL of {label} has a query or a fragment.", remedy=_REMEDY)
    authorization = None
    if key is not None:
        authorization = f"Bearer {key}"
    elif parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = f"Basic {b64encode(pair.encode()).decode()}"
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return Address(f"{parts.scheme}://{label}{path}", label, authorization)
