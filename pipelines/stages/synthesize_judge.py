"""The step in which a model judges what was made, and what is below is written once more."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, Item, Piece, emitted
from pipelines.stages.synthesize_write import write
from schemas.recipe import Judge, Refine, Write
from schemas.rubric import Rubric
from transforms.label.prompted.question import Question
from transforms.label.prompted.row import Row, Turn
from transforms.synthesize.judged import JUDGE_VERSION, Judging


def judge(bench: Bench, step: Judge, items: list[Item]) -> None:
    """Scores the items; those below are refined and scored again; what then is below is dropped."""
    rubric = bench.making.rubrics[step.rubric]
    _score(bench, step, rubric, items)
    rounds = step.refine.rounds if step.refine is not None else 0
    for number in range(rounds):
        assert step.refine is not None
        weak = [item for item in items if item.reason is None and _too_low(step, item)]
        if weak:
            _refine(bench, step.refine, number, weak)
            _score(bench, step, rubric, [item for item in weak if item.reason is None])
    for item in items:
        if item.reason is None and _too_low(step, item):
            item.drop("judge")


def _score(bench: Bench, step: Judge, rubric: Rubric, items: list[Item]) -> None:
    asked: list[tuple[Item, Question]] = []
    judgings: dict[int, Judging] = {}  # by model: each compiles its rubric once
    for item in items:
        model = bench.model(step.model, item)
        judging = judgings.setdefault(id(model), Judging(model, rubric))
        asked.append((item, judging.question(_judged(step, emitted(bench.making.recipe, item)))))
    told = bench.ask(
        step.model, asked, lambda model: Judging(model, rubric), b"judge %d" % JUDGE_VERSION
    )
    for item, answer in zip(items, told, strict=True):
        if "failed" in answer:
            item.drop(FAILED)
            continue
        fresh = judgings[id(bench.model(step.model, item))].scores(answer)
        names = {score.rubric for score in fresh}
        item.scores = [score for score in item.scores if score.rubric not in names] + fresh


def _refine(bench: Bench, refine: Refine, number: int, items: list[Item]) -> None:
    step = next(each for each in bench.making.recipe.steps if each.id == refine.of)
    assert isinstance(step, Write)  # the recipe holds it
    more = [
        {
            "scores": ", ".join(f"{s.rubric} {s.score:.1f}" for s in item.scores),
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
    found = {score.rubric: score.score for score in item.scores}
    return any(found.get(name, 0.0) < least for name, least in step.least.items())


def _judged(step: Judge, made: Sequence[Piece]) -> Row:
    """What the judge sees: the parts one after another; of a conversation its last turn after the others."""
    pieces = [piece for piece in made if piece.part in step.parts]
    if pieces[0].part == "turn":
        *before, last = pieces
        turns = tuple(Turn(None, piece.role, piece.text) for piece in before)
        return Row(text=last.text, role=last.role, context=turns)
    return Row(text="\n\n".join(piece.text for piece in pieces))
