"""A suite: what must hold for a dataset before it is published, as data
(`schemas/expectations/*.yaml`).
"""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.config.base import Config
from schemas.datasets import DATASETS
from schemas.errors import ConfigError
from schemas.expectations.supported import KINDS
from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.expectations"
_NOUN = "expectation suite"
_NAME = r"^[a-z][a-z0-9_]{0,62}$"

Severity = Literal["critical", "warning"]


class Expectation(Config):
    """One expectation: of which kind, about which columns, how bad it is when it fails, and why it
    is there.
    """

    id: str = Field(pattern=_NAME, description="names the expectation in results")
    type: str = Field(description="a kind listed in schemas/expectations/supported.py")
    column: str | None = Field(None, description="the column it is about")
    columns: tuple[str, ...] = Field((), description="the columns, for kinds that take several")
    parameters: dict[str, Any] = Field(default_factory=dict, description="what the kind takes")
    severity: Severity = Field(description="critical blocks publication, warning reports")
    why: str = Field(min_length=10, description="one sentence: what goes wrong where this fails")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        kind = KINDS.get(self.type)
        if kind is None:
            raise ValueError(
                f"{self.id}: there is no expectation {self.type!r}{_hint(self.type, KINDS)}"
            )
        mistakes = [
            f"{self.type} takes no parameter {name!r}{_hint(name, kind.parameters)}"
            for name in sorted(self.parameters.keys() - kind.parameters)
        ]
        mistakes += [
            f"{self.type} needs the parameter {name!r}"
            for name in sorted(kind.required - self.parameters.keys())
        ]
        if kind.target == "column" and not self.column:
            mistakes.append(f"{self.type} needs a column")
        if kind.target != "column" and self.column:
            mistakes.append(f"{self.type} takes no column")
        wanted = {"pair": "two columns", "columns": "two columns or more"}.get(kind.target)
        if wanted and (len(self.columns) < 2 or (kind.target == "pair" and len(self.columns) > 2)):
            mistakes.append(f"{self.type} needs {wanted}")
        if not wanted and self.columns:
            mistakes.append(f"{self.type} takes no list of columns")
        mistakes += [
            f"{name} must be SQL text"
            for name in ("sql", "rule", "among")
            if name in self.parameters and not isinstance(self.parameters[name], str)
        ]
        if mistakes:
            raise ValueError(f"{self.id}: " + "; ".join(mistakes))
        return self

    @property
    def about(self) -> str | None:
        """The column or columns, for tables and pages."""
        return self.column or (", ".join(self.columns) or None)


class Suite(Config):
    """The expectations for one dataset.

    A file of the user replaces ours, or extends it: with `extends: clean`, an expectation of the
    same id takes the place of ours, one in `remove` goes, all others are added. `derive` adds
    columns, as SQL over a row. `tables` names the small tables that the caller must hand in (such
    as the labels of the taxonomies in use).
    """

    suite: str = Field(pattern=_NAME, description="name of the suite")
    dataset: str = Field(description="the dataset that it is for")
    version: int = Field(ge=1, description="goes up when the meaning changes")
    extends: str | None = Field(None, description="a suite of ours that this one changes")
    remove: tuple[str, ...] = Field((), description="ids of the extended suite that do not apply")
    derive: dict[str, str] = Field(default_factory=dict, description="further columns, as SQL")
    tables: tuple[str, ...] = Field((), description="tables that the caller must hand in")
    expectations: tuple[Expectation, ...] = Field((), description="what must hold")

    @field_validator("dataset")
    @classmethod
    def _known_dataset(cls, name: str) -> str:
        if name not in DATASETS:
            raise ValueError(f"there is no dataset {name!r}{_hint(name, DATASETS)}")
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        counts = Counter(expectation.id for expectation in self.expectations)
        mistakes = [f"the id {name!r} is used {n} times" for name, n in counts.items() if n > 1]
        if self.remove and self.extends is None:
            mistakes.append("remove needs extends")
        if self.extends is None and not self.expectations:
            mistakes.append("a suite needs expectations")
        if mistakes:
            raise SeveralError(mistakes)
        return self


def suite_names() -> list[str]:
    """Names of the suites that ship with the package."""
    return shipped_names(_PACKAGE)


def load_suite(name_or_path: str | Path) -> Suite:
    """A shipped suite by name, or a user's by file path, with what it extends merged in.

    Raises ConfigError with every mistake of the file at once.
    """
    suite = load_spec(name_or_path, _PACKAGE, Suite, _NOUN)
    if suite.extends is None:
        return suite
    base = load_spec(suite.extends, _PACKAGE, Suite, _NOUN)
    return _merge(base, suite, str(name_or_path))


def _merge(base: Suite, own: Suite, where: str) -> Suite:
    ids = [expectation.id for expectation in base.expectations]
    mistakes = [
        f"  remove: {base.suite} has no expectation {name!r}{_hint(name, ids)}"
        for name in own.remove
        if name not in ids
    ]
    if base.extends is not None:
        mistakes.append(
            f"  extends: {base.suite} itself extends another suite; one step is the limit"
        )
    if base.dataset != own.dataset:
        mistakes.append(f"  dataset: {base.suite} is for {base.dataset}, not {own.dataset}")
    if mistakes:
        raise ConfigError(
            f"The {_NOUN} file {where} has {len(mistakes)} mistake(s):\n" + "\n".join(mistakes)
        )
    merged = {expectation.id: expectation for expectation in base.expectations}
    merged.update({expectation.id: expectation for expectation in own.expectations})
    kept = tuple(item for name, item in merged.items() if name not in own.remove)
    if not kept:
        raise ConfigError(f"The {_NOUN} file {where} removes every expectation.")
    return own.model_copy(
        update={
            "expectations": kept,
            "derive": {**base.derive, **own.derive},
            "tables": tuple(dict.fromkeys((*base.tables, *own.tables))),
        }
    )


def _hint(name: str, known: object) -> str:
    names = sorted(str(item) for item in known) if hasattr(known, "__iter__") else []
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {', '.join(close)}?"
    return f"; known: {', '.join(names)}" if names and len(names) <= 12 else ""
