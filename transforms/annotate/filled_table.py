"""A table of texts that people filled in (CSV, or with semicolons or tabs, as spreadsheets save it). Pure.

Columns: id (or record_id), text, labels (or a control of the task's name; names joined by commas), or one column for
each dimension; optional annotator, weight, annotated_at (or updated_at), lang, corpus, role. Label Studio's CSV export
(https://labelstud.io/guide/export#CSV) has the same shape, with several choices of a cell as JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from schemas.errors import SourceError
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
    values_in_cell,
    weight_of,
)
from transforms.annotate.tasks import id_of_cell

_MAX_CELL = 1 << 24


def table_outcomes(file: BinaryIO, shown: str, question: Question) -> Iterator[Outcome]:
    """What became of each line below the header. An empty line is none.

    SourceError: no header, none of the columns that hold answers, not UTF-8, or a quote that is never closed.
    """
    csv.field_size_limit(_MAX_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    line = 1
    try:
        header = text.readline()
        names = next(csv.reader([header], delimiter=_delimiter(header)), [])
        columns = [name.strip() for name in names]
        _check(columns, shown, question)
        reader = csv.reader(text, delimiter=_delimiter(header), strict=True)
        for cells in reader:
            line = reader.line_num + 1
            if cells:
                yield _line(columns, cells, f"line {line}", question)
    except UnicodeDecodeError:
        raise SourceError(
            f"{shown} is not UTF-8.", remedy="Save it as CSV in UTF-8, then import it again."
        ) from None
    except csv.Error:
        raise SourceError(
            f"{shown} is no readable table after line {line}: a quote is not closed, or a cell has "
            f"more than {_MAX_CELL:,} characters.",
            remedy="Save it again as CSV from the program that it was filled in with.",
        ) from None
    finally:
        text.detach()


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _check(columns: list[str], shown: str, question: Question) -> None:
    labels = question.task.answer == "labels"
    wanted = question.controls[:4] if labels else question.taxonomy.names
    if not set(wanted) & set(columns):
        raise SourceError(
            f"{shown} has none of the columns {', '.join(wanted)}, which hold what people answered.",
            remedy="Import the table with the header that `affectmine annotate sample` gave it.",
        )
    if len(set(columns)) < len(columns):
        raise SourceError(
            f"{shown} has two columns of one name.", remedy="Rename or remove one of them."
        )


def _line(columns: list[str], cells: list[str], where: str, question: Question) -> Outcome:
    if len(cells) != len(columns):
        return Broken(where, "wrong_number_of_cells")
    row = dict(zip(columns, cells, strict=True))
    try:
        answer = read_answer(_given(row, question), question)
        if answer is None:
            return Skipped(where, "no_answer")
        record_id = text_of(_cell(row, "record_id") or _cell(row, "id"))
        return Annotation(
            where=where,
            unit=record_id or where,
            record_id=record_id,
            annotator=annotator_of(row.get("annotator"), row.get("annotation_id") or None),
            answer=answer,
            weight=weight_of(_point(row.get("weight", "").strip())),
            annotated_at=time_of((row.get("annotated_at") or row.get("updated_at") or "").strip()),
            text=text_of(_cell(row, "text")),
            lang=text_of(row.get("lang")),
            corpus=text_of(row.get("corpus")),
            role=text_of(row.get("role")),
        )
    except GivenError as error:
        return Broken(where, str(error))


def _given(row: Mapping[str, str], question: Question) -> dict[str, list[object]]:
    if question.task.answer == "labels":
        name = next(name for name in question.controls if name in row)
        return {name: values_in_cell(row[name], frozenset(question.taxonomy.names))}
    return {
        name: values_in_cell(_point(row[name].strip()), frozenset())
        for name in question.taxonomy.names
        if name in row
    }


def _point(cell: str) -> str:
    """A number with a decimal comma, which spreadsheets write in many countries, with a point; else the cell."""
    return cell.replace(",", ".") if re.fullmatch(r"-?\d+,\d+", cell) else cell


def _cell(row: Mapping[str, str], name: str) -> str | None:
    """A cell as it was before the export kept a spreadsheet from running it as a formula."""
    cell = row.get(name)
    return None if cell is None else id_of_cell(cell)
