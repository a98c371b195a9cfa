"""JSON lines one by one, exactly: what the fast path is not sure of ends here.

The rules: a line is one JSON object (UTF-8, RFC 8259, at most 200 levels deep; the first of
duplicate keys counts); a wanted column holds what its kind allows, or the line is quarantined.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from transforms.read.chunk import BadUnit, Kind

MAX_DEPTH = 200
_EXACT = 2.0**63  # from here on orjson gives whole numbers as floats
_DEEP_MESSAGE = f"nested deeper than {MAX_DEPTH} levels"
_BLANK = b" \t\r"


@dataclass
class SlowRows:
    """`cells`: one list per wanted column; `positions`: their units."""

    cells: dict[str, list[str | None]]
    positions: list[int] = field(default_factory=list)
    blank: int = 0
    bad: list[BadUnit] = field(default_factory=list)


class _WrongTypeError(Exception):
    pass


def parse_lines(lines: Iterable[tuple[int, int, bytes]], wanted: Mapping[str, Kind]) -> SlowRows:
    r"""Cells of (position, offset, line) triples; a line is without its b"\n"."""
    rows = SlowRows({name: [] for name in wanted})
    keys = [f'"{name}"'.encode() for name in wanted]
    for position, offset, line in lines:
        if not line.strip(_BLANK):
            rows.blank += 1
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            rows.bad.append(BadUnit(position, offset, len(line), *_invalid(line, error)))
            continue
        if _too_deep(value, line):
            rows.bad.append(BadUnit(position, offset, len(line), "too_deep", _DEEP_MESSAGE))
            continue
        if type(value) is not dict:
            message = "a line must be one JSON object"
            rows.bad.append(BadUnit(position, offset, len(line), "not_an_object", message))
            continue
        try:
            if _may_double(line, keys):
                value = _first_of_each(line)
            cells = [
                cell
                if (cell := value.get(name)) is None or type(cell) is str
                else _cell(cell, name, kind, line)
                for name, kind in wanted.items()
            ]
        except _WrongTypeError as error:
            rows.bad.append(BadUnit(position, offset, len(line), "wrong_type", str(error)))
            continue
        rows.positions.append(position)
        for column, cell in zip(rows.cells.values(), cells, strict=True):
            column.append(cell)
    return rows


def is_sound(line: bytes) -> bool:
    """Whether a line is a JSON object, and certainly not too deep."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return type(value) is dict and line.count(b"[") + line.count(b"{") <= MAX_DEPTH


def _invalid(line: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    message = str(error.msg)
    try:
        line.decode()
    except UnicodeDecodeError as broken:
        return "invalid_utf8", f"not UTF-8 at byte {broken.start} of the line"
    if "depth" in message or "recursion" in message:
        return "too_deep", _DEEP_MESSAGE
    if "surrogate" in message:
        return "lone_surrogate", f"half a surrogate pair at character {error.pos} of the line"
    if b"\0" in line:
        return "invalid_json", f"a NUL byte at byte {line.index(0)} of the line"
    return "invalid_json", f"{message} at character {error.pos} of the line"


def _too_deep(value: object, line: bytes) -> bool:
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH:
        return False
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = [each for each in level if type(each) in (list, dict)]
        if not inner:
            return False
        level = [x for each in inner for x in (each if type(each) is list else each.values())]
    return True


def _may_double(line: bytes, keys: list[bytes]) -> bool:
    """Whether a wanted key may stand twice in the line (an escape can disguise a key)."""
    if b"\\u" in line:
        return True
    for key in keys:  # noqa: SIM110 (a generator costs more than all the rest)
        if line.count(key) != 1 and (b"\\" in line or line.count(key) > 1):
            return True
    return False


def _first_of_each(line: bytes) -> dict[str, Any]:
    """The object of a sound line: first of duplicate keys, whole numbers of any size."""
    found: dict[str, Any] = json.loads(line, object_pairs_hook=_firsts)
    return found


def _firsts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _cell(value: Any, name: str, kind: Kind, line: bytes) -> str:
    """JSON text of a value that is no string, if the kind allows it."""
    if kind != "text":
        if type(value) is float and abs(value) >= _EXACT:
            value = _first_of_each(line)[name]  # whole numbers of any size, exactly
        if type(value) is int or (type(value) is float and value.is_integer()):
            return str(int(value))  # 1.0 is the whole number 1
        if type(value) is float and kind != "key":
            return orjson.dumps(value).decode()
        if kind == "any":
            value = _first_of_each(line)[name]
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if (
            kind == "labels"
            and type(value) is list
            and all(type(item) in (str, int) for item in value)
        ):
            return orjson.dumps([str(item) for item in value]).decode()
        if kind == "labels" and type(value) is bool:
            return orjson.dumps(value).decode()
    raise _WrongTypeError(f"column {name!r} holds {_SAID[type(value)]}, not {_EXPECTED[kind]}")


_SAID: dict[type, str] = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}
_EXPECTED: dict[Kind, str] = {
    "text": "a string",
    "key": "a string or whole number",
    "int": "a whole number",
    "time": "a time",
    "number": "a number",
    "labels": "a label or a list of labels",
    "any": "a value",
}
