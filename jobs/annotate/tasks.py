"""The sample as tasks of Label Studio, with the labeler's answers as predictions.

Formats as Label Studio's documentation has them: a list of tasks, each with `data` (what the labeling config's
`$variables` name, and further keys), `predictions` (model_version, score, result) and `meta`:
https://labelstud.io/guide/tasks (Basic Label Studio JSON format) and https://labelstud.io/guide/predictions. A result
of Choices is `{"from_name", "to_name", "type": "choices", "value": {"choices": [...]}}`, of Number
`{"type": "number", "value": {"number": 3}}`: https://labelstud.io/tags/choices, https://labelstud.io/tags/number.
All that the import needs stands in `data`: the export JSON_MIN has nothing else of a task
(https://labelstud.io/guide/export#JSON-MIN).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jobs.annotate.question import Question
from schemas.taxonomy import Taxonomy

LABELS: Final = (
    "labels"  # the control of a task with labels; those of numbers are named after their dimension
)
TEXT: Final = "text"
CONTEXT: Final = "context"
KEPT: Final = (
    "corpus", "lang", "role", "group", "revision", "task", "taxonomy", "sample", "stratum", "inclusion", "weight",
    "assigned_to",
)  # fmt: skip
"""Keys of `data` beside record_id, text and context."""

Row = Mapping[str, Any]


def task_of(row: Row, question: Question, *, with_context: bool, blind: bool) -> dict[str, Any]:
    """A row of the sample as a task."""
    data = {"record_id": row["id"], TEXT: row["text"]}
    if with_context:
        said = row["context"] or []
        data[CONTEXT] = [
            {"author": turn["role"] or "", "text": turn["text"] or ""} for turn in said
        ]
    data |= {name: row[name] for name in KEPT if row[name] is not None}
    made: dict[str, Any] = {"data": data, "meta": {"sample": row["sample"], "why": row["why"]}}
    if not blind and row["status"] == "labeled":
        made["predictions"] = [_prediction(row, question)]
    return made


def _prediction(row: Row, question: Question) -> dict[str, Any]:
    found: dict[str, Any] = {"model_version": row["model"], "result": _results(row, question)}
    score = certainty(row["scores"], exclusive=question.taxonomy.exclusive)
    return found if score is None else found | {"score": score}


def _results(row: Row, question: Question) -> list[dict[str, Any]]:
    def result(control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{row['id'][:12]}-{control}"[:60], "from_name": control, "to_name": TEXT, "type": kind, "value": value,
        }  # fmt: skip

    if question.task.answer == "labels":
        chosen = list(row["labels"] or [])
        return [result(LABELS, "choices", {"choices": chosen})] if chosen else []
    answer = row["answer"] or {}
    values = {
        name: shown_value(answer[name], question)
        for name in question.taxonomy.names
        if answer.get(name) is not None
    }
    return [result(name, "number", {"number": value}) for name, value in values.items()]


def shown_value(value: float, question: Question) -> float:
    """A number of an answer on the scale that annotators see: that of gold."""
    if question.task.answer == "ordinals":
        return int(value)
    taxonomy = question.taxonomy
    low, high = taxonomy.range or (0.0, 1.0)
    first, last = scale(taxonomy)
    return round(first + (float(value) - low) / (high - low) * (last - first), 2)


def scale(taxonomy: Taxonomy) -> tuple[float, float]:
    """The least and the greatest number that annotators give."""
    return taxonomy.gold_range or taxonomy.range or (0.0, 1.0)


def certainty(scores: list[dict[str, Any]] | None, *, exclusive: bool) -> float | None:
    """The prediction's score, by which Label Studio sorts: how sure the labeler was of its least certain label."""
    if not scores:
        return None
    given = [float(score["probability"]) for score in scores]
    return round(max(given) if exclusive else min(max(p, 1 - p) for p in given), 4)
