"""Taxonomy: the labels a task may answer with, as data (`schemas/taxonomies/*.yaml` or a file)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.spec_file import load_spec, shipped_names

_PACKAGE = "schemas.taxonomies"


class Label(BaseModel):
    """One label: its name as written in every dataset, and what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    definition: str = ""


class Taxonomy(BaseModel):
    """Ordered labels, and how they translate into other taxonomies.

    `neutral` names the label that says "none of the others" (None: the taxonomy has none).
    `mappings` holds, per target taxonomy, the target label of each of our labels; a label that is
    left out has no counterpart there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    source: str = ""
    license: str = ""
    neutral: str | None = None
    labels: tuple[Label, ...] = Field(min_length=1)
    mappings: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Label names in order."""
        return tuple(label.name for label in self.labels)

    @model_validator(mode="after")
    def _consistent(self) -> Taxonomy:
        mistakes = [
            f"label {name!r} is listed {n} times"
            for name, n in Counter(self.names).items()
            if n > 1
        ]
        if self.neutral is not None and self.neutral not in self.names:
            mistakes.append(f"neutral is {self.neutral!r}, which is not among the labels")
        for target, mapping in self.mappings.items():
            mistakes += [
                f"mapping to {target}: {name!r} is not a label"
                for name in mapping
                if name not in self.names
            ]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def taxonomy_names() -> list[str]:
    """Names of the taxonomies that ship with the package."""
    return shipped_names(_PACKAGE)


def load_taxonomy(name_or_path: str | Path) -> Taxonomy:
    """Load a shipped taxonomy by name or a user's by path; ConfigError lists every mistake."""
    return load_spec(name_or_path, _PACKAGE, Taxonomy, "taxonomy")
