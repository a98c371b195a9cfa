"""Steps in which models write: fields of an item, and conversations turn by turn."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, Item, Piece
from schemas.answer_field import AnswerField
from schemas.recipe import Converse
from transforms.synthesize.plan import turn_entry
from transforms.synthesize.render import render
from transforms.synthesize.written import WRITE_VERSION, Writing


def write(
    bench: Bench, where: str, role: str, system: str, prompt: str, fields: tuple[AnswerField, ...],
    items: Sequence[Item], more: Sequence[dict[str, str]] | None = None,
) -> None:  # fmt: skip
    """Asks for the fields; they become the variables `where.field`."""
    asked = []
    writings: dict[int, Writing] = {}  # by model: each compiles its schema once
    for place, item in enumerate(items):
        variables = item.variables | (more[place] if more is not None else {})
        model = bench.model(role, item)
        writing = writings.setdefault(id(model), Writing(model, fields))
        question = writing.question(
            render(system, variables, where), render(prompt, variables, where), item.plan.number
        )
        asked.append((item, question))
    told = bench.ask(role, asked, lambda model: Writing(model, fields), b"write %d" % WRITE_VERSION)
    for item, answer in zip(items, told, strict=True):
        if "failed" in answer:
            item.drop(FAILED)
            continue
        for name, value in answer["fields"].items():
            item.variables[f"{where}.{name}"] = "" if value is None else str(value)


def converse(bench: Bench, step: Converse, items: list[Item]) -> None:
    """Lets the voices talk, turn by turn; each turn of all items is asked for at once."""
    said = (AnswerField(name="text", kind="text", max_chars=step.max_chars),)
    for turn in range(step.turns):
        voice = step.voices[turn % len(step.voices)]
        alive = [item for item in items if item.reason is None]
        more = [_turn_variables(step, item, turn) for item in alive]
        name = f"{step.id}.{turn + 1}"
        write(bench, name, voice.model, voice.system, voice.prompt, said, alive, more)
        for item, variables in zip(alive, more, strict=True):
            if item.reason is not None:
                continue
            target = variables.get(step.target) if step.target is not None else None
            if step.targeted and voice.role not in step.targeted:
                target = None
            text = item.variables.pop(f"{name}.text")
            item.talk.append(Piece("turn", turn, voice.role, text, target))


def _turn_variables(step: Converse, item: Item, turn: int) -> dict[str, str]:
    found = {
        "history": "\n".join(f"{piece.role}: {piece.text}" for piece in item.talk),
        "turn": str(turn + 1),
    }
    for name, variable in step.over.items():
        found[f"turn.{name}"] = turn_entry(item.variables[variable], turn, step.turns)
    return found
