"""The plan of a synthesis, shard by shard: seeds from the lake, labels in balance, rows of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from jobs.synthesize_ready import Budget, Ready
from pipelines.lake.lake import Lake
from pipelines.query.catalog import Catalog, open_catalog
from pipelines.stages.synthesize import SynthesizeTask
from pipelines.stages.synthesize_items import Plan
from pipelines.stages.synthesize_making import Making
from schemas.errors import ConfigError, TerminalError
from schemas.label_task import load_task
from transforms.synthesize.plan import (
    label_numbers,
    label_variables,
    planned_counts,
    table_variables,
)

PARTITION = "synthetic"
"""Of all generated rows: they are of no day."""

_SEEDS = """
WITH seeds AS (SELECT *, row_number() OVER () AS seed_number FROM ({sql})),
about AS (SELECT record_id, domain AS seed_domain, speaker AS seed_speaker FROM clean)
SELECT * FROM seeds JOIN about USING (record_id) {where} ORDER BY seed_number LIMIT {items}
"""
_OWN = ("seed_number", "seed_domain", "seed_speaker")


def label_counts(ready: Ready, files: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many items each label is planned for; empty where the recipe plans none.

    Raises ConfigError when `counts` gives other columns, TerminalError when it is no SELECT.
    """
    axis = ready.recipe.label_axis
    if axis is None:
        return {}
    strange = sorted(set(axis.without) - set(ready.taxonomy.names))
    if strange and ready.config.taxonomy is None:
        raise ConfigError(
            f"The axis {axis.name} goes without {', '.join(strange)}, which is no label.",
            remedy=f"The labels of {ready.taxonomy.name}: {', '.join(ready.taxonomy.names)}.",
        )
    labels = [name for name in ready.taxonomy.names if name not in axis.without]
    have: dict[str, int] | None = None
    if ready.config.counts is not None:
        with open_catalog(files, memory_limit=ready.config.memory_limit) as catalog:
            found = catalog.frame(ready.config.counts)
        if found.columns != ["label", "rows"]:
            raise ConfigError(
                f"counts gives the columns {', '.join(found.columns)}, not label and rows.",
                remedy="Write SELECT … AS label, count(*) AS rows … GROUP BY label.",
            )
        have = dict(found.iter_rows())
    return planned_counts(labels, ready.config.items, have)


def tasks(
    ready: Ready, lake: Lake, run_id: str, key_id: str, files: Mapping[str, Sequence[str]],
    budget: Budget,
) -> Iterator[SynthesizeTask]:  # fmt: skip
    """The shards, made one by one as they are taken.

    Raises TerminalError when the recipe has seeds and the lake none for it.
    """
    counts = label_counts(ready, files)
    labels = list(counts)
    numbers = label_numbers(counts, ready.config.seed) if counts else None
    making = Making(
        name=ready.config.name,
        recipe=ready.recipe,
        task=load_task(ready.recipe.task),
        taxonomy=ready.taxonomy,
        models=ready.models,
        checker=ready.checker,
        tables=ready.tables,
        rubrics=ready.rubrics,
        meaning=ready.meaning(),
        partition=PARTITION,
        clinical=ready.config.clinical,
        copies=ready.config.copies,
        memory_limit=ready.config.memory_limit,
        before=budget.check,
    )
    with open_catalog(files, memory_limit=ready.config.memory_limit) as catalog:
        seeds = _seeds(ready, catalog)
        shard = 0
        plans: list[Plan] = []
        for number in range(ready.config.items):
            label = labels[numbers[number]] if numbers is not None else None
            plans.append(_plan(ready, number, next(seeds), label))
            if len(plans) == ready.config.shard_items or number == ready.config.items - 1:
                yield SynthesizeTask(lake, run_id, key_id, making, shard, tuple(plans))
                shard, plans = shard + 1, []


def _plan(ready: Ready, number: int, seed: Mapping[str, Any] | None, label: str | None) -> Plan:
    neutral = ready.taxonomy.neutral
    variables: dict[str, str] = {} if neutral is None else {"neutral": neutral}
    if seed is not None:
        variables |= {
            f"seed.{name}": _told(value) for name, value in seed.items() if name not in _OWN
        }
    for axis in ready.recipe.axes:
        if axis.table is not None:
            table = ready.tables[axis.table]
            variables |= table_variables(axis.name, table, ready.config.seed, number)
        elif label is not None:
            variables |= label_variables(
                axis.name, label, ready.taxonomy, ready.config.seed, number
            )
    if seed is None:
        return Plan(number, variables)
    return Plan(number, variables, seed["record_id"], seed["seed_speaker"], seed["seed_domain"])


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _seeds(ready: Ready, catalog: Catalog) -> Iterator[Mapping[str, Any] | None]:
    """The seed of each item: the rows of the recipe's SELECT, again from the first after the last."""
    if ready.recipe.seeds is None:
        return repeat(None)
    where = "" if ready.config.clinical else "WHERE seed_domain <> 'clinical'"
    sql = ready.recipe.seeds.sql.strip().rstrip(";")
    query = _SEEDS.format(sql=sql, where=where, items=ready.config.items)
    return chain.from_iterable(_rounds(lambda: _rows(catalog, query)))


def _rounds(
    rows: Callable[[], Iterator[Mapping[str, Any]]],
) -> Iterator[Iterator[Mapping[str, Any]]]:
    while True:
        round_ = rows()
        first = next(round_, None)
        if first is None:
            raise TerminalError(
                "The recipe's seeds are no row of what is published.",
                remedy="Run a config that publishes texts, or write a recipe with another SELECT; clinical texts "
                "need clinical: true.",
            )
        yield chain([first], round_)


def _rows(catalog: Catalog, query: str) -> Iterator[Mapping[str, Any]]:
    for batch in catalog.query(query):
        for row in batch.to_pylist():
            if not isinstance(row.get("text", ""), str):
                continue
            yield row
