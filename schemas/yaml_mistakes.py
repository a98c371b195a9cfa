"""Mistakes in a YAML file of a user's: all at once, each with its line and what to do about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from schemas.yaml_tree import Location, Place, find, line_of, repeated

_KEY = "[key]"  # how pydantic marks a mistake in a key
_MOST_SHOWN = 40
_READ_AS = {
    "tag:yaml.org,2002:bool": "as true or false",
    "tag:yaml.org,2002:int": "as a number",
    "tag:yaml.org,2002:float": "as a number",
    "tag:yaml.org,2002:timestamp": "as a date",
}
_NAMED = re.compile(r"'([^']+)'|\{([a-z_]+)\}")


class SeveralError(ValueError):
    """Several mistakes that a validator found: each is told with a line of its own."""

    def __init__(self, each: Iterable[str]) -> None:
        self.each = tuple(each)
        super().__init__("; ".join(self.each))


def mistakes(
    text: str, tree: yaml.Node | None, model: type[BaseModel], error: ValidationError | None
) -> list[tuple[int, str]]:
    """What is wrong with a file, by line: keys that stand there twice, and what `model` says of its content."""
    found = [
        (line, f"{_dotted(path)}: this key stands already on line {first}; keep one")
        for line, path, first in repeated(tree)
    ]
    seen: set[tuple[Location, bool]] = set()
    for mistake in error.errors(include_url=False) if error else ():
        place = find(tree, _plain(mistake["loc"]))
        several = getattr((mistake.get("ctx") or {}).get("error"), "each", None)
        if several or mistake["type"] == "value_error":
            told = several or (str(mistake["msg"]).removeprefix("Value error, "),)
            found += [(_line(place, each, text), _at(place, each)) for each in told]
            continue
        # A value that fits no member of a union is told once.
        here = (_missing_kept(place, mistake["loc"]), mistake["loc"][-1:] == (_KEY,))
        if here not in seen and not _follows(mistake):
            seen.add(here)
            found.append((place.line, f"{_dotted(here[0])}: {_say(mistake, place, model)}"))
    return sorted(found)


def told(found: Iterable[tuple[int, str]]) -> str:
    """Mistakes as lines of a message."""
    return "\n".join(f"  line {line}: {text}" for line, text in found)


def near(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like a mistaken one."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1)), None)


def _plain(location: Location) -> Location:
    return location[:-1] if location[-1:] == (_KEY,) else location


def _missing_kept(place: Place, location: Location) -> Location:
    """The path to what a mistake is about; a key that is not there is its end."""
    last = location[-1] if location else None
    missing = place.node is None and isinstance(last, str) and last.isidentifier()
    return (*place.path, last) if missing and last is not None else place.path


def _dotted(path: Location) -> str:
    return ".".join(map(str, path)) or "(top level)"


def _at(place: Place, message: str) -> str:
    message = message[0].lower() + message[1:]
    return f"{_dotted(place.path)}: {message}" if place.path else message


def _line(place: Place, message: str, text: str) -> int:
    """The line that a validator's message is about: of the key that it speaks of, of the name that it quotes."""
    line, node = place.line, place.node
    if isinstance(node, yaml.MappingNode):
        keys = {str(key.value): (key, value) for key, value in node.value}
        words = re.findall(r"[a-z_]+", message.partition("'")[0])
        for name in (near for word in words for near in (word, f"{word}s") if near in keys):
            line, node = keys[name][0].start_mark.line + 1, keys[name][1]
            break
    if node is not None:
        for quoted in (one or other for one, other in _NAMED.findall(message)):
            if (at := line_of(node, quoted, text)) is not None:
                return at
    return line


def _follows(mistake: Any) -> bool:
    """Whether it only follows from others: a list is too short when none of its entries is valid."""
    return mistake["type"] == "too_short" and bool(mistake["input"])


def _say(mistake: Any, place: Place, model: type[BaseModel]) -> str:
    kind, location = mistake["type"], mistake["loc"]
    if kind == "extra_forbidden":
        known = list(_fields(model, location[:-1]))
        close = near(str(location[-1]), known)
        return "unknown key; " + (
            f"did you mean {close!r}?" if close else f"known keys: {', '.join(known)}"
        )
    if kind == "missing":
        return "this key is missing" if isinstance(location[-1], str) else "the list is too short"
    if kind == "string_type":
        return _not_text(place, mistake)
    if kind in ("model_type", "dict_type"):
        known = list(_fields(model, location))
        return "must hold keys and values" + (f"; known keys: {', '.join(known)}" if known else "")
    if kind in ("tuple_type", "list_type"):
        return "must be a list, such as [a, b], or a line for each entry that begins with a dash"
    message = str(mistake["msg"])
    if kind == "string_pattern_mismatch" and "^[a-z][a-z0-9_]" in message:
        return "must be small letters, digits and underscores, a letter first"
    if kind == "literal_error" and isinstance(mistake["input"], str):
        close = near(mistake["input"], re.findall(r"'([^']*)'", message))
        message += f"; did you mean {close!r}?" if close else ""
    return message[0].lower() + message[1:]


def _not_text(place: Place, mistake: Any) -> str:
    """Why a value is no text although it looks like one."""
    node = place.node
    if mistake["loc"][-1:] == (_KEY,):
        name = place.path[-1] if place.path else ""
        return f'this key must be text: write "{name}", in quotes'
    if isinstance(node, yaml.ScalarNode) and node.tag in _READ_AS and len(node.value) < _MOST_SHOWN:
        value = node.value
        return (
            f'must be text, but YAML reads {value} {_READ_AS[node.tag]}: write "{value}", in quotes'
        )
    if isinstance(node, yaml.ScalarNode):
        return "must be text, but nothing is here; fill it in, or put a word such as null in quotes"
    if isinstance(node, yaml.CollectionNode) and node.flow_style:
        return "must be text, but YAML reads brackets as a list or as keys and values: put it in quotes"
    if isinstance(node, yaml.MappingNode):
        return "must be text, not keys and values"
    return "must be text" + (", not a list" if isinstance(node, yaml.SequenceNode) else "")


def _fields(model: type[BaseModel], location: Location) -> dict[str, Any]:
    """The fields of the model that lies at `location`."""
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return {}
        nested = _model_in(field.annotation)
        if nested is None:
            return {}
        model = nested
    return dict(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
