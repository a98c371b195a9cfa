"""Whether a value is what a JSON schema of ours allows, and what is wrong if not."""

from __future__ import annotations

from typing import Any


def wrong(value: Any, schema: dict[str, Any], at: str = "the answer") -> str | None:
    """What is wrong with `value`, in words that do not quote it; None if nothing is.

    Knows just what `answer_schema` writes: objects, arrays, strings, integers, booleans, enum, anyOf with null.
    """
    if "anyOf" in schema:
        return None if value is None else wrong(value, schema["anyOf"][0], at)
    kind = schema["type"]
    if kind == "object":
        return _object(value, schema, at)
    if kind == "array":
        if not isinstance(value, list):
            return f"{at} must be a list"
        if len(value) > schema["maxItems"]:
            return f"{at} has more than {schema['maxItems']} entries"
        each = (wrong(entry, schema["items"], f"an entry of {at}") for entry in value)
        return next((found for found in each if found), None)
    if kind == "boolean":
        return None if isinstance(value, bool) else f"{at} must be true or false"
    if kind == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{at} must be a whole number"
        low, high = schema["minimum"], schema["maximum"]
        return None if low <= value <= high else f"{at} must lie between {low} and {high}"
    return _string(value, schema, at)


def _object(value: Any, schema: dict[str, Any], at: str) -> str | None:
    if not isinstance(value, dict):
        return f"{at} must be a JSON object"
    properties = schema["properties"]
    missing = [name for name in properties if name not in value]
    if missing:
        return f"{at} lacks {', '.join(missing)}"
    if len(value) > len(properties):
        return f"{at} has keys that were not asked for"
    each = (wrong(value[name], of, f'"{name}"') for name, of in properties.items())
    return next((found for found in each if found), None)


def _string(value: Any, schema: dict[str, Any], at: str) -> str | None:
    if not isinstance(value, str):
        return f"{at} must be a string"
    if "enum" in schema:
        return None if value in schema["enum"] else f"{at} is not among what was offered"
    if len(value) < schema.get("minLength", 0):
        return f"{at} is empty"
    if len(value) > schema["maxLength"]:
        return f"{at} is longer than {schema['maxLength']} characters"
    return None
