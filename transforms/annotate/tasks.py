"""A row of a sample as a task of Label Studio, or as a line of a table. Pure.

Tasks as documented: "Basic Label Studio JSON format" (https://labelstud.io/guide/tasks#Basic-Label-Studio-JSON-format):
`data` with what the labeling config names ($text, $context), and other fields. Predictions as documented
(https://labelstud.io/guide/predictions): `model_version`, `score` and `result`, entries of a control (`from_name`) of
the config (labeling_config.py) for what it is about (`to_name`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.annotate.given import NONE
from transforms.annotate.labeling_config import CONTEXT, LABELS, TEXT, scale

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_PLAIN: Final = re.compile(r"[\w.:+-]+")


@dataclass(frozen=True)
class Asked:
    """One row that people are asked about.

    `context`: earlier turns, {role, text}, the oldest first. `drawn`: random, stratified or uncertain; `probability`:
    the one with which it is in the sample, and `weight`, its reciprocal: None where that is not known. `labels`,
    `scores` (label: probability) and `numbers` (in the order of the taxonomy, on its scale of answers): the labeler's
    answer; `version`: who that was.
    """

    record_id: str
    text: str
    context: Sequence[Mapping[str, str | None]] | None
    corpus: str | None
    lang: str | None
    role: str | None
    drawn: str
    probability: float | None
    weight: float | None
    labels: Sequence[str] | None
    scores: Sequence[Mapping[str, Any]] | None
    numbers: Sequence[float | None] | None
    version: str


def task_of(
    row: Asked, task: LabelTask, taxonomy: Taxonomy, annotator: str | None, *, predictions: bool
) -> dict[str, Any]:
    """The row as a task: data and, if wanted, the labeler's answer as a prediction. Texts are data, never markup."""
    data: dict[str, Any] = {TEXT: row.text, CONTEXT: context_of(row), "record_id": row.record_id}
    about = {"corpus": row.corpus, "lang": row.lang, "role": row.role, "annotator": annotator}
    data |= {name: value for name, value in about.items() if value is not None}
    data |= {"drawn": row.drawn, "probability": row.probability, "weight": row.weight}
    found: dict[str, Any] = {"data": data}
    if predictions:
        found["predictions"] = [_prediction(row, task, taxonomy)]
    return found


def columns_of(task: LabelTask, taxonomy: Taxonomy, *, annotators: bool) -> tuple[str, ...]:
    """The columns of a table: those to be filled in are `labels`, or one for each dimension."""
    asked = (LABELS,) if task.answer == "labels" else taxonomy.names
    who = ("annotator",) if annotators else ()
    return ("id", TEXT, CONTEXT, *asked, "weight", "corpus", "lang", "role", *who)


def cells_of(
    row: Asked, task: LabelTask, taxonomy: Taxonomy, annotator: str | None
) -> tuple[object, ...]:
    """The row as cells of `columns_of`; those to be filled in are empty.

    What a spreadsheet would take for a formula gets an apostrophe before it
    (https://owasp.org/www-community/attacks/CSV_Injection): what strangers wrote must not run. Ids without brackets,
    blanks and the like are left alone: rows are known by them.
    """
    empty = [""] * (1 if task.answer == "labels" else len(taxonomy.names))
    who = () if annotator is None else (annotator,)
    known = _PLAIN.fullmatch(row.record_id)
    name = row.record_id if known else _no_formula(row.record_id)
    cells = (
        row.text, context_of(row), *empty, row.weight, row.corpus, row.lang, row.role, *who,
    )  # fmt: skip
    return (name, *(_no_formula(cell) if isinstance(cell, str) else cell for cell in cells))


def id_of_cell(cell: str) -> str:
    """The id that a cell of a table holds, without the apostrophe that it may have got."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def context_of(row: Asked) -> str:
    """Earlier turns as lines of role and text; empty where there are none."""
    turns = row.context or ()
    return "\n".join(f"{turn['role'] or 'unknown'}: {turn['text'] or ''}" for turn in turns)


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _prediction(row: Asked, task: LabelTask, taxonomy: Taxonomy) -> dict[str, Any]:
    found: dict[str, Any] = {"model_version": row.version, "result": []}
    if task.answer == "labels":
        given = [name for name in taxonomy.names if name in (row.labels or ())]
        # No label at all: what a person would choose then.
        chosen = given or [] if taxonomy.exclusive else given or [taxonomy.neutral or NONE]
        if chosen:
            found["result"] = [_entry(LABELS, "choices", chosen)]
        if row.scores:
            found["score"] = _confidence(given, row.scores)
        return found
    for name, value in zip(taxonomy.names, row.numbers or (), strict=False):
        if value is not None:
            found["result"].append(_entry(name, "number", _on_scale(value, taxonomy)))
    return found


def _entry(control: str, kind: str, value: object) -> dict[str, Any]:
    return {"from_name": control, "to_name": TEXT, "type": kind, "value": {kind: value}}


def _confidence(given: Sequence[str], scores: Sequence[Mapping[str, Any]]) -> float:
    """How sure the labeler is: the least probability of a label that it gave, or that none holds, if it gave none."""
    known = {score["label"]: float(score["probability"]) for score in scores}
    told = [known[name] for name in given if name in known]
    return round(min(told) if told else 1.0 - max(known.values()), 6)


def _on_scale(value: float, taxonomy: Taxonomy) -> float | int:
    """A number on the scale of answers, on the scale that people give (a straight line)."""
    (low, high), (least, greatest) = taxonomy.range or (0.0, 1.0), scale(taxonomy)
    if (low, high) == (least, greatest):
        return int(value) if float(value).is_integer() else round(value, 4)
    return round(least + (value - low) / (high - low) * (greatest - least), 4)
