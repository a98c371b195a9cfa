"""Config models: strict, and each key declared semantic (it changes what comes out) or operational."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Config(BaseModel):
    """Base of every config model: unknown keys are mistakes, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def operational(default: Any = ..., **kwargs: Any) -> Any:
    """A key that changes how a run goes, never what comes out: it stays out of fingerprints."""
    return Field(default, json_schema_extra={"operational": True}, **kwargs)


def semantic(model: BaseModel) -> dict[str, Any]:
    """The semantic keys of a config model, as plain JSON values: what enters a fingerprint."""
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get("operational"):
            continue
        value = getattr(model, name)
        found[name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return semantic(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
