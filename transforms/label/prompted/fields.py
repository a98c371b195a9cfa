"""The fields of an answer, with spans and turns told by record, and put together over windows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.answer_field import AnswerField
from transforms.label.prompted.document import Document
from transforms.label.prompted.question import Question


def placed(
    fields: Sequence[AnswerField], told: Mapping[str, Any], question: Question, document: Document
) -> dict[str, Any]:
    """The fields as columns: a place in a piece of a text becomes a place in the text of a record."""
    return {
        field.name: _placed(field, told.get(field.name), question, document) for field in fields
    }


def merged(fields: Sequence[AnswerField], pieces: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of several windows: all items, each once; other fields of the first window that has them."""
    if len(pieces) == 1:
        return dict(pieces[0])
    found: dict[str, Any] = {}
    for field in fields:
        values = [piece[field.name] for piece in pieces if piece[field.name] is not None]
        if field.kind == "items":
            items = {json.dumps(item, sort_keys=True): item for value in values for item in value}
            found[field.name] = list(items.values())
        else:
            found[field.name] = values[0] if values else None
    return found


def _placed(field: AnswerField, value: Any, question: Question, document: Document) -> Any:
    if value is None:
        return None
    if field.kind == "items":
        return [
            {
                each.name: _placed(each, item.get(each.name), question, document)
                for each in field.fields
            }
            for item in value
        ]
    if field.kind == "turn":
        record_id = question.context[-value].record_id if value else _own(document)
        return {"record_id": record_id, "back": value}
    if field.kind == "span":
        if value["turn"]:
            record_id, start, end = (
                question.context[-value["turn"]].record_id,
                value["start"],
                value["end"],
            )
        else:
            first = question.piece[0]
            record_id, start, end = document.place(value["start"] + first, value["end"] + first)
        return {"record_id": record_id, "start": start, "end": end}
    return value


def _own(document: Document) -> str | None:
    return document.segments[-1].record_id
