"""How probable each label was, from the alternatives of the tokens of a written answer.

A label that was written has the probability of the tokens that spell it, up to where no other label could be meant: the
grammar forces the rest. One that was not written has the greatest probability with which the model was about to write
it where it wrote another: that of the first token of its name, shared equally by labels whose names begin alike. It
says nothing of labels that would have come later; score mode, which asks about each label, has no such limits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

TOP: Final = 20
"""Alternatives of each token that are asked for: as many as servers give."""

Token = Mapping[str, Any]


def label_probabilities(
    names: Sequence[str], given: Sequence[str], neutral: str | None, tokens: Sequence[Token]
) -> dict[str, float]:
    """The probability of each of the labels `names`; `given` are those that were written, in their order.

    `tokens` are those of the answer (OpenAI's `logprobs.content`): token, bytes, logprob, top_logprobs. When nothing
    was written, the `neutral` label has the probability of writing nothing. All zeros but for that when there are no
    tokens.
    """
    content, starts = spelled(tokens)
    found = dict.fromkeys(names, 0.0)
    at = 0
    for label in given:
        written = json.dumps(label, ensure_ascii=False).encode()
        start = content.find(written, at)
        if start < 0:
            continue
        at = start + len(written)
        first = start + 1
        last = first + _telling(written[1:], names)
        found[label] = max(found[label], _probability(tokens, starts, first, last))
        for other, p in _alternatives(names, tokens, starts, first):
            if other not in given:
                found[other] = max(found[other], p)
    if not given and neutral is not None:
        end = content.find(b"]")
        if end >= 0:
            found[neutral] = _probability(tokens, starts, end, end + 1)
    return {name: round(p, 6) for name, p in found.items()}


def spelled(tokens: Sequence[Token]) -> tuple[bytes, list[int]]:
    """The bytes that the tokens spell, and where each starts."""
    content, starts = b"", []
    for token in tokens:
        starts.append(len(content))
        content += _bytes(token)
    return content, starts


def _bytes(token: Token) -> bytes:
    given = token.get("bytes")
    return bytes(given) if given else str(token["token"]).encode()


def _probability(tokens: Sequence[Token], starts: Sequence[int], first: int, last: int) -> float:
    """Of the tokens that overlap the bytes from `first` to `last`, given those before them."""
    total = math.fsum(
        float(token["logprob"])
        for token, start in zip(tokens, starts, strict=True)
        if start < last and start + len(_bytes(token)) > first
    )
    return math.exp(min(0.0, total))


def _telling(written: bytes, names: Sequence[str]) -> int:
    """How many bytes of a name tell it from all others."""
    others = [json.dumps(name, ensure_ascii=False)[1:].encode() for name in names]
    for length in range(1, len(written)):
        if sum(other.startswith(written[:length]) for other in others) == 1:
            return length
    return len(written)


def _alternatives(
    names: Sequence[str], tokens: Sequence[Token], starts: Sequence[int], first: int
) -> Iterator[tuple[str, float]]:
    """Labels that might have been written from the byte `first` on, each with its probability."""
    place = max((i for i, start in enumerate(starts) if start <= first), default=None)
    if place is None:
        return
    token = tokens[place]
    before = _bytes(token)[: first - starts[place]]
    encoded = {name: json.dumps(name, ensure_ascii=False)[1:].encode() for name in names}
    sums = dict.fromkeys(names, 0.0)
    for each in token.get("top_logprobs") or ():
        spelling = _bytes(each)
        rest = spelling[len(before) :]
        if not spelling.startswith(before) or not rest:
            continue
        fit = [name for name, of in encoded.items() if of.startswith(rest) or rest.startswith(of)]
        for name in fit:
            sums[name] += math.exp(min(0.0, float(each["logprob"]))) / len(fit)
    yield from sums.items()
