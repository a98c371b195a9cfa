"""The label tasks that there are: as a table on the screen, as JSON, and for docs/tasks.md (`python -m jobs.tasks`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from schemas.label_task import LabelTask, load_task, task_names
from schemas.taxonomy import Taxonomy, load_taxonomy

# What is answered, in words; the columns are in docs/tasks.md.
ANSWERS: Final = {
    "labels": "labels",
    "scalars": "numbers",
    "ordinals": "levels",
    "words": "free words",
    "fields": "fields",
}
_FIELDS: Final = " + fields"
_HEAD: Final = ("answer", "unit", "modes", "taxonomy")


def list_tasks(*, as_json: bool) -> None:
    """Prints all shipped tasks, by name."""
    tasks = [described(load_task(name)) for name in task_names()]
    if as_json:
        print(json.dumps(tasks, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    rows = [("task", *_HEAD)] + [(_marked(task), *_cells(task)) for task in tasks]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    asks = ["what it asks", *(task["description"] for task in tasks)]
    for number, (row, asked) in enumerate(zip(rows, asks, strict=True)):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(Text(line.rstrip(), style="bold"), soft_wrap=True)
        console.print(Padding(Text(asked, style="bold" if number == 0 else "none"), (0, 0, 0, 2)))
    console.print(
        "\n* experimental: its labels could not be checked against their source.", markup=False
    )
    console.print(
        "One in full, or your own: affectmine tasks show NAME (or FILE.yaml)", markup=False
    )


def described(task: LabelTask, taxonomy: Taxonomy | None = None) -> dict[str, Any]:
    """A task in short, with its own taxonomy or another, as plain JSON values. `experimental`: one of both is."""
    labels = taxonomy or load_taxonomy(task.taxonomy)
    return {
        "task": task.name,
        "version": task.version,
        "answer": task.answer,
        "fields": [field.name for field in task.fields],
        "unit": task.unit,
        "mode": task.mode,
        "modes": list(task.modes),
        "taxonomy": labels.name,
        "context": task.context.model_dump(),
        "experimental": task.experimental or labels.experimental,
        "description": task.description,
    }


def _marked(task: dict[str, Any]) -> str:
    return f"{task['task']} *" if task["experimental"] else str(task["task"])


def _cells(task: dict[str, Any]) -> tuple[str, str, str, str]:
    """Answer, unit, modes (the default one first) and taxonomy, in words."""
    answer = ANSWERS[task["answer"]]
    if task["fields"] and task["answer"] != "fields":
        answer += _FIELDS
    modes = sorted(task["modes"], key=lambda mode: mode != task["mode"])
    return answer, task["unit"], ", ".join(modes), task["taxonomy"]


def page_table() -> Iterator[str]:
    """The table of tasks in docs/tasks.md, line by line."""
    yield "| task | answer | unit | modes | taxonomy | context | what it asks |"
    yield "|---|---|---|---|---|---|---|"
    for name in task_names():
        task = described(load_task(name))
        answer, unit, modes, taxonomy = _cells(task)
        turns, cues = task["context"]["turns"], task["context"]["cues"]
        context = ", ".join([f"{turns} turns"] * bool(turns) + ["cues"] * cues)
        mark = " \\*" if task["experimental"] else ""
        asks = task["description"].replace("|", "\\|")
        yield f"| `{name}`{mark} | {answer} | {unit} | {modes} | `{taxonomy}` | {context} | {asks} |"


if __name__ == "__main__":
    print("\n".join(page_table()))
