"""The step in which a model judges what was made, and what is below is written once more."""

from __future__ import annotations

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, JUDGE, Item, emitted
from pipelines.stages.synthesize_scores import below, scored, told_levels
from pipelines.stages.synthesize_write import write
from schemas.recipe_steps import Judge, Part, Refine, Write


def judge(bench: Bench, step: Judge, items: list[Item]) -> None:
    """Scores the items; those below are refined and scored again; what then is below is dropped."""
    _score(bench, step, items)
    rounds = step.refine.rounds if step.refine is not None else 0
    for number in range(rounds):
        assert step.refine is not None
        weak = [item for item in items if item.reason is None and _too_low(step, item)]
        if weak:
            _refine(bench, step.id, step.refine, number, weak)
            _score(bench, step, [item for item in weak if item.reason is None])
    for item in items:
        if item.reason is None and _too_low(step, item):
            item.drop(JUDGE)


def _score(bench: Bench, step: Judge, items: list[Item]) -> None:
    sides: list[tuple[Part, ...]] = [step.parts]
    if step.against is not None:
        sides.append(step.against.parts)
    recipe = bench.making.recipe
    asked = [
        (item, [piece for piece in emitted(recipe, item) if piece.part in side])
        for side in sides
        for item in items
    ]
    found = scored(bench, step.model, bench.making.rubrics[step.rubric], asked)
    for place, (item, _) in enumerate(asked):
        scores, of = found[place], item.scores if place < len(items) else item.against
        if scores is None:
            item.drop(FAILED)
        else:
            of[step.id] = scores


def _refine(bench: Bench, judged: str, refine: Refine, number: int, items: list[Item]) -> None:
    step = next(each for each in bench.making.recipe.steps if each.id == refine.of)
    assert isinstance(step, Write)  # the recipe holds it
    more = [
        {
            "scores": told_levels(item.scores[judged]),
            **{
                f"draft.{name}": item.variables[f"{step.id}.{name}"]
                for name in (field.name for field in step.fields)
            },
        }
        for item in items
    ]
    kept = [dict(item.variables) for item in items]
    name = f"{step.id}.refined{number}"
    write(bench, name, refine.model, refine.system, refine.prompt, step.fields, items, more)
    for item, before in zip(items, kept, strict=True):
        if item.reason is None:
            fresh = {
                f"{step.id}.{field.name}": item.variables[f"{name}.{field.name}"]
                for field in step.fields
            }
            item.variables = before | fresh


def _too_low(step: Judge, item: Item) -> bool:
    scores = item.scores[step.id]
    if below(scores, step.least):
        return True
    if step.against is None:
        return False
    margin, other = step.against.margin, item.against[step.id]
    if below(other, {name: least for name, least in step.least.items() if name not in margin}):
        return True
    levels = {score.rubric: score.score for score in other}
    return below(scores, {name: levels[name] + more for name, more in margin.items()})
