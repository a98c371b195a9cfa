"""Explains one label task: what it asks, with which labels, the prompt and the schema as they are sent, the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from jobs.tasks import ANSWERS, described
from schemas.datasets.labels import LABELS
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, Mode, load_task
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.codes import code_names
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.row import Cue, Row, Turn

SAMPLE: Final = "Thank you, I really needed to hear that today."
_BEFORE: Final = (
    Turn(None, "guest", "I was sure that I had ruined everything."),
    Turn(None, "host", "You did more than anybody could ask of you."),
)
_CUES: Final = (Cue("voice", "quiet, breaks off twice"), Cue("face", "smiles with wet eyes"))


def show_task(
    name_or_file: str,
    *,
    taxonomy: str | None = None,
    mode: str | None = None,
    text: str | None = None,
    options: Mapping[str, str] | None = None,
    as_json: bool = False,
) -> None:
    """Prints what a task asks. Raises ConfigError: a mistake in the task or taxonomy, a mode that cannot be."""
    found = explained(name_or_file, taxonomy=taxonomy, mode=mode, text=text, options=options or {})
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.text import Text

    from jobs.evaluation.screen import visible

    console = Console(highlight=False)
    for title, lines in _sections(found):
        console.print(Text(visible(title), style="bold"))
        for line in lines:
            console.print(Text(visible(line)), soft_wrap=True)
        console.print()


def explained(
    name_or_file: str,
    *,
    taxonomy: str | None = None,
    mode: str | None = None,
    text: str | None = None,
    options: Mapping[str, str],
) -> dict[str, Any]:
    """What a task asks, as plain JSON values."""
    task = load_task(name_or_file)
    labels = load_taxonomy(taxonomy or task.taxonomy)
    asked = _mode(task, mode)
    model = LanguageModel(name="sample", model="sample", revision="sample", mode=asked)
    prompter = Prompter(task, labels, model, options=options)
    schema = json_schema(task, labels) if asked == "generate" else None
    codes = list(code_names(task, labels)) if asked == "score" else None
    return {
        **described_with(task, labels),
        "mode": asked,
        "conversations": prompter.messages(_row(task, text)),
        "json_schema": schema,
        "codes": codes,
        "columns": _columns(prompter.answer_type),
    }


def described_with(task: LabelTask, taxonomy: Taxonomy) -> dict[str, Any]:
    """A task and the taxonomy that it is asked with."""
    return {
        **described(task, taxonomy),
        "source": task.source,
        "options": task.options,
        "taxonomy_source": taxonomy.source,
        "exclusive": taxonomy.exclusive,
        "neutral": taxonomy.neutral,
        "range": taxonomy.range,
        "labels": {label.name: label.definition for label in taxonomy.labels},
    }


def _mode(task: LabelTask, mode: str | None) -> Mode:
    for known in task.modes:
        if known == (mode or task.mode):
            return known
    raise ConfigError(
        f"The task {task.name} cannot be asked in the mode {mode}.",
        remedy=f"Its modes: {', '.join(task.modes)}.",
    )


def _row(task: LabelTask, text: str | None) -> Row:
    """A made-up row, which shows all that the task can show."""
    return Row(
        text=SAMPLE if text is None else text,
        role="guest" if task.context.turns else None,
        context=_BEFORE if task.context.turns else (),
        cues=_CUES if task.context.cues else (),
    )


def _columns(answer: pa.StructType | None) -> dict[str, str]:
    found = {name: str(LABELS.schema.field(name).type) for name in ("labels", "scores")}
    if answer is not None:
        found["answer"] = str(answer)
    return found


def _sections(found: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Headings and lines for the screen."""
    mark = " (experimental)" if found["experimental"] else ""
    turns, cues = found["context"]["turns"], found["context"]["cues"]
    shown = [f"at most {turns} earlier turns"] * bool(turns) + ["cues"] * cues
    facts = [
        found["description"],
        f"answer: {ANSWERS[found['answer']]}"
        + (f"; fields: {', '.join(found['fields'])}" if found["fields"] else ""),
        f"unit: {found['unit']}",
        f"context: {', '.join(shown) or 'none'}",
        f"modes: {', '.join(found['modes'])}; default: {found['mode']}",
        *(f"option {name}: {value}" for name, value in found["options"].items()),
        *([f"source: {found['source']}"] if found["source"] else []),
    ]
    yield f"{found['task']}, version {found['version']}{mark}", facts
    kind = "one of" if found["exclusive"] else "several of"
    if found["range"] is not None:
        kind = f"from {found['range'][0]:g} to {found['range'][1]:g}, each of"
    lines = [f"  {name}: {text}" if text else f"  {name}" for name, text in found["labels"].items()]
    source = [f"  source: {found['taxonomy_source']}"] if found["taxonomy_source"] else []
    yield f"Taxonomy {found['taxonomy']}: {kind} {len(found['labels'])}", lines + source
    conversations = found["conversations"]
    more = len(conversations) - 1
    yield (
        f"Prompt in the mode {found['mode']}"
        + (
            f": the first of {more + 1} conversations; the others end with another label"
            if more
            else ""
        ),
        [
            line
            for message in conversations[0]
            for line in (f"--- {message['role']}", *message["content"].splitlines())
        ],
    )
    if found["codes"] is not None:
        yield (
            "Answer",
            [f"one token of: {', '.join(found['codes'])}; their probabilities are the scores"],
        )
    else:
        yield "JSON schema of the answer", json.dumps(found["json_schema"], indent=2).splitlines()
    yield "Columns", [f"  {name}: {kind}" for name, kind in found["columns"].items()]
