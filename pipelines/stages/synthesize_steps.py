"""The steps of a recipe, each over all items of a shard at once: the servers have as much to do as a shard has items.

A step changes the items that are given to it. An item whose step has no answer is dropped, with the reason `failed`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_check import check
from pipelines.stages.synthesize_converse import converse
from pipelines.stages.synthesize_items import Item, emitted
from pipelines.stages.synthesize_judge import judge
from pipelines.stages.synthesize_likelihood import likelihood
from pipelines.stages.synthesize_write import write
from schemas.recipe_steps import Converse, Judge, Likelihood, Step, Write


def run_steps(bench: Bench, items: Sequence[Item]) -> None:
    """All steps of the recipe, in their order; each takes the items that no step before it dropped."""
    for step in bench.making.recipe.steps:
        alive = [item for item in items if item.reason is None]
        if alive:
            _run(bench, step, alive)
    for item in items:
        if not item.pieces:
            item.pieces = emitted(bench.making.recipe, item)


def _run(bench: Bench, step: Step, items: list[Item]) -> None:
    if isinstance(step, Write):
        write(bench, step.id, step.model, step.system, step.prompt, step.fields, items)
    elif isinstance(step, Converse):
        converse(bench, step, items)
    elif isinstance(step, Judge):
        judge(bench, step, items)
    elif isinstance(step, Likelihood):
        likelihood(bench, step, items)
    else:
        check(bench, step, items)
