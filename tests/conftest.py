"""What all tests share: a pseudonym key of their own, and no telemetry."""

import os
from pathlib import Path

import pytest

from tests.pipelines.serving.tiny_server import (  # noqa: F401 - fixtures
    shared_folder,
    tiny_model,
    tiny_server,
    vllm_python,
)

os.environ["AFFECTMINE_KEY"] = "0123456789abcdef" * 4  # workers are spawned: they inherit it
os.environ["GX_ANALYTICS_ENABLED"] = "false"

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    """The real corpora, where there are any."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return SHARED
