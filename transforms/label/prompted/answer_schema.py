"""The JSON schema of an answer: closed, ordered and bounded, so that what a model writes under it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from schemas.answer_field import AnswerField
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

STEPS: Final = 100
"""Numbers are asked as integers from 0 to so many, and brought to their range afterwards."""
MAX_WORDS: Final = 8
MAX_WORD_CHARS: Final = 40
_MAX_LABELS: Final = 8
_MAX_ANSWER_TOKENS: Final = 2_048
_SHORT: Final = 256


def json_schema(
    task: LabelTask, taxonomy: Taxonomy, labels: Sequence[str] | None = None
) -> dict[str, Any]:
    """What an answer to `task` must be; `labels` are those of the taxonomy in the order in which they are shown."""
    names = list(taxonomy.names if labels is None else labels)
    properties = _main(task, taxonomy, names)
    for field in task.fields:
        properties[field.name] = _field(field, names, task.context.turns)
    return _object(properties)


def fields_schema(fields: Sequence[AnswerField]) -> dict[str, Any]:
    """What an answer that has `fields` alone must be."""
    return _object({field.name: _field(field, [], 0) for field in fields})


def answer_tokens(schema: dict[str, Any]) -> int:
    """The most tokens of an answer under a schema."""
    # Short answers may need a token a character (odd names, small vocabularies); long ones never do.
    most = longest(schema)
    return min(_MAX_ANSWER_TOKENS, max(min(most, _SHORT), most // 2) + 16)


def longest(schema: dict[str, Any]) -> int:
    """The characters of the longest answer that a schema allows, counting each character of a string once."""
    if "anyOf" in schema:
        return max(longest(each) for each in schema["anyOf"])
    if "enum" in schema:
        return max(len(json.dumps(each, ensure_ascii=False)) for each in schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return 2 + sum(len(name) + 4 + longest(each) for name, each in schema["properties"].items())
    if kind == "array":
        return 2 + int(schema["maxItems"]) * (longest(schema["items"]) + 1)
    if kind == "string":
        return int(schema["maxLength"]) + 2
    if kind == "integer":
        return max(len(str(schema[bound])) for bound in ("minimum", "maximum"))
    return len("false")


def _main(task: LabelTask, taxonomy: Taxonomy, names: list[str]) -> dict[str, Any]:
    if task.answer == "labels" and taxonomy.exclusive:
        return {"label": {"type": "string", "enum": names}}
    if task.answer == "labels":
        most = min(len(names), task.max_labels or _MAX_LABELS)
        return {"labels": _array({"type": "string", "enum": names}, most)}
    if task.answer == "scalars":
        return {name: _integer(0, STEPS) for name in names}
    if task.answer == "ordinals":
        low, high = levels_of(taxonomy)
        return {name: _integer(low, high) for name in names}
    if task.answer == "words":
        word = {"type": "string", "minLength": 1, "maxLength": MAX_WORD_CHARS}
        return {"words": _array(word, task.max_labels or MAX_WORDS)}
    return {}


def levels_of(taxonomy: Taxonomy) -> tuple[int, int]:
    """The least and the greatest level of a taxonomy of ordinals."""
    low, high = taxonomy.range or (0, 3)
    return int(low), int(high)


def _field(field: AnswerField, names: list[str], turns: int) -> dict[str, Any]:
    schema = _kind(field, names, turns)
    return {"anyOf": [schema, {"type": "null"}]} if field.optional else schema


def _kind(field: AnswerField, names: list[str], turns: int) -> dict[str, Any]:
    if field.kind == "label":
        return {"type": "string", "enum": names}
    if field.kind == "choice":
        return {"type": "string", "enum": list(field.choices)}
    if field.kind == "level":
        assert field.range is not None
        return _integer(int(field.range[0]), int(field.range[1]))
    if field.kind == "number":
        return _integer(0, STEPS)
    if field.kind == "flag":
        return {"type": "boolean"}
    if field.kind == "turn":
        return _integer(0, turns)
    if field.kind == "items":
        inner = {each.name: _field(each, names, turns) for each in field.fields}
        return _array(_object(inner), field.max_items)
    return {"type": "string", "minLength": 1, "maxLength": field.max_chars}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


def _integer(low: int, high: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high}
