"""Tables that recipes draw from (personas, domains, progressions, strategies): CSV files, ours or the user's."""

from __future__ import annotations

import csv
import io
from importlib import resources
from pathlib import Path

from schemas.errors import ConfigError

_PACKAGE = "schemas.recipes.tables"
Table = tuple[dict[str, str], ...]


def table_names() -> list[str]:
    """Names of the tables that ship with the package, sorted."""
    files = resources.files(_PACKAGE).iterdir()
    return sorted(each.name.removesuffix(".csv") for each in files if each.name.endswith(".csv"))


def load_table(name: str, base: Path) -> Table:
    """The rows of a table as texts by column: a shipped one by name, a user's by its path from the folder `base`.

    Raises ConfigError: no such table, no rows, a row that is longer or shorter than the first line.
    """
    if name.endswith(".csv"):
        path = base / name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The table {path} cannot be read: {error}.") from None
    elif name in table_names():
        text = (resources.files(_PACKAGE) / f"{name}.csv").read_text(encoding="utf-8")
    else:
        raise ConfigError(
            f"There is no table named {name!r}.",
            remedy=f"Known: {', '.join(table_names())}. For one of your own, give its path, ending in .csv.",
        )
    reader = csv.DictReader(io.StringIO(text), restkey="", strict=True)
    rows: list[dict[str, str]] = []
    try:
        for row in reader:
            if "" in row or None in row.values():
                raise ConfigError(
                    f"The table {name} has another number of columns in line {reader.line_num} than in its first."
                )
            rows.append({column: value.strip() for column, value in row.items()})
    except csv.Error as error:
        raise ConfigError(f"The table {name} is no CSV: {error}.") from None
    if not rows:
        raise ConfigError(f"The table {name} has no rows.")
    return tuple(rows)
