"""Taxonomy: the labels a task may answer with, as data (`schemas/taxonomies/*.yaml` or a file)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.taxonomies"

Range = tuple[float, float]
Mapped = str | dict[str, float]


class Label(BaseModel):
    """One label: its name as written in every dataset, and what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    definition: str = ""


class Taxonomy(BaseModel):
    """Ordered labels, and how they translate into other taxonomies.

    - `source`: the paper, and where the list of labels was read; `experimental`: it could not be
      checked there.
    - `neutral`: the label that says "none of the others" (None: the taxonomy has none).
    - `exclusive`: exactly one label holds; else several may, or none.
    - `opposites`: pairs of labels, such as joy and sadness on Plutchik's wheel.
    - `parents`: in a taxonomy of several tiers, the label of the next higher tier, by label. A label
      without an entry is of the first tier.
    - `mappings`: per target taxonomy, what each of our labels is there: one label, or several with
      weights (`optimism: {anticipation: 0.5, joy: 0.5}`). A weight is above 0 and at most 1: the
      share of the label that the target gets. Several labels may have the same target; a label that
      is left out has no counterpart.
    - `range`: for answers that are numbers, the least and the greatest: (0, 1) for valence, (0, 3)
      for levels of intensity. `gold_range`: the same for gold, where its scale is another (EmoBank:
      1 to 5); gold is brought to `range` by a straight line before anything is computed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    source: str = ""
    license: str = ""
    experimental: bool = False
    neutral: str | None = None
    exclusive: bool = False
    labels: tuple[Label, ...] = Field(min_length=1)
    opposites: tuple[tuple[str, str], ...] = ()
    parents: dict[str, str] = Field(default_factory=dict)
    range: Range | None = None
    gold_range: Range | None = None
    mappings: dict[str, dict[str, Mapped]] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Label names in order."""
        return tuple(label.name for label in self.labels)

    def weights(self, target: str) -> dict[str, dict[str, float]]:
        """The mapping to a taxonomy as weights only: `{love: {joy: 1.0}}`.

        Raises KeyError when there is no mapping to `target`.
        """
        return {
            name: {mapped: 1.0} if isinstance(mapped, str) else dict(mapped)
            for name, mapped in self.mappings[target].items()
        }

    @model_validator(mode="after")
    def _consistent(self) -> Taxonomy:
        mistakes = [
            f"label {name!r} is listed {n} times"
            for name, n in Counter(self.names).items()
            if n > 1
        ]
        if self.neutral is not None and self.neutral not in self.names:
            mistakes.append(f"neutral is {self.neutral!r}, which is not among the labels")
        mistakes += _wrong_pairs(self.opposites, self.names)
        mistakes += _wrong_parents(self.parents, self.names)
        for key, bounds in (("range", self.range), ("gold_range", self.gold_range)):
            if bounds is not None and not -1e9 < bounds[0] < bounds[1] < 1e9:
                mistakes.append(f"{key} must be two numbers, the lower one first")
        if self.gold_range is not None and self.range is None:
            mistakes.append("gold_range is given without a range of answers")
        for target, mapping in self.mappings.items():
            mistakes += _wrong_mapping(target, mapping, self.names)
        if mistakes:
            raise SeveralError(mistakes)
        return self


def _wrong_pairs(pairs: Iterable[tuple[str, str]], names: tuple[str, ...]) -> Iterator[str]:
    for one, other in pairs:
        if one == other:
            yield f"opposites: {one!r} cannot be its own opposite"
        for name in (one, other):
            if name not in names:
                yield f"opposites: {name!r} is not a label"


def _wrong_parents(parents: Mapping[str, str], names: tuple[str, ...]) -> Iterator[str]:
    for child, parent in parents.items():
        for name in (child, parent):
            if name not in names:
                yield f"parents: {name!r} is not a label"
        if child in _ancestors(child, parents):
            yield f"parents: {child!r} is its own ancestor"


def _ancestors(name: str, parents: Mapping[str, str]) -> Iterator[str]:
    """The labels above one, the nearest first; each once, should they go in a circle."""
    seen: set[str] = set()
    while (name := parents.get(name, "")) and name not in seen:
        seen.add(name)
        yield name


def _wrong_mapping(
    target: str, mapping: Mapping[str, Mapped], names: tuple[str, ...]
) -> Iterator[str]:
    for name, mapped in mapping.items():
        if name not in names:
            yield f"mapping to {target}: {name!r} is not a label"
        if isinstance(mapped, dict):
            if not mapped:
                yield f"mapping to {target}: {name!r} has no target; leave it out"
            if any(not 0 < weight <= 1 for weight in mapped.values()):
                yield f"mapping to {target}: a weight of {name!r} is not above 0 and at most 1"


def taxonomy_names() -> list[str]:
    """Names of the taxonomies that ship with the package."""
    return shipped_names(_PACKAGE)


def load_taxonomy(name_or_path: str | Path) -> Taxonomy:
    """Load a shipped taxonomy by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, Taxonomy, "taxonomy")
