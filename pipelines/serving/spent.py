"""What labeling by a language model has cost."""

from __future__ import annotations

from dataclasses import dataclass, fields

from schemas.language_model import Price

_HOUR = 3600.0
_MILLION = 1e6


@dataclass
class Spent:
    """Requests that were sent, tokens, answers that came from the cache or were shared with an equal question, and the
    servers' working time in seconds. `cached_tokens` are those of the prompt that the server still knew, of
    `known_tokens`: the prompts whose answers say so.
    """

    requests: int = 0
    prompt_tokens: int = 0
    known_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    from_cache: int = 0
    shared: int = 0
    seconds: float = 0.0

    def add(self, other: Spent) -> None:
        """Adds what another has spent."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def price(self, price: Price) -> float:
        """What it costs, in the currency of `price`."""
        return (
            price.per_hour * self.seconds / _HOUR
            + price.per_million_prompt_tokens * self.prompt_tokens / _MILLION
            + price.per_million_completion_tokens * self.completion_tokens / _MILLION
        )

    def cost(self, price: Price) -> dict[str, float]:
        """All of it, as manifests hold it."""
        found = {field.name: float(getattr(self, field.name)) for field in fields(self)}
        return {**found, "seconds": round(self.seconds, 3), "price": round(self.price(price), 6)}
