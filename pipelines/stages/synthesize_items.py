"""Items of a synthesis in the making, and the rows that they become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.recipe import Recipe
from schemas.recipe_steps import VARIABLE, Judge
from transforms.synthesize.judged import Score

FAILED = "failed"
JUDGE = "judge"
"""Reasons."""


@dataclass(frozen=True)
class Plan:
    """What an item starts from. `seed`: its columns as texts; `domain`, `lang`: those of its seed."""

    number: int
    variables: dict[str, str]
    seed_record_id: str | None = None
    seed_speaker: str | None = None
    domain: str | None = None


@dataclass(slots=True)
class Piece:
    """One text of an item: a row to be."""

    part: str
    turn: int | None
    role: str | None
    text: str
    target: str | None
    score: float | None = None
    checked: list[str] | None = None
    agreed: bool | None = None
    scores: list[Score] = field(default_factory=list)  # of its own, where turns are reviewed


@dataclass(slots=True)
class Item:
    """An item: its plan, its variables so far, and why it is dropped, once it is."""

    plan: Plan
    variables: dict[str, str]
    reason: str | None = None
    talk: list[Piece] = field(default_factory=list)  # the turns of a conversation
    pieces: list[Piece] = field(default_factory=list)
    scores: dict[str, list[Score]] = field(default_factory=dict)  # by step
    against: dict[str, list[Score]] = field(default_factory=dict)  # of what is worse on purpose
    models: dict[str, tuple[str, str]] = field(default_factory=dict)  # role: model, revision
    checker: str | None = None

    def drop(self, reason: str) -> None:
        """Takes no further step. The first reason stays."""
        self.reason = self.reason or reason


def emitted(recipe: Recipe, item: Item) -> list[Piece]:
    """The texts that an item has so far: its turns, or what the recipe emits of its variables."""
    if not recipe.emit:
        return item.talk
    known = item.variables
    found = []
    for place, each in enumerate(recipe.emit):
        if not all(name in known for name in VARIABLE.findall(each.text)):
            continue  # of a step that is still to come
        text = VARIABLE.sub(lambda name: known[name.group(1)], each.text)
        target = known.get(each.target) if each.target is not None else None
        score = known.get(each.score) if each.score is not None else None
        found.append(
            Piece(
                each.part, place, each.role, text, target, None if score is None else float(score)
            )
        )
    return found


def _scores(recipe: Recipe, item: Item, piece: Piece) -> Iterator[Score]:
    """Those of the judges that saw the piece, then its own."""
    for step in recipe.steps:
        if isinstance(step, Judge):
            beaten = step.against is not None and piece.part not in step.parts
            if piece.part in step.seen:
                yield from (item.against if beaten else item.scores).get(step.id, ())
    yield from piece.scores


def row_values(recipe: Recipe, item: Item) -> Iterator[dict[str, Any]]:
    """The columns of the dataset drafts that the item decides; one row without text where nothing was written."""
    pieces = item.pieces or [
        Piece(recipe.emit[0].part if recipe.emit else "turn", 0, None, "", None)
    ]
    for piece in pieces:
        yield {
            "part": piece.part,
            "turn": piece.turn,
            "role": piece.role,
            "text_clean": piece.text or None,
            "target": None if piece.target is None else [piece.target],
            "seed_record_ids": []
            if item.plan.seed_record_id is None
            else [item.plan.seed_record_id],
            "judge_scores": [
                {"rubric": s.rubric, "score": s.score, "probabilities": list(s.probabilities)}
                for s in _scores(recipe, item, piece)
            ]
            or None,
            "models": [
                {"role": role, "model": model, "revision": revision}
                for role, (model, revision) in item.models.items()
            ],
            "checker": item.checker,
            "checked_labels": piece.checked,
            "agreed": piece.agreed,
            "score": piece.score,
            "outcome": "kept" if item.reason is None else "dropped",
            "reason": item.reason,
        }
