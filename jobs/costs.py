"""What language models cost, in words: requests, tokens, the servers' time, price."""

from collections.abc import Mapping

_MILLION = 1e6


def add_cost(total: dict[str, float], more: Mapping[str, float]) -> None:
    """Adds to a total what more was spent."""
    for name, value in more.items():
        total[name] = total.get(name, 0.0) + value


def tokens(cost: Mapping[str, float]) -> float:
    """Tokens read and written; what came from the answer cache has none."""
    return cost.get("prompt_tokens", 0.0) + cost.get("completion_tokens", 0.0)


def per_million_rows(cost: Mapping[str, float], rows: int) -> float | None:
    """The price of a million rows; None where nothing was paid. In the currency of the labeler file."""
    price = cost.get("price", 0.0)
    return price / rows * _MILLION if price > 0 and rows else None


def told_cost(cost: Mapping[str, float], rows: int = 0) -> str:
    """A cost as people read it, empty for one that is nothing; with `rows`, the price of a million of them, too."""
    parts = []
    if cost.get("requests"):
        parts.append(f"{cost['requests']:,.0f} requests")
    if cost.get("prompt_tokens"):
        told = f"{short(cost['prompt_tokens'])} prompt tokens"
        known = cost.get("known_tokens", 0.0)  # servers do not say it of batches
        parts.append(f"{told} ({cost['cached_tokens'] / known:.0%} cached)" if known else told)
    if cost.get("completion_tokens"):
        parts.append(f"{short(cost['completion_tokens'])} completion tokens")
    if cost.get("from_cache"):
        parts.append(f"{cost['from_cache']:,.0f} answers from the cache")
    if cost.get("shared"):
        parts.append(f"{cost['shared']:,.0f} shared with equal questions")
    if cost.get("seconds"):
        parts.append(f"{cost['seconds']:,.1f} s of the servers")
    if cost.get("price"):
        price = f"price {cost['price']:,.4g}"
        each = per_million_rows(cost, rows)
        parts.append(price if each is None else f"{price} ({each:,.4g} per million rows)")
    return ", ".join(parts)


def short(number: float) -> str:
    """A large number in few digits: 1.23 M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:,.3g} {unit}"
    return f"{number:,.0f}"
