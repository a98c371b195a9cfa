"""The plan of a synthesis: which labels, which rows of tables and which seed each item gets.

Everything is a function of the plan's seed and the item's number: an item is the same whichever shard or machine makes
it. A plan of more items gives the first ones other labels (labels are balanced over all of them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from schemas.recipe_table import Table
from schemas.taxonomy import Taxonomy

_LIST = ">"


def planned_counts(
    labels: Sequence[str], items: int, have: Mapping[str, int] | None = None
) -> dict[str, int]:
    """How many of `items` each label gets: as many each, or so that with what we `have` all have as many.

    Without enough items to level all, those that have least are filled first, to one level. What is left over by
    division goes to the first ones. The counts sum up to `items`.
    """
    order = sorted(labels, key=lambda label: (have or {}).get(label, 0))
    level_of = [(have or {}).get(label, 0) for label in order]
    wanted = items
    count = len(order)
    for place in range(1, len(order)):
        step = (level_of[place] - level_of[place - 1]) * place
        if step >= wanted:
            count = place
            break
        wanted -= step
    base = level_of[count - 1] + wanted // count
    more = wanted % count
    given = dict.fromkeys(labels, 0)
    for place, label in enumerate(order[:count]):
        given[label] = base - level_of[place] + (place < more)
    return given


def label_numbers(counts: Mapping[str, int], seed: int) -> np.ndarray:
    """The place of each item's label among `counts`, shuffled: int16 of shape (items,)."""
    numbers = np.repeat(np.arange(len(counts), dtype=np.int16), list(counts.values()))
    return np.random.default_rng(seed).permutation(numbers)


def drawn(seed: int, what: str, item: int, among: int) -> int:
    """A number below `among`: uniform, and always the same for an item."""
    digest = blake2b(f"{seed}\0{what}\0{item}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % among


def label_variables(
    name: str, label: str, taxonomy: Taxonomy, seed: int, item: int
) -> dict[str, str]:
    """`{name}`, `{name.definition}` and `{name.opposite}`: the opposite in the taxonomy, else another label."""
    definition = next(each.definition for each in taxonomy.labels if each.name == label)
    opposite = next(
        (other for pair in taxonomy.opposites for one, other in (pair, pair[::-1]) if one == label),
        None,
    )
    if opposite is None:
        others = [each for each in taxonomy.names if each not in (label, taxonomy.neutral)]
        opposite = others[drawn(seed, f"{name}.opposite", item, len(others))] if others else label
    return {name: label, f"{name}.definition": definition or label, f"{name}.opposite": opposite}


def table_variables(name: str, table: Table, seed: int, item: int) -> dict[str, str]:
    """`{name.column}` of the row that an item draws."""
    row = table[drawn(seed, name, item, len(table))]
    return {f"{name}.{column}": value for column, value in row.items()}


def turn_entry(listed: str, turn: int, turns: int) -> str:
    """The entry of turn `turn` (from 0) in a list such as `fear > relief`, stretched evenly over all `turns`."""
    entries = [each.strip() for each in listed.split(_LIST)]
    return entries[min(len(entries) - 1, turn * len(entries) // turns)]
