"""Writes the page of all config keys, from the models: `python -m schemas.config.document > docs/config.md`."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas.config.run import RunConfig

_HEAD = """# The config file

One YAML file says which corpora there are and what is done with them. Unknown keys are mistakes; all mistakes are
told at once, with their lines. `affectmine init --from FILE` writes a commented one. A *semantic* key changes what
comes out: it is part of the fingerprint of every shard that it touches, so changing it makes those shards anew. An
*operational* key changes only how the run goes.

This page is written by `python -m schemas.config.document`.

| key | kind | default | what it is |
|---|---|---|---|
"""


def document() -> str:
    """The page, as Markdown."""
    return _HEAD + "".join(f"{line}\n" for line in _rows(RunConfig, "", semantic=True))


def _rows(model: type[BaseModel], path: str, *, semantic: bool) -> Iterator[str]:
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra
        counts = semantic and not (isinstance(extra, dict) and extra.get("operational"))
        nested = _model(field.annotation)
        many = nested is not None and "tuple" in str(field.annotation)
        key = f"{path}{field.alias or name}" + ("[]" if many else "")
        kind = "semantic" if counts else "operational"
        told = (field.description or _summary(nested)).replace("|", "\\|")
        yield f"| `{key}` | {kind} | {_default(field)} | {told} |"
        if nested is not None:
            yield from _rows(nested, f"{key}.", semantic=counts)


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model(each))), None)


def _summary(model: type[BaseModel] | None) -> str:
    return (model.__doc__ or "").strip().splitlines()[0] if model else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None or field.default is PydanticUndefined:
        return ""
    if field.default is None or isinstance(field.default, BaseModel) or field.default == ():
        return ""
    if isinstance(field.default, tuple) and isinstance(field.default[0], BaseModel):
        return ""
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{value}`"


if __name__ == "__main__":
    print(document(), end="")
