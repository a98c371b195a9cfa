"""The students that ship: which model answers which task in which taxonomy."""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Final

from transforms.label.student.weights import StudentWeights, load_heads, load_weights

if TYPE_CHECKING:
    from schemas.taxonomy import Taxonomy

SHIPPED: Final = "emotion-goemotions"
_SUFFIX: Final = ".safetensors"


@cache
def shipped_names() -> tuple[str, ...]:
    """Names of the models in the package, sorted."""
    files = resources.files("transforms.label.student") / "models"
    return tuple(
        sorted(f.name.removesuffix(_SUFFIX) for f in files.iterdir() if f.name.endswith(_SUFFIX))
    )


@cache
def shipped(name: str) -> StudentWeights:
    """Load a model of the package, once per process."""
    with resources.as_file(_file(name, _SUFFIX)) as path:
        return load_weights(path)


def shipped_for(task: str, taxonomy: Taxonomy) -> tuple[StudentWeights, ...]:
    """The models that answer a task in a taxonomy with just its labels; those of the fewest languages, the
    specialists, first.
    """
    names = [
        name
        for name, heads in _heads().items()
        if heads.get(taxonomy.name) == (task, taxonomy.names)
    ]
    models = [shipped(name) for name in names]
    return tuple(sorted(models, key=lambda model: (len(model.languages), model.version)))


def answered() -> dict[str, list[str]]:
    """Taxonomies by task that the models of the package answer in."""
    found: dict[str, list[str]] = {}
    for heads in _heads().values():
        for taxonomy, (task, _) in heads.items():
            if taxonomy not in found.setdefault(task, []):
                found[task].append(taxonomy)
    return {task: sorted(found[task]) for task in sorted(found)}


def model_card(name: str = SHIPPED) -> str:
    """Read a shipped model's card (Markdown)."""
    return _file(name, ".md").read_text(encoding="utf-8")


@cache
def _heads() -> dict[str, dict[str, tuple[str, tuple[str, ...]]]]:
    found = {}
    for name in shipped_names():
        with resources.as_file(_file(name, _SUFFIX)) as path:
            found[name] = load_heads(path)
    return found


def _file(name: str, suffix: str) -> Traversable:
    return resources.files("transforms.label.student") / "models" / (name + suffix)
