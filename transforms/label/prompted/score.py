"""Score mode: one step of the model, whose probabilities of the codes are the answer.

Several labels that may hold at once are one conversation each (yes or no), all with the same beginning, which a server
computes once. One label of several is one conversation whose codes are letters; numbers and levels are one
conversation for each name, whose codes are digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.codes import Codes
from transforms.label.prompted.question import PLAIN_SAMPLING, Mistake, Told

BATCH: Final = "/v1/chat/completions/batch"
_ID: Final = "token_id:"


def endings(task: LabelTask, taxonomy: Taxonomy, labels: Sequence[str], codes: Codes) -> list[str]:
    """What is asked at the end of each conversation of a row."""
    if task.answer in ("scalars", "ordinals"):
        low, high = codes.names[0], codes.names[-1]
        return [
            f"Name: {name}\nAnswer with one digit, from {low} (least) to {high} (most)."
            for name in labels
        ]
    if not taxonomy.exclusive:
        return [f"Label: {name}\nDoes this label hold? Answer yes or no." for name in labels]
    lines = [f"{code} = {name}" for code, name in zip(codes.names, labels, strict=True)]
    return ["\n".join([*lines, "Answer with one letter."])]


def score_body(conversations: list[list[dict[str, str]]], codes: Codes) -> dict[str, Any]:
    """The body of a call: one token of each conversation, with the log-probabilities of all codes."""
    return {
        **PLAIN_SAMPLING,
        "messages": conversations,
        "max_tokens": 1,
        "temperature": 0.0,
        "logprobs": True,
        "logprob_token_ids": codes.all_ids,
        "return_tokens_as_token_ids": True,
    }


def read_scores(
    task: LabelTask,
    taxonomy: Taxonomy,
    labels: Sequence[str],
    codes: Codes,
    response: dict[str, Any],
) -> Told | Mistake:
    """What a response says; a Mistake when it has not the probabilities of all codes of all conversations."""
    asked = 1 if task.answer == "labels" and taxonomy.exclusive else len(labels)
    try:
        choices = sorted(response["choices"], key=lambda choice: choice["index"])
        if [choice["index"] for choice in choices] != list(range(asked)):
            return Mistake("invalid_answer", None)
        found = [
            _weigh(choice["logprobs"]["content"][0]["top_logprobs"], codes) for choice in choices
        ]
    except (AttributeError, KeyError, TypeError, IndexError, ValueError, OverflowError):
        return Mistake("invalid_answer", None)
    told: Told = {"mass": round(sum(mass for _, mass in found) / asked, 6)}
    if task.answer in ("scalars", "ordinals"):
        told["levels"] = {name: each for name, (each, _) in zip(labels, found, strict=True)}
    elif taxonomy.exclusive:
        told["p"] = dict(zip(labels, found[0][0], strict=True))
    else:
        told["p"] = {name: each[0] for name, (each, _) in zip(labels, found, strict=True)}
    return told


def _weigh(entries: Sequence[dict[str, Any]], codes: Codes) -> tuple[list[float], float]:
    """The probabilities of the codes, renormalized; and what they sum to before. KeyError: one is missing."""
    by_id = {
        int(entry["token"].removeprefix(_ID)): math.exp(entry["logprob"])
        for entry in entries
        if entry["token"].startswith(_ID)
    }
    raw = [math.fsum(by_id[each] for each in ids) for ids in codes.ids]
    mass = math.fsum(raw)
    if not mass > 0 or not math.isfinite(mass):
        raise ValueError("no mass")
    return [round(each / mass, 6) for each in raw], mass
