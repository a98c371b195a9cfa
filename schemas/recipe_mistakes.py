"""What does not fit together in a recipe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from schemas.recipe_steps import VARIABLE, Check, Converse, Judge, Write, templates

if TYPE_CHECKING:
    from schemas.recipe import Recipe


def mistakes(recipe: Recipe) -> Iterator[str]:
    """Each, as a sentence's part. None: the recipe can run, and nothing passes it without a judge and a check."""
    yield from (
        f"the step {name!r} is there twice" for name in _twice([s.id for s in recipe.steps])
    )
    yield from (
        f"the axis {name!r} is there twice" for name in _twice([a.name for a in recipe.axes])
    )
    if sum(axis.labels for axis in recipe.axes) > 1:
        yield "only one axis can be of labels"
    yield from _talks(recipe)
    yield from _judges(recipe)
    checks = sum(isinstance(step, Check) for step in recipe.steps)
    if checks > 1 or not isinstance(recipe.steps[-1], Check):
        yield "the last step, and no other, must be a check: each row is labeled by another labeler than its maker"
    yield from _unknown_variables(recipe)


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _talks(recipe: Recipe) -> Iterator[str]:
    talks = [step for step in recipe.steps if isinstance(step, Converse)]
    if bool(talks) == bool(recipe.emit):
        yield "a recipe either converses, and its turns are its rows, or says in emit what its rows are"
    for step in talks:
        speak = {voice.role for voice in step.voices}
        named = step.targeted + (step.review.roles if step.review is not None else ())
        yield from (
            f"{step.id} names the role {role!r}, which no voice of it has"
            for role in dict.fromkeys(named)
            if role not in speak
        )


def _judges(recipe: Recipe) -> Iterator[str]:
    judges = [step for step in recipe.steps if isinstance(step, Judge)]
    writes = {step.id for step in recipe.steps if isinstance(step, Write)}
    parts = dict.fromkeys(each.part for each in recipe.emit)
    if any(isinstance(step, Converse) for step in recipe.steps):
        parts |= {"turn": None}
    for step in judges:
        yield from (
            f"{step.id} judges {part!r}, which is not emitted"
            for part in sorted(step.seen)
            if part not in parts
        )
        if step.refine is not None and step.refine.of not in writes:
            yield f"{step.id} refines {step.refine.of!r}, which is no step that writes"
    if not judges:
        yield "no judge: nothing passes without one"
        return
    seen = frozenset[str]().union(*(step.seen for step in judges))
    yield from (
        f"no judge sees {part!r}, which is emitted: nothing passes without one"
        for part in parts
        if part not in seen
    )


def _unknown_variables(recipe: Recipe) -> Iterator[str]:
    roots = frozenset({axis.name for axis in recipe.axes} | {"seed", "neutral"})
    for step in recipe.steps:
        for text, more in templates(step):
            yield from _unknown(text, roots | more, step.id)
        if isinstance(step, Converse):
            yield from _unknown(
                "".join(f"{{{name}}}" for name in step.over.values()), roots, f"over of {step.id}"
            )
            if step.target is not None and step.target.removeprefix("turn.") not in step.over:
                yield from _unknown(f"{{{step.target}}}", roots, f"the target of {step.id}")
        if isinstance(step, Judge):  # what it judges must be written by then
            for each in recipe.emit:
                if each.part in step.seen:
                    yield from _unknown(each.text, roots, f"{step.id}, which judges {each.part},")
        roots |= {step.id}
    for each in recipe.emit:
        for text in (each.text, *(f"{{{name}}}" for name in (each.target, each.score) if name)):
            yield from _unknown(text, roots, f"emit of {each.part}")


def _unknown(text: str, roots: frozenset[str], where: str) -> Iterator[str]:
    for name in dict.fromkeys(VARIABLE.findall(text)):
        if name.split(".")[0] not in roots:
            yield f"{where} names {{{name}}}, of which nothing is known there; known: {', '.join(sorted(roots))}"
