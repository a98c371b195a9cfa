"""The fields of an answer, with spans and turns told by record, and put together over windows."""

from __future__ import annotations

import json
import math
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


def merged(
    fields: Sequence[AnswerField], pieces: Sequence[Mapping[str, Any]], lengths: Sequence[int]
) -> dict[str, Any]:
    """Of several windows: all items, each once; the greatest level, a flag if any has it, the mean of numbers weighted
    by `lengths`; other fields of the first window that has them.
    """
    if len(pieces) == 1:
        return dict(pieces[0])
    return {
        field.name: _merged(field, [piece[field.name] for piece in pieces], lengths)
        for field in fields
    }


def _merged(field: AnswerField, values: Sequence[Any], lengths: Sequence[int]) -> Any:
    known = [(v, n) for v, n in zip(values, lengths, strict=True) if v is not None]
    if field.kind == "items":
        items = {json.dumps(item, sort_keys=True): item for value, _ in known for item in value}
        return list(items.values())
    if not known:
        return None
    if field.kind in ("level", "flag"):
        return max(value for value, _ in known)
    if field.kind == "number":
        return math.fsum(v * n for v, n in known) / sum(n for _, n in known)
    return known[0][0]


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
