"""Writes the pages of all keys, from the models: `python -m schemas.config.document > docs/config.md`, and for labeler
files `python -m schemas.config.document labeler > docs/labeler.md`.
"""

import sys
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas.config.run import RunConfig
from schemas.language_model import LanguageModel

_HEAD = """# The config file

One YAML file says which corpora there are and what is done with them. Unknown keys are mistakes; all mistakes are
told at once, with their lines. `affectmine init --from FILE` writes a commented one. A *semantic* key changes what
comes out: it is part of the fingerprint of every shard that it touches, so changing it makes those shards anew. An
*operational* key changes only how the run goes.

This page is written by `python -m schemas.config.document`.

"""
_LABELER_HEAD = """# The labeler file

A YAML file that says which language model answers, and how it is asked: a labeler like any other, named wherever one
is (`label --labeler`, `evaluate --labeler`, `labeler:` in a config). `affectmine serve MODEL` writes one. A *semantic*
key is part of the labeler's version: changing it asks anew. An *operational* key changes no answer.

```yaml
name: qwen3_8b
model: Qwen/Qwen3-8B
revision: b968826d9c46dd6066d109eabc6255188de91218
mode: score
urls: [http://127.0.0.1:8000]
price: {per_hour: 2.5}
```

This page is written by `python -m schemas.config.document labeler`.

"""
_TABLE = "| key | kind | default | what it is |\n|---|---|---|---|\n"


def document() -> str:
    """The page of config keys, as Markdown."""
    return _HEAD + _table(RunConfig)


def labeler_document() -> str:
    """The page of keys of a labeler file, as Markdown."""
    return _LABELER_HEAD + _table(LanguageModel)


def _table(model: type[BaseModel]) -> str:
    return _TABLE + "".join(f"{line}\n" for line in _rows(model, "", semantic=True))


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
    print(labeler_document() if "labeler" in sys.argv[1:] else document(), end="")
