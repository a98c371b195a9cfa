"""PReMo, sentiment of GitHub pull requests: one JSON array of messages, each rated by three people.

All ratings are kept as gold, an annotator being their place in the list and kind ("1-neuro"):
emotions (task emotion, taxonomy premo), polarity (sentiment, polarity) and both intensities from 0
to 4 (emotion_intensity, premo, label_set positive or negative). What was rated without seeing the
conversation (the source's part1) has `_without_context` behind the task's name. The polarity of the
majority has no annotator; where there is none (`undefined`), there is no such entry. How sure a
rater was, and the raters' comments, are left out. The conversation is the pull request.
"""

# ruff: noqa: ARG002 (a reader's methods have one signature, used or not)

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from schemas.config.corpus import Columns, GoldColumn
from transforms.read.chunk import Chunk, Limits, Parsed
from transforms.read.gold_cells import GOLD, OWN_GOLD
from transforms.read.json_elements import (
    Element,
    WrongElementError,
    cut_elements,
    head_elements,
    parse_elements,
)
from transforms.read.source import SourceFile

EMOTIONS = {"anger", "fear", "joy", "love", "negativesurprise", "positivesurprise", "sadness"}
POLARITIES = {"negative", "neutral", "positive"}
_PARTS = {"part2": "", "part1": "_without_context"}
_INTENSITIES = {"positive": "positive_intensity", "negative": "negative_itensity"}  # as spelt there
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "message_url": pl.String,
    "raw_message": pl.String,
    "conversation_id": pl.String,
    "project": pl.String,
    "discussion_polarity": pl.String,
    OWN_GOLD: GOLD,
}
_COLUMNS = Columns(
    id="message_url",
    text="raw_message",
    conversation_id="conversation_id",
    meta=("project", "discussion_polarity"),
)


class Premo:
    """Reader of PReMo's messages."""

    name = "premo"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the document is an array, of which a first element is a rated message."""
        opening, values = head_elements(head)
        keys = {"raw_message", "message_url", "individual_answers"}
        return opening == b"[" and any(
            isinstance(value, dict) and keys <= value.keys() for value in values
        )

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return list(_SCHEMA)

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole messages."""
        return cut_elements(source, limits, options)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of messages."""
        return parse_elements(source, chunk, limits, _SCHEMA, _message)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return _COLUMNS

    def gold(self) -> tuple[GoldColumn, ...]:
        """None in columns: the reader makes it itself."""
        return ()


def _message(element: Element) -> list[tuple[Any, ...]]:
    message = element.value
    if not isinstance(message, dict):
        raise WrongElementError("the element is no object")
    url, text = (_string(message, key) for key in ("message_url", "raw_message"))
    if not url or text is None:
        raise WrongElementError("the message has no raw_message or message_url")
    thread = url.split("#", 1)[0]
    more = (_string(message, key) for key in ("project", "discussion_polarity"))
    return [(url, text, thread, *more, _gold(message))]


def _string(message: dict[str, Any], key: str) -> str | None:
    value = message.get(key)
    if value is not None and not isinstance(value, str):
        raise WrongElementError(f"{key!r} of the message is no string")
    return value


def _gold(message: dict[str, Any]) -> list[dict[str, Any]]:
    answers = message.get("individual_answers")
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        raise WrongElementError("`individual_answers` of the message is no list of objects")
    found: list[dict[str, Any]] = []
    for part, suffix in _PARTS.items():
        for number, answer in enumerate(answers, start=1):
            kind = answer.get("user_type")
            annotator = f"{number}-{kind}" if isinstance(kind, str) else str(number)
            found += _ratings(answer.get(part), annotator, suffix)
        majority = message.get(f"{part}_aggregate")
        polarity = majority.get("polarity") if isinstance(majority, dict) else None
        if polarity is not None and polarity != "undefined":
            found.append(_polarity(polarity, None, suffix))
    return found


def _ratings(answer: Any, annotator: str, suffix: str) -> Iterator[dict[str, Any]]:
    """The entries of what one person said in one part; what was not answered has none."""
    if answer is None:
        return
    if not isinstance(answer, dict):
        raise WrongElementError(f"an answer of annotator {annotator} is no object")
    emotions, polarity = answer.get("emotions"), answer.get("polarity")
    if emotions is not None:
        if not isinstance(emotions, list) or not all(_is_one(each, EMOTIONS) for each in emotions):
            message = f"the emotions of annotator {annotator} are no list of PReMo's emotions"
            raise WrongElementError(message, "bad_label")
        yield _entry(f"emotion{suffix}", "premo", annotator, labels=emotions)
    if polarity is not None:
        yield _polarity(polarity, annotator, suffix)
    for which, key in _INTENSITIES.items():
        value = answer.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 4:
            message = f"{key!r} of annotator {annotator} is no number from 0 to 4"
            raise WrongElementError(message, "bad_number")
        yield _entry(f"emotion_intensity{suffix}", "premo", annotator, which, value=float(value))


def _polarity(polarity: Any, annotator: str | None, suffix: str) -> dict[str, Any]:
    if not _is_one(polarity, POLARITIES):
        raise WrongElementError("a polarity is none of PReMo's", "bad_label")
    return _entry(f"sentiment{suffix}", "polarity", annotator, labels=[polarity])


def _is_one(value: Any, of: set[str]) -> bool:
    return isinstance(value, str) and value in of


def _entry(
    task: str,
    taxonomy: str,
    annotator: str | None,
    label_set: str | None = None,
    *,
    labels: list[str] | None = None,
    value: float | None = None,
) -> dict[str, Any]:
    return {
        "task": task,
        "taxonomy": taxonomy,
        "label_set": label_set,
        "split": None,
        "annotator": annotator,
        "labels": labels,
        "value": value,
    }
