"""What the tests of the HTTP client share."""

import pytest

from pipelines.serving.http_backend import HttpBackend
from schemas.language_model import LanguageModel

CANARY = "zebra-canary-4711"  # in texts that must turn up nowhere else


def backend(*urls: str, key: str | None = None, **changes: object) -> HttpBackend:
    """A client of `urls`."""
    settings = {"name": "t", "model": "echo", "revision": "1", "urls": urls, "deadline": 5.0}
    return HttpBackend(LanguageModel.model_validate({**settings, **changes}), key)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a fiftieth of their length."""
    monkeypatch.setattr("pipelines.serving.backoff.FIRST", 0.01)
    monkeypatch.setattr("pipelines.serving.health._FIRST_PAUSE", 0.01)
