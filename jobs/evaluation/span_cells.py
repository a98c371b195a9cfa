"""Spans as they stand in cells: a JSON list of start, end and perhaps label, checked against the text they are of.

Offsets count code points, the end is not in the span: text[start:end] in Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from transforms.evaluate.spans import Span

# What can be wrong with a span, as a class of error and in words.
WRONG: Final = {
    "spans_no_list": "spans that are no list of objects with start and end",
    "span_not_integers": "a span whose start or end is no whole number",
    "span_reversed": "a span that does not end after its start",
    "span_outside_text": "a span that reaches outside its text",
    "span_label_no_name": "a span whose label is no name",
}

# Scripts that put no blanks between words: Thai, Lao, Myanmar, Khmer, Chinese, Japanese.
_SINGLE: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3001-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_TOKEN: Final = re.compile(rf"[{_SINGLE}]|[^\s{_SINGLE}]+")


class WrongSpanError(ValueError):
    """A cell that holds no spans of its text; `reason` is a key of WRONG."""

    def __init__(self, reason: str) -> None:
        super().__init__(WRONG[reason])
        self.reason = reason


def read_spans(
    cells: Iterable[str | None], texts: Iterable[str | None]
) -> tuple[list[list[Span] | None], list[str | None]]:
    """The spans of each cell, None where there are none to read, and what is wrong with those that are refused."""
    spans: list[list[Span] | None] = []
    wrong: list[str | None] = []
    for cell, text in zip(cells, texts, strict=True):
        try:
            spans.append(_spans(cell, text or ""))
            wrong.append(None)
        except WrongSpanError as error:
            spans.append(None)
            wrong.append(error.reason)
    return spans, wrong


def words_of(text: str) -> list[tuple[int, int]]:
    """Where the words of a text start and end: what stands between blanks, or one sign of a script without blanks."""
    return [match.span() for match in _TOKEN.finditer(text)]


def _spans(cell: str | None, text: str) -> list[Span] | None:
    if cell is None or not cell.strip():
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        raise WrongSpanError("spans_no_list") from None
    if found is None:
        return None
    if not isinstance(found, list):
        raise WrongSpanError("spans_no_list")
    return [_span(each, len(text)) for each in found]


def _span(each: Any, length: int) -> Span:
    if not isinstance(each, dict):
        raise WrongSpanError("spans_no_list")
    start, end, label = _whole(each.get("start")), _whole(each.get("end")), each.get("label")
    if label is not None and not isinstance(label, str):
        raise WrongSpanError("span_label_no_name")
    if end <= start:
        raise WrongSpanError("span_reversed")
    if start < 0 or end > length:
        raise WrongSpanError("span_outside_text")
    return (start, end) if label is None else (start, end, label)


def _whole(value: Any) -> int:
    """3.0 is 3, as tables of some programs have it; true is no number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise WrongSpanError("span_not_integers")
