"""Which rows may hold one of their names: a cheap test by conversation, on the side of caution."""

from functools import lru_cache

import polars as pl

from transforms.clean.fold import plain, unaccented
from transforms.clean.name_places import CALLS
from transforms.clean.pii_names import names_of
from transforms.clean.words import is_listed

_START, _END = r"(?:^|[^\p{L}\p{Nd}_])", r"(?:$|[^\p{L}\p{Nd}_])"
_FEW = 12  # rows for which a pattern of their own does not pay


def named(text: pl.Series, hints: pl.Series) -> pl.Series:
    """Give a Boolean series: True where a text may hold a name of its hints.

    Rows of one conversation have the same hints: one pattern for all of them. The rows of small
    groups share one automaton of all their names first.
    """
    nothing = pl.repeat(value=False, n=len(text), dtype=pl.Boolean, eager=True)
    rows = (hints.list.len().fill_null(0) > 0).arg_true()
    if not rows.len():
        return nothing
    known = hints.gather(rows)
    frame = pl.DataFrame({"text": _bare(text.gather(rows)), "row": rows})
    frame = frame.with_columns(known.list.join("\x1f").alias("key"))
    found: list[pl.Series] = []
    small: list[tuple[tuple[str, ...], pl.DataFrame]] = []
    for (key,), part in frame.group_by("key", maintain_order=True):
        names = tuple(str(key).split("\x1f"))
        if part.height < _FEW:
            small.append((names, part))
        else:
            found.append(_tested(names, part))
    found += _tested_together(small)
    hit = pl.concat(found) if found else pl.Series([], dtype=rows.dtype)
    return nothing.scatter(hit, values=True) if hit.len() else nothing


def _pieces(names: tuple[str, ...]) -> list[str]:
    known = names_of(names)
    return [word.lower() for word in [*known.parts, *known.literals]]


def _tested(names: tuple[str, ...], part: pl.DataFrame) -> pl.Series:
    pattern = _pattern(names)
    return part.filter(pl.col("text").str.contains(pattern))["row"] if pattern else part["row"][:0]


def _tested_together(small: list[tuple[tuple[str, ...], pl.DataFrame]]) -> list[pl.Series]:
    if not small:
        return []
    words = sorted({word for names, _ in small for word in _pieces(names)})
    rows = pl.concat(part for _, part in small)
    if not words:
        return []
    maybe = rows.select(
        pl.col("row"), pl.col("text").str.to_lowercase().str.contains_any(words).alias("maybe")
    ).filter("maybe")
    wanted = set(maybe["row"])
    return [
        _tested(names, part)
        for names, part in small
        if not wanted.isdisjoint(part["row"].to_list())
    ]


def _bare(text: pl.Series) -> pl.Series:
    """The texts as names are compared: styled letters and accents made plain."""
    rows = (text.str.len_bytes() != text.str.len_chars()).arg_true()
    if not rows.len():
        return text
    bare = [unaccented(plain(each)) for each in text.gather(rows)]
    return text.scatter(rows, pl.Series(bare, dtype=pl.String))


@lru_cache(maxsize=4096)
def _pattern(names: tuple[str, ...]) -> str:
    """A Rust pattern that every text with one of the names matches; empty when there is no name."""
    known = names_of(names)
    any_case, large, called = list[str](), list[str](), list[str]()
    for word in known.parts:
        if not is_listed(word):
            any_case.append(word)
            continue
        called.append(word)
        large += [word.capitalize(), word.upper()]
    parts = []
    if any_case:
        parts.append(rf"{_START}(?i:{_either(any_case)}){_END}")
    if large:
        parts.append(rf"{_START}(?:{_either(large)}){_END}")
        parts.append(
            rf"(?i:\b{CALLS}[ ,.]{{0,4}}(?:there)?[ ,.]{{0,4}}(?:{_either(called)}){_END})"
        )
    if known.literals:
        parts.append(f"(?i:{_either(known.literals)})")
    return "|".join(parts)


def _either(words: list[str]) -> str:
    escaped = ("".join(f"\\x{{{ord(c):x}}}" if not c.isalnum() else c for c in w) for w in words)
    return "|".join(sorted(escaped, key=len, reverse=True))
