from typing import Any

import pytest

from schemas.config.base import semantic
from schemas.config.run import RunConfig

BASE: dict[str, Any] = {
    "corpora": [
        {
            "name": "c",
            "domain": "social",
            "license": "CC0-1.0",
            "sources": ["a.jsonl"],
            "columns": {"text": "body"},
        }
    ]
}


def meaning(**changes: Any) -> dict[str, Any]:
    return semantic(RunConfig.model_validate(BASE | changes))


def test_operational_keys_do_not_count() -> None:
    base = meaning()
    assert meaning(lake="elsewhere") == base
    assert meaning(engine={"workers": 7, "memory_limit": "2GB", "retries": 0}) == base
    moved = [BASE["corpora"][0] | {"sources": ["b.jsonl"]}]
    assert meaning(corpora=moved) == base  # which files there are is in the shards, not the config


@pytest.mark.parametrize(
    "change",
    [
        {"corpora": [BASE["corpora"][0] | {"columns": {"text": "body", "id": "id"}}]},
        {"corpora": [BASE["corpora"][0] | {"domain": "clinical"}]},
        {"corpora": [BASE["corpora"][0] | {"bots": ["somebot"]}]},
        {"ingest": {"record_bytes": 2048}},
        {"label": [{"taxonomy": "ekman"}]},
    ],
)
def test_semantic_keys_count(change: dict[str, Any]) -> None:
    assert meaning(**change) != meaning()
