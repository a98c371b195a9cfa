"""What a mart is: a table computed from all labels of a lake, with its formula and where that comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.spec_file import load_spec, shipped_names
from schemas.yaml_mistakes import SeveralError

_PACKAGE = "schemas.marts"


class MartColumn(BaseModel):
    """One column, in the words of DuckDB: `type` as in a CAST."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: Literal["VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "BOOLEAN", "VARCHAR[]"]
    description: str = Field(min_length=1)


class Mart(BaseModel):
    """A mart. Its SQL is the file of the same name in `transforms/sql/marts`.

    - `kind`: `label` is computed from labels alone; `text` also reads what people wrote.
    - `reads`: the base tables that the SQL names (see `pipelines.marts`).
    - `parameters`: numbers that stand in the SQL as `$name`.
    - `version` goes up when the same labels give other rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: str = Field(min_length=1)
    kind: Literal["label", "text"]
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    formula: str = Field(min_length=1)
    source: str = Field(min_length=1)
    reads: tuple[str, ...] = Field(min_length=1)
    columns: tuple[MartColumn, ...] = Field(min_length=1)
    parameters: dict[str, int | float] = Field(default_factory=dict)
    note: str = ""

    @property
    def view(self) -> str:
        """Its name in SQL."""
        return f"mart_{self.name}"

    @model_validator(mode="after")
    def _consistent(self) -> Mart:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SeveralError([f"column {name!r} is listed twice" for name in twice])
        return self


def mart_names() -> list[str]:
    """Names of the marts, sorted."""
    return shipped_names(_PACKAGE)


def load_mart(name: str) -> Mart:
    """A mart by its name. Raises ConfigError for an unknown one, with what was probably meant."""
    return load_spec(name, _PACKAGE, Mart, "mart")
