"""Label Studio's exports: what people answered, unit by unit. Pure.

JSON, "Label Studio JSON format of annotated tasks" (https://labelstud.io/guide/task_format): tasks with `data` and
`annotations`, each with `result` (entries of a control, `from_name`, with a `type` and a `value` of it: `choices`,
`rating`, `number`; https://labelstud.io/tags/choices, …/rating, …/number), `completed_by` (an id, or an object with
id and e-mail address), `was_cancelled` and `updated_at`. Annotations that were skipped are exported too.

JSON-MIN (https://labelstud.io/guide/export#JSON-MIN; written by `convert_to_json_min` of label-studio-converter): one
object for each annotation: the task's data, what each control was given by its name (one choice as a string, several
as `{"choices": [...]}`, others as a list of objects), `annotator`, `annotation_id` and `updated_at`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.annotate.given import (
    Annotation,
    Broken,
    GivenError,
    Outcome,
    Question,
    Skipped,
    annotator_of,
    read_answer,
    text_of,
    time_of,
    values_of,
    weight_of,
)

_TYPES = ("choices", "rating", "number")


def outcomes(element: object, number: int, question: Question) -> Iterator[Outcome]:
    """What became of each annotation in one element (task `number`, from 1) of an export.

    A task without annotations is one unit (not_annotated). Predictions and drafts are no annotations.
    """
    place = f"task {number}"
    if not isinstance(element, dict):
        yield Broken(place, "not_an_object")
    elif "annotations" in element or "completions" in element:
        yield from _task(element, place, question)
    elif "annotator" in element or "annotation_id" in element:
        yield _minimal(element, place, question)
    elif isinstance(element.get("data"), dict):
        yield Skipped(place, "not_annotated")
    else:
        yield Broken(place, "not_a_task")


def _task(task: dict[str, Any], place: str, question: Question) -> Iterator[Outcome]:
    # Label Studio before version 1.0 wrote `completions`.
    annotations = task["annotations"] if "annotations" in task else task["completions"]
    data = task.get("data")
    if not isinstance(annotations, list):
        yield Broken(place, "not_a_task")
        return
    if not annotations:
        yield Skipped(place, "not_annotated")
    for number, annotation in enumerate(annotations, start=1):
        where = f"{place}, annotation {number}"
        if not isinstance(annotation, dict):
            yield Broken(where, "not_an_object")
        elif annotation.get("was_cancelled") or annotation.get("skipped"):
            yield Skipped(where, "cancelled")
        elif not isinstance(data, dict):
            yield Broken(where, "no_data")
        else:
            yield _annotation(annotation, data, task.get("id"), where, question)


def _annotation(
    annotation: dict[str, Any],
    data: dict[str, Any],
    task_id: object,
    where: str,
    question: Question,
) -> Outcome:
    result = annotation.get("result")
    if not isinstance(result, list):
        return Broken(where, "broken_result")
    given: dict[str, list[object]] = {}
    for entry in result:
        if not isinstance(entry, dict) or not isinstance(entry.get("from_name"), str):
            return Broken(where, "broken_result")
        if entry.get("type") in _TYPES:
            if not isinstance(entry.get("value"), dict):
                return Broken(where, "broken_value")
            given.setdefault(entry["from_name"], []).extend(values_of(entry["value"]))
    who = annotator_of(annotation.get("completed_by"), annotation.get("id"))
    told = annotation.get("updated_at") or annotation.get("created_at")
    return _outcome(given, data, task_id, who, told, where, question)


def _minimal(row: dict[str, Any], where: str, question: Question) -> Outcome:
    if row.get("was_cancelled"):
        return Skipped(where, "cancelled")
    wanted = question.controls if question.task.answer == "labels" else question.taxonomy.names
    named = [name for name in wanted if name in row]
    if not named and question.task.answer == "labels":
        # A control of another name: only several choices can be told from the task's data.
        named = [name for name, held in row.items() if isinstance(held, dict) and "choices" in held]
    given = {name: values_of(row[name]) for name in named}
    who = annotator_of(row.get("annotator"), row.get("annotation_id"))
    told = row.get("updated_at") or row.get("created_at")
    return _outcome(given, row, row.get("id"), who, told, where, question)


def _outcome(
    given: Mapping[str, list[object]],
    data: Mapping[str, Any],
    task_id: object,
    annotator: str | None,
    time: object,
    where: str,
    question: Question,
) -> Outcome:
    try:
        answer = read_answer(given, question)
        if answer is None:
            return Skipped(where, "no_answer")
        record_id = text_of(data.get("record_id"))
        return Annotation(
            where=where,
            unit=record_id or text_of(data.get("id")) or text_of(task_id) or where,
            record_id=record_id,
            annotator=annotator,
            answer=answer,
            weight=weight_of(data.get("weight")),
            annotated_at=time_of(time),
            text=text_of(data.get("text")),
            lang=text_of(data.get("lang")),
            corpus=text_of(data.get("corpus")),
            role=text_of(data.get("role")),
        )
    except GivenError as error:
        return Broken(where, str(error))
