"""Levels that a judging model gives texts of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import Item, Piece
from schemas.rubric import Rubric
from transforms.label.prompted.question import Question
from transforms.label.prompted.row import Row, Turn
from transforms.synthesize.judged import JUDGE_VERSION, Judging, Score


def scored(
    bench: Bench, role: str, rubric: Rubric, asked: Sequence[tuple[Item, Sequence[Piece]]]
) -> list[list[Score] | None]:
    """The levels of each item's pieces, in the order asked; None where the model gave no answer."""
    judgings: dict[int, Judging] = {}  # by model: each compiles its rubric once
    questions: list[tuple[Item, Question]] = []
    for item, pieces in asked:
        model = bench.model(role, item)
        judging = judgings.setdefault(id(model), Judging(model, rubric))
        questions.append((item, judging.question(_row(pieces))))
    how = b"judge %d" % JUDGE_VERSION
    told = bench.ask(role, questions, lambda model: Judging(model, rubric), how)
    return [
        None if "failed" in answer else judgings[id(bench.model(role, item))].scores(answer)
        for (item, _), answer in zip(asked, told, strict=True)
    ]


def below(scores: Sequence[Score], least: Mapping[str, float]) -> bool:
    """Whether a criterion is below its least."""
    levels = {score.rubric: score.score for score in scores}
    return any(levels[name] < level for name, level in least.items())


def told_levels(scores: Sequence[Score]) -> str:
    """For prompts: `warmth 2.4, fit 3.1`."""
    return ", ".join(f"{score.rubric} {score.score:.1f}" for score in scores)


def _row(pieces: Sequence[Piece]) -> Row:
    """What the judge sees: the pieces one after another; of a conversation its last turn after the others."""
    if pieces[0].part == "turn":
        *before, last = pieces
        turns = tuple(Turn(None, piece.role, piece.text) for piece in before)
        return Row(text=last.text, role=last.role, context=turns)
    return Row(text="\n\n".join(piece.text for piece in pieces))
