"""One JSON document with a list of segments: recognized by its head, read as a whole."""

import json
import math
import re
from itertools import islice
from typing import Any

import orjson

from transforms.read.turns import Turns, head_text

_TRIES = 4  # lists of the same name deeper in the document may come before
_END_MS = 10**10  # 115 days: no recording is so long
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,4})?")
_BAD_JSON = "the document is not valid JSON (cut off?)"


def list_start(head: bytes, *keys: str) -> dict[str, Any] | None:
    """The first object of the list at `keys` (from the top), if the head is of such a document.

    None too when that object is cut off. Otherwise as `list_tail`.
    """
    tail = list_tail(head, *keys)
    if tail is None:
        return None
    try:
        first, _ = json.JSONDecoder(strict=False).raw_decode(tail)
    except (ValueError, RecursionError):
        return None
    return first if isinstance(first, dict) else None


def list_tail(head: bytes, *keys: str) -> str | None:
    """What follows the opening bracket of the list of objects at `keys` (from the top) in a head.

    Without keys: of a document that is a list. Lines that are objects of their own (JSON lines) are
    no document.
    """
    if keys and keys[-1].encode() not in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    text = head_text(head)
    if not text.lstrip().startswith("{" if keys else "[") or _is_lines(text):
        return None
    if not keys:
        tail = text.lstrip()[1:].lstrip()
        return tail if tail.startswith("{") else None
    places = re.finditer(rf'"{re.escape(keys[-1])}"\s*:\s*\[\s*(?=\{{)', text)
    for match in islice(places, _TRIES):
        # What stands before, closed behind the list, must be JSON with the list in this place.
        try:
            found: Any = json.loads(f"{text[: match.end()]}]{'}' * len(keys)}", strict=False)
            for key in keys:
                found = found[key]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if found == []:
            return text[match.end() :]
    return None


def _is_lines(text: str) -> bool:
    first, _, rest = text.lstrip().partition("\n")
    if not rest.lstrip().startswith("{") or not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def load(data: bytes, turns: Turns) -> Any:
    """The document; None, with a bad unit in `turns`, when it is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        turns.fail(error.start, 1, "bad_encoding", "the document is not valid UTF-8")
        return None
    try:
        # Python writes NaN for what Whisper could not measure, which is no JSON.
        found = json.loads(text, strict=False)
        if _HALF.search(text) is not None:
            json.dumps(found, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        turns.fail(0, len(data), "bad_json", _BAD_JSON)
        return None
    return found


def segments(document: Any, *keys: str) -> list[Any] | None:
    """The list at `keys`."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, list) else None


def clock(value: Any, unit_ms: int) -> tuple[int | None, bool]:
    """(milliseconds, whether the value is a time or nothing) of a number of units or a string."""
    if value is None:
        return None, True
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None, False
    try:
        number = float(value) * unit_ms
    except (ValueError, OverflowError):
        return None, False
    if not math.isfinite(number) or not -1000 <= number < _END_MS:
        return None, False
    return max(0, round(number)), True


def label(*values: Any) -> str | None:
    """The first of the values that can name a speaker: a string or a whole number."""
    for value in values:
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def language(value: Any) -> str | None:
    """A language code as BCP 47; None for anything else (such as "english")."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(value):
        return value.replace("_", "-")
    return None
