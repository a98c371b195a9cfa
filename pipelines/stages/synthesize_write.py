"""The step in which a model writes fields of an item."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, Item
from schemas.answer_field import AnswerField
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
