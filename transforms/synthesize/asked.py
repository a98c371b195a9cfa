"""How many questions a recipe asks about an item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.recipe import Recipe
from schemas.recipe_steps import Converse, Judge, Likelihood, Step, Write


@dataclass(frozen=True)
class Asked:
    """Questions to who plays a role: `once`, if nothing is refined; `most`, if all is, as often as it may be.

    An item that is dropped on the way is asked less, an answer that cannot be used is asked for once more.
    """

    role: str
    once: int
    most: int


def asked(recipe: Recipe, tables: Mapping[str, int]) -> Iterator[Asked]:
    """Step by step, but for the check. `tables`: how many rows each table has."""
    for step in recipe.steps:
        yield from _of(step, tables)


def texts(recipe: Recipe) -> int:
    """How many texts of an item the checker labels."""
    turns = sum(step.turns for step in recipe.steps if isinstance(step, Converse))
    return len(recipe.emit) or turns


def _of(step: Step, tables: Mapping[str, int]) -> Iterator[Asked]:
    if isinstance(step, Write):
        yield Asked(step.model, 1, 1)
    if isinstance(step, Converse):
        yield from _turns(step)
    if isinstance(step, Judge):
        sides = 1 if step.against is None else 2
        rounds = 0 if step.refine is None else step.refine.rounds
        yield Asked(step.model, sides, sides * (1 + rounds))
        if step.refine is not None:
            yield Asked(step.refine.model, 0, rounds)
    if isinstance(step, Likelihood):  # each answer, without and with each follow-up
        count = 2 * (1 + tables[step.followups])
        yield Asked(step.model, count, count)


def _turns(step: Converse) -> Iterator[Asked]:
    for turn in range(step.turns):
        voice = step.voices[turn % len(step.voices)]
        yield Asked(voice.model, 1, 1)
        if step.review is not None and voice.role in step.review.roles:
            yield Asked(step.review.model, 1, 1 + step.review.rounds)
            yield Asked(voice.model, 0, step.review.rounds)
