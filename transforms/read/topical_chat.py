"""Topical-Chat as released: one JSON object of dialogues, each a list of turns of two agents.

The native unit is a dialogue; its turns are the records. Agents are other people in each dialogue. The
sentiment that speakers gave to their own turn is kept as gold (task emotion, taxonomy topical_chat,
annotator the agent). To `meta` go the partner's rating of the turn, the sources of knowledge, the
article talked about, the setting (config), and how the speaker rated the whole conversation.
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

LABELS = frozenset(
    {
        "Angry",
        "Disgusted",
        "Fearful",
        "Sad",
        "Happy",
        "Surprised",
        "Curious to dive deeper",
        "Neutral",
    }
)
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "text": pl.String,
    "conversation_id": pl.String,
    "turn": pl.Int64,
    "speaker": pl.String,
    "lang": pl.String,
    "article_url": pl.String,
    "config": pl.String,
    "conversation_rating": pl.String,
    "turn_rating": pl.String,
    "knowledge_source": pl.List(pl.String),
    OWN_GOLD: GOLD,
}
_COLUMNS = Columns(
    id="id",
    text="text",
    conversation_id="conversation_id",
    turn="turn",
    speaker="speaker",
    lang="lang",
    meta=("article_url", "config", "conversation_rating", "turn_rating", "knowledge_source"),
)


class TopicalChat:
    """Reader of Topical-Chat's conversations."""

    name = "topical_chat"
    version = 1

    def matches(self, name: str, head: bytes) -> bool:
        """Whether the document is an object, of which a first value is a dialogue of agents."""
        opening, values = head_elements(head)
        return opening == b"{" and any(_is_dialogue(value) for value in values)

    def found(self, source: SourceFile, options: Mapping[str, Any]) -> list[str]:
        """The columns that parsing makes."""
        return list(_SCHEMA)

    def cut(
        self, source: SourceFile, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Chunk]:
        """Chunks of whole dialogues."""
        return cut_elements(source, limits, options)

    def parse(
        self, source: SourceFile, chunk: Chunk, limits: Limits, options: Mapping[str, Any]
    ) -> Iterator[Parsed]:
        """Batches of turns; the turns of a dialogue have its position."""
        return parse_elements(source, chunk, limits, _SCHEMA, _turns)

    def columns(self, names: list[str]) -> Columns | None:
        """The mapping of the release."""
        return _COLUMNS

    def gold(self) -> tuple[GoldColumn, ...]:
        """None in columns: the reader makes it itself."""
        return ()


def _is_dialogue(value: Any) -> bool:
    content = value.get("content") if isinstance(value, dict) else None
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and {"message", "agent", "sentiment"} <= first.keys()


def _turns(element: Element) -> list[tuple[Any, ...]]:
    dialogue = element.value
    content = dialogue.get("content") if isinstance(dialogue, dict) else None
    if not isinstance(content, list) or not all(isinstance(said, dict) for said in content):
        raise WrongElementError("the dialogue has no list of turns `content`")
    article, config = (
        _string(dialogue, key, f"{key!r} of the dialogue") for key in ("article_url", "config")
    )
    ratings = dialogue.get("conversation_rating") or {}
    if not isinstance(ratings, dict):
        raise WrongElementError("`conversation_rating` of the dialogue is no object")
    rows = []
    for number, said in enumerate(content):
        where = f"turn {number}"
        text, agent, sentiment = (
            _string(said, key, f"{key!r} of {where}") for key in ("message", "agent", "sentiment")
        )
        if text is None or agent is None:
            raise WrongElementError(f"{where} of the dialogue has no message or agent")
        rows.append(
            (
                f"{element.key}#{number}",
                text,
                element.key,
                number,
                f"{element.key}/{agent}",
                "en",
                article,
                config,
                _string(ratings, agent, "a `conversation_rating`"),
                _string(said, "turn_rating", f"'turn_rating' of {where}"),
                _sources(said, where),
                _gold(sentiment, agent, where),
            )
        )
    return rows


def _string(of: dict[str, Any], key: str, what: str) -> str | None:
    """A string; an empty one is null, but for what was said."""
    value = of.get(key)
    if value is not None and not isinstance(value, str):
        raise WrongElementError(f"{what} is no string")
    return value if value or key == "message" else None


def _sources(said: dict[str, Any], where: str) -> list[str] | None:
    sources = said.get("knowledge_source")
    if sources is None:
        return None
    if not isinstance(sources, list) or not all(isinstance(each, str) for each in sources):
        raise WrongElementError(f"{where}: `knowledge_source` is no list of strings")
    return sources


def _gold(sentiment: str | None, agent: str, where: str) -> list[dict[str, Any]] | None:
    if sentiment is None:
        return None
    if sentiment not in LABELS:
        message = f"{where}: the sentiment is none of Topical-Chat's labels"
        raise WrongElementError(message, "bad_label")
    return [
        {
            "task": "emotion",
            "taxonomy": "topical_chat",
            "label_set": None,
            "split": None,
            "annotator": agent,
            "labels": [sentiment],
            "value": None,
        }
    ]
