"""How many tokens a response says that it took."""

from __future__ import annotations

Tokens = tuple[int, int, int]
"""Tokens of the prompt, of them those that the server still knew, tokens of the answer."""


def usage_of(response: object) -> tuple[Tokens, bool]:
    """The tokens of a response, zeros where it does not say; and whether it says how many were cached (that of a batch
    does not).
    """
    usage = response.get("usage") if isinstance(response, dict) else None
    if not isinstance(usage, dict):
        return (0, 0, 0), False
    details = usage.get("prompt_tokens_details")
    known = isinstance(details, dict)
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (_whole(prompt), _whole(cached), _whole(completion)), known


def _whole(told: object) -> int:
    return told if isinstance(told, int) else 0
