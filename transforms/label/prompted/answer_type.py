"""The type of the column `answer`: a struct with what a task answers beside its labels."""

from __future__ import annotations

import pyarrow as pa

from schemas.answer_field import AnswerField
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

SPAN = pa.struct(
    [
        pa.field(
            "record_id", pa.string()
        ),  # whose text_clean: the record's own or an earlier turn's
        pa.field("start", pa.int32()),  # code points, half open
        pa.field("end", pa.int32()),
    ]
)
TURN = pa.struct([pa.field("record_id", pa.string()), pa.field("back", pa.int16())])

_SIMPLE = {
    "label": pa.string(),
    "choice": pa.string(),
    "text": pa.string(),
    "level": pa.int16(),
    "number": pa.float32(),
    "flag": pa.bool_(),
    "span": SPAN,
    "turn": TURN,
}


def answer_type(task: LabelTask, taxonomy: Taxonomy) -> pa.StructType | None:
    """The type of `answer`, or None where labels and scores say all.

    Of scalars and ordinals: a number for each name of the taxonomy; of a unit of sentences: the list `sentences`, with
    the place, the labels and the fields of each; then the fields of the task.
    """
    numbers = _numbers(task, taxonomy)
    fields = [pa.field(field.name, _type(field)) for field in task.fields]
    if task.unit == "sentence":
        each = pa.struct(
            [pa.field("span", SPAN), pa.field("labels", pa.list_(pa.string())), *numbers, *fields]
        )
        return pa.struct([*numbers, pa.field("sentences", pa.list_(each))])
    return pa.struct([*numbers, *fields]) if numbers or fields else None


def _numbers(task: LabelTask, taxonomy: Taxonomy) -> list[pa.Field]:
    kinds = {"scalars": pa.float32(), "ordinals": pa.int8()}
    kind = kinds.get(task.answer)
    found = [] if kind is None else [pa.field(name, kind) for name in taxonomy.names]
    if task.answer == "scalars":
        found.append(
            pa.field("spread", pa.struct([pa.field(n, pa.float32()) for n in taxonomy.names]))
        )
    return found


def _type(field: AnswerField) -> pa.DataType:
    if field.kind == "items":
        return pa.list_(pa.struct([pa.field(each.name, _type(each)) for each in field.fields]))
    return _SIMPLE[field.kind]
