"""Rows as training examples of a format: plain values, one dict an example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Example = dict[str, Any]

_TOKEN: Final = re.compile(r"\S+")


def provenance(row: Mapping[str, Any]) -> Example:
    """What every example says of where it is from. `synthetic` is never missing."""
    names = ("record_id", "corpus", "source", "recipe", "generator", "weight")
    return {"synthetic": row["source"] == "synthetic", **{name: row[name] for name in names}}


def classification(row: Mapping[str, Any], names: Sequence[str], *, soft: bool) -> Example:
    """text, labels, label_ids (places in the taxonomy), with `soft` the probability of each label."""
    place = {name: number for number, name in enumerate(names)}
    labels = [label for label in row["labels"] if label in place]
    example: Example = {
        "text": row["text"],
        "labels": labels,
        "label_ids": [place[label] for label in labels],
    }
    if soft:
        scores = {each["label"]: each["probability"] for each in row["scores"] or []}
        hard = {label: 1.0 / max(1, len(labels)) for label in labels}
        example["soft_labels"] = [float((scores or hard).get(name, 0.0)) for name in names]
    return example | _place(row)


def regression(row: Mapping[str, Any], names: Sequence[str]) -> Example:
    """text, and a number for each name of the taxonomy, in its range; None where it is not known."""
    numbers = {each["label"]: each["value"] for each in row["numbers"]}
    return {"text": row["text"], **{name: numbers.get(name) for name in names}} | _place(row)


def _place(row: Mapping[str, Any]) -> Example:
    told = ("conversation_id", "turn", "speaker", "role", "lang", "group")
    return {name: row[name] for name in told} | provenance(row)


def conversation(turns: Sequence[Mapping[str, Any]], assistant_roles: Sequence[str]) -> Example:
    """A conversation as messages: turns of one side that follow one another are one message. The first turn is of the
    user and the last one of the assistant.
    """
    messages: list[dict[str, str]] = []
    for turn in turns:
        role = "assistant" if turn["role"] in assistant_roles else "user"
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += "\n" + turn["text"]
        else:
            messages.append({"role": role, "content": turn["text"]})
    return {"messages": messages, **provenance(turns[0])}


def preference(parts: Mapping[str, Mapping[str, Any]]) -> Example:
    """prompt, chosen and rejected as messages."""
    return {
        "prompt": [{"role": "user", "content": parts["prompt"]["text"]}],
        "chosen": [{"role": "assistant", "content": parts["chosen"]["text"]}],
        "rejected": [{"role": "assistant", "content": parts["rejected"]["text"]}],
        **provenance(parts["prompt"]),
    }


def reward(parts: Mapping[str, Mapping[str, Any]]) -> Example:
    """A pair of whole conversations, with the scores of both and their distance where the recipe gives them."""
    prompt = {"role": "user", "content": parts["prompt"]["text"]}
    scores = [parts[name]["score"] for name in ("chosen", "rejected")]
    known = None not in scores
    return {
        "chosen": [prompt, {"role": "assistant", "content": parts["chosen"]["text"]}],
        "rejected": [prompt, {"role": "assistant", "content": parts["rejected"]["text"]}],
        "chosen_score": scores[0],
        "rejected_score": scores[1],
        "margin": scores[0] - scores[1] if known else None,
        **provenance(parts["prompt"]),
    }


def written_instruction(parts: Mapping[str, Mapping[str, Any]]) -> Example:
    """instruction, input and output that a recipe wrote."""
    return {
        **{name: parts[name]["text"] for name in ("instruction", "input", "output")},
        **provenance(parts["input"]),
    }


def spans(row: Mapping[str, Any]) -> Example:
    """Tokens (what stands between white space) and tags, B-, I- or O. Where spans overlap, the first one counts."""
    text, record_id = row["text"], row["record_id"]
    tokens = [(found.group(), found.start(), found.end()) for found in _TOKEN.finditer(text)]
    tags = ["O"] * len(tokens)
    for label, start, end in _spans(row["answer"], record_id, "span"):
        inside = [n for n, (_, first, last) in enumerate(tokens) if first < end and last > start]
        if not inside or any(tags[n] != "O" for n in inside):
            continue
        for place, n in enumerate(inside):
            tags[n] = f"{'I' if place else 'B'}-{label}"
    return {"tokens": [token for token, _, _ in tokens], "tags": tags, **provenance(row)}


def _spans(answer: Any, record_id: str, name: str) -> Iterator[tuple[str, int, int]]:
    """All spans in the record's own text within a typed answer, with the label beside each, else its field's name."""
    if isinstance(answer, list):
        for each in answer:
            yield from _spans(each, record_id, name)
    elif isinstance(answer, dict):
        label = next((v for v in answer.values() if isinstance(v, str)), None)
        for field, value in answer.items():
            if isinstance(value, dict) and {"record_id", "start", "end"} <= value.keys():
                if value["record_id"] == record_id:
                    yield label or field, value["start"], value["end"]
            else:
                yield from _spans(value, record_id, field)
