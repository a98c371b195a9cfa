"""The step in which models talk with each other, turn by turn."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, JUDGE, Item, Piece
from pipelines.stages.synthesize_scores import below, scored, told_levels
from pipelines.stages.synthesize_write import write
from schemas.answer_field import AnswerField
from schemas.recipe_steps import Converse, Review, Voice
from transforms.synthesize.plan import turn_entry

Told = tuple[Item, dict[str, str]]
"""An item, and the variables of the turn that it is at."""


def converse(bench: Bench, step: Converse, items: list[Item]) -> None:
    """Lets the voices talk; each turn of all items is asked for, and where the recipe says so reviewed, at once."""
    for turn in range(step.turns):
        voice = step.voices[turn % len(step.voices)]
        told = [(item, _turn_variables(step, item, turn)) for item in items if item.reason is None]
        name = f"{step.id}.{turn + 1}"
        said = _say(bench, step, voice, name, voice.prompt, told)
        for item, variables in told:
            if item.reason is not None:
                continue
            target = None
            if step.target is not None and voice.role in (step.targeted or (voice.role,)):
                target = (item.variables | variables).get(step.target)
            item.talk.append(Piece("turn", turn, voice.role, said[item.plan.number], target))
        if step.review is not None and voice.role in step.review.roles:
            alive = [each for each in told if each[0].reason is None]
            _review(bench, step, step.review, voice, name, alive)


def _say(
    bench: Bench, step: Converse, voice: Voice, name: str, prompt: str, told: Sequence[Told]
) -> dict[int, str]:
    """What the voice says, by the item's number; an item of which there is no answer is dropped."""
    text = (AnswerField(name="text", kind="text", max_chars=step.max_chars),)
    items = [item for item, _ in told]
    write(bench, name, voice.model, voice.system, prompt, text, items, [more for _, more in told])
    return {
        item.plan.number: item.variables.pop(f"{name}.text")
        for item in items
        if item.reason is None
    }


def _review(
    bench: Bench, step: Converse, review: Review, voice: Voice, name: str, told: list[Told]
) -> None:
    """Scores the last turn of each talk; what is below is said once more; what then is below ends the item."""
    _score(bench, review, [item for item, _ in told])
    for number in range(review.rounds):
        weak = [
            (item, variables | {"draft": item.talk[-1].text, "scores": told_levels(item.talk[-1].scores)})
            for item, variables in told
            if item.reason is None and below(item.talk[-1].scores, review.least)
        ]  # fmt: skip
        if not weak:
            break
        said = _say(bench, step, voice, f"{name}.again{number}", review.prompt, weak)
        mended = [item for item, _ in weak if item.reason is None]
        for item in mended:
            item.talk[-1].text = said[item.plan.number]
        _score(bench, review, mended)
    for item, _ in told:
        if item.reason is None and below(item.talk[-1].scores, review.least):
            item.drop(JUDGE)


def _score(bench: Bench, review: Review, items: list[Item]) -> None:
    rubric = bench.making.rubrics[review.rubric]
    found = scored(bench, review.model, rubric, [(item, item.talk) for item in items])
    for item, scores in zip(items, found, strict=True):
        if scores is None:
            item.drop(FAILED)
        else:
            item.talk[-1].scores = scores


def _turn_variables(step: Converse, item: Item, turn: int) -> dict[str, str]:
    found = {
        "history": "\n".join(f"{piece.role}: {piece.text}" for piece in item.talk),
        "turn": str(turn + 1),
    }
    for name, variable in step.over.items():
        found[f"turn.{name}"] = turn_entry(item.variables[variable], turn, step.turns)
    return found
