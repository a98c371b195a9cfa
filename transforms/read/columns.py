"""Which native columns a mapping names, what each may hold, and whether the source has them."""

import difflib
import re
from collections.abc import Iterable, Sequence

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import SourceError
from transforms.read.chunk import Kind

# What a column may be called in a message: a few words without the marks of a sentence, and not only digits.
_KEY = re.compile(r"(?!\d+\Z)[\w.:/#()-]{1,64}(?: [\w.:/#()-]{1,64}){0,4}")
_KINDS: dict[str, Kind] = {
    "text": "text",
    "id": "key",
    "revision": "any",
    "conversation_id": "key",
    "turn": "int",
    "reply_to": "key",
    "speaker": "key",
    "role": "key",
    "lang": "key",
    "created_at": "time",
    "start_ms": "int",
    "end_ms": "int",
}
_STRICTEST: tuple[Kind, ...] = ("text", "key", "int", "time", "number", "labels", "any")


def wanted(columns: Columns, gold: Iterable[GoldColumn] = ()) -> dict[str, Kind]:
    """The native columns to read, in a stable order, each with what it may hold.

    A column that is used twice may hold what the stricter use allows.
    """
    uses: list[tuple[str | None, Kind]] = [
        (getattr(columns, name), kind) for name, kind in _KINDS.items()
    ]
    for entry in gold:
        uses += [(entry.labels, "labels"), (entry.value, "number")]
        uses += [(entry.split, "key"), (entry.annotator, "key")]
    uses += [(name, "labels") for name in columns.pii_hints]
    uses += [(name, "any") for name in (*columns.meta, columns.cues)]
    found: dict[str, Kind] = {}
    for name, kind in uses:
        if name is not None:
            old = found.get(name, kind)
            found[name] = min(old, kind, key=_STRICTEST.index)
    return found


def check_columns(
    needed: Iterable[str], found: Sequence[str], shown: str, *, sparse: Iterable[str] = ()
) -> None:
    """Raise `SourceError` when a needed column is not among those found in the file `shown`.

    `sparse`: columns that may be missing (option `sparse` of a reader: keys that only a few, later
    lines of a JSONL file have).
    """
    allowed = {*found, *sparse}
    missing = [name for name in needed if name not in allowed]
    if not missing:
        return
    hints = [_hint(name, found) for name in missing]
    names = ", ".join(repr(name) for name in missing)
    raise SourceError(
        f"{shown} has no column {names}. Columns found: {told(found)}.",
        remedy=" ".join(hint for hint in hints if hint)
        or "Correct `columns` in the config (keys that only later lines have: options.sparse).",
    )


def is_key(name: str) -> bool:
    """Whether a column's name reads like one, and not like a cell of text or a number."""
    return _KEY.fullmatch(name) is not None


def told(names: Sequence[str]) -> str:
    """Names of columns for a message: without a header the first row stands there, and that is people's text."""
    keys = [name for name in names if is_key(name)]
    listed = ", ".join(keys[:60]) + (" …" if len(keys) > 60 else "")
    others = len(names) - len(keys)
    if not others:
        return listed or "none"
    more = f"{others} that read like content, so that the file may have no header"
    return f"{listed}, and {more}" if keys else more


def _hint(name: str, found: Sequence[str]) -> str:
    folded = {each.lower(): each for each in reversed(found) if is_key(each)}
    near = difflib.get_close_matches(name.lower(), list(folded), n=2, cutoff=0.6)
    if not near:
        return ""
    return f"Did you mean {' or '.join(repr(folded[each]) for each in near)} for {name!r}?"
