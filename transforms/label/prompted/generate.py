"""Generate mode: the model writes its answer as JSON under a schema; what it wrote is checked and read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.answer_field import AnswerField
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.answer_schema import STEPS, levels_of
from transforms.label.prompted.checked import wrong
from transforms.label.prompted.inert import inert
from transforms.label.prompted.label_probabilities import TOP, label_probabilities, spelled
from transforms.label.prompted.question import PLAIN_SAMPLING, Mistake, Question, Told
from transforms.label.prompted.spans import find_span

CHAT: Final = "/v1/chat/completions"
_TOP: Final = 10  # alternatives of a digit that are asked for
_HALF: Final = re.compile("[\ud800-\udfff]")  # of a character, which no column can hold
_SHOWN_AGAIN: Final = 2_000  # characters of a wrong answer that the model sees again


def generate_body(
    task: LabelTask, messages: list[dict[str, str]], schema: dict[str, Any], max_tokens: int
) -> dict[str, Any]:
    """The body of a call, without sampling parameters."""
    body: dict[str, Any] = {
        **PLAIN_SAMPLING,
        "messages": messages,
        "max_tokens": max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": task.name, "strict": True, "schema": schema},
        },
    }
    if task.answer == "labels":
        body |= {"logprobs": True, "top_logprobs": TOP}
    elif task.answer == "ordinals":
        body |= {"logprobs": True, "top_logprobs": _TOP}
    return body


def read_answer(
    task: LabelTask,
    taxonomy: Taxonomy,
    schema: dict[str, Any],
    question: Question,
    response: dict[str, Any],
    *,
    free_text: bool,
) -> Told | Mistake:
    """What a response says. Without `free_text`, fields of kind text are null: for texts that must not be repeated.

    A Mistake: cut off, no JSON, not what the schema says, or a span that is not in the text.
    """
    try:
        choice = response["choices"][0]
        content, finish = choice["message"]["content"], choice["finish_reason"]
        tokens = (choice.get("logprobs") or {}).get("content") or []
    except (KeyError, IndexError, TypeError, AttributeError):
        return Mistake("invalid_answer", None)
    if finish == "length":
        return Mistake("cut_off", "it was cut off because it was too long; write less")
    try:
        answer = json.loads(content, strict=False)  # grammars let control characters through
    except (TypeError, ValueError, RecursionError):
        return Mistake("invalid_answer", "it is not JSON")
    if (mistake := wrong(answer, schema)) is not None:
        return Mistake("invalid_answer", mistake)
    if _HALF.search(json.dumps(answer, ensure_ascii=False)):
        return Mistake("invalid_answer", "it has halves of characters")
    try:
        told = _main(task, taxonomy, answer, tokens)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Mistake("invalid_answer", None)  # log-probabilities that are none
    if task.fields:
        try:
            told["fields"] = _item(task.fields, answer, question, free_text=free_text)
        except _NotThereError as error:
            return Mistake(error.reason, str(error))
    return told


def repair(body: dict[str, Any], response: dict[str, Any], mistake: Mistake) -> dict[str, Any]:
    """The body of the second try: the wrong answer, and what is wrong with it."""
    try:
        content = response["choices"][0]["message"]["content"] or ""
    except (KeyError, IndexError, TypeError):
        content = ""
    return body | {
        "messages": [
            *body["messages"],
            {"role": "assistant", "content": inert(str(content))[:_SHOWN_AGAIN]},
            {
                "role": "user",
                "content": f"That answer cannot be used: {mistake.say}. Answer again, with the JSON object only.",
            },
        ]
    }


def _main(
    task: LabelTask, taxonomy: Taxonomy, answer: Mapping[str, Any], tokens: Sequence[dict[str, Any]]
) -> Told:
    if task.answer == "labels":
        labels = [answer["label"]] if "label" in answer else list(dict.fromkeys(answer["labels"]))
        p = label_probabilities(taxonomy.names, labels, taxonomy.neutral, tokens)
        return {"labels": labels, "p": p}
    if task.answer == "words":
        words = (" ".join(word.split()).lower() for word in answer["words"])
        return {"words": [word for word in dict.fromkeys(words) if word]}
    if task.answer == "scalars":
        low, high = taxonomy.range or (0.0, 1.0)
        return {
            "numbers": {name: low + (high - low) * answer[name] / STEPS for name in taxonomy.names}
        }
    if task.answer == "ordinals":
        levels = {name: answer[name] for name in taxonomy.names}
        return {"numbers": levels, "levels": level_probabilities(taxonomy, levels, tokens)}
    return {}


def level_probabilities(
    taxonomy: Taxonomy, levels: Mapping[str, int], tokens: Sequence[dict[str, Any]]
) -> dict[str, list[float]]:
    """Of each name the probabilities of its levels, from the alternatives of the digit that was written."""
    content, starts = spelled(tokens)
    low, high = levels_of(taxonomy)
    found: dict[str, list[float]] = {}
    for name in levels:
        key = f"{json.dumps(name, ensure_ascii=False)}:".encode()
        start = content.find(key)
        place = max((i for i, at in enumerate(starts) if at <= start + len(key)), default=None)
        if start < 0 or place is None:
            continue
        entry = tokens[place]
        shown = [entry, *(entry.get("top_logprobs") or [])]
        weights = dict.fromkeys(map(str, range(low, high + 1)), 0.0)
        for each in shown:
            digit = str(each["token"]).strip(':," }')
            if digit in weights:
                weights[digit] = max(weights[digit], math.exp(min(0.0, each["logprob"])))
        mass = sum(weights.values())
        if mass > 0:
            found[name] = [round(weight / mass, 6) for weight in weights.values()]
    return found


class _NotThereError(Exception):
    """A span that is not in the text, or a turn that was not shown; the message is for the model."""

    def __init__(self, reason: str, say: str) -> None:
        super().__init__(say)
        self.reason = reason


def _field(
    field: AnswerField, value: Any, question: Question, turn: int, *, free_text: bool
) -> Any:
    if value is None:
        return None
    if field.kind == "items":
        return [_item(field.fields, entry, question, free_text=free_text) for entry in value]
    if field.kind == "number":
        assert field.range is not None
        low, high = field.range
        return low + (high - low) * value / STEPS
    if field.kind == "text":
        return value if free_text else None
    if field.kind == "turn":
        if value > len(question.context):
            raise _NotThereError(
                "invalid_answer", f'"{field.name}" names a turn that was not shown'
            )
        return value
    if field.kind == "span":
        return _span(field, value, question, turn)
    return value


def _item(
    fields: Sequence[AnswerField], entry: Mapping[str, Any], question: Question, *, free_text: bool
) -> dict[str, Any]:
    turn = next((entry[each.name] for each in fields if each.kind == "turn"), None) or 0
    return {
        each.name: _field(each, entry[each.name], question, turn, free_text=free_text)
        for each in fields
    }


def _span(field: AnswerField, copied: str, question: Question, turn: int) -> dict[str, int]:
    if turn > len(question.context):
        raise _NotThereError("invalid_answer", "it names a turn that was not shown")
    text = question.text if turn == 0 else inert(question.context[-turn].text)
    place = find_span(text, copied)
    if place is None:
        where = "the text" if turn == 0 else f"turn {turn}"
        raise _NotThereError(
            "span_not_in_text", f'the words of "{field.name}" are not in {where}; copy them exactly'
        )
    return {"turn": turn, "start": place[0], "end": place[1]}
