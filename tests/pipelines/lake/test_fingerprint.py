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


def test_every_key_is_described() -> None:
    from pydantic import BaseModel

    def undescribed(model: type[BaseModel], path: str) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            kinds = [field.annotation, *getattr(field.annotation, "__args__", ())]
            nested = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
            for each in nested:
                found += undescribed(each, f"{path}{name}.")
            if not nested and not field.description and name not in OBVIOUS:
                found.append(f"{path}{name}")
        return found

    assert undescribed(RunConfig, "") == []


# Keys whose name is the record column of the same name, described in the data contract.
OBVIOUS = {
    "id", "conversation_id", "turn", "speaker", "role", "start_ms", "end_ms", "lang", "domain",
    "task", "taxonomy", "labeler",
}  # fmt: skip
