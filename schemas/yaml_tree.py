"""YAML as its tree of nodes: what stands on which line, keys that stand there twice, and why a text is not YAML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

Location = tuple[int | str, ...]
_BOOL = "tag:yaml.org,2002:bool"
_TRUE = ("yes", "true", "on")
# What the parser says, and what is meant.
_PROBLEMS = {
    "mapping values are not allowed": "a colon with a blank after it stands inside a value; put the value in quotes",
    "that cannot start any token": "a value cannot begin with this character; put the value in quotes",
    "expected <block end>": "the indentation, a quote or a bracket does not fit what stands before",
    "expected a single document": "it holds several documents (---); keep one",
}
_TAB = "a tab stands in the indentation; use blanks"


class NotYamlError(Exception):
    """A text that is not YAML: `line` counts from 1, None where it is not known."""

    def __init__(self, line: int | None, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem

    @property
    def where(self) -> str:
        """`, line 3`, or nothing."""
        return "" if self.line is None else f", line {self.line}"


@dataclass(frozen=True)
class Place:
    """Where a location lies: the line of its deepest node that is there, the node itself (None: it is not there),
    and the parts of the location that are keys or places in lists of the file.
    """

    line: int
    node: yaml.Node | None
    path: Location


def read_yaml(text: str) -> tuple[yaml.Node | None, Any]:
    """The tree of a YAML text and its content. Raises NotYamlError."""
    try:
        loader = yaml.SafeLoader(text)
        try:
            tree = loader.get_single_node()
            return tree, None if tree is None else loader.construct_document(tree)
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise NotYamlError(line, _meant(problem, text, line)) from None


def _meant(problem: str, text: str, line: int | None) -> str:
    lines = text.splitlines()
    if line is not None and line <= len(lines) and lines[line - 1].lstrip(" ").startswith("\t"):
        return _TAB
    return next((meant for said, meant in _PROBLEMS.items() if said in problem), problem)


def find(tree: yaml.Node | None, location: Location) -> Place:
    """The place of a location; parts of it that are not in the file (such as the kind in a union) are passed over."""
    line = tree.start_mark.line + 1 if tree else 1
    node: yaml.Node | None = tree
    path: list[int | str] = []
    there = True
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if _is_key(pair[0], part)), None)
            if pair is None:
                there = False
                continue
            line, node = pair[0].start_mark.line + 1, pair[1]
            path.append(pair[0].value)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                there = False
                continue
            node = node.value[part]
            line = node.start_mark.line + 1
            path.append(part)
        else:
            continue
        there = True
    return Place(line, node if there else None, tuple(path))


def _is_key(node: yaml.Node, part: int | str) -> bool:
    # YAML reads the keys yes and no as true and false, and those are told as 1 and 0.
    if node.tag == _BOOL and isinstance(part, int):
        return (str(node.value).lower() in _TRUE) == bool(part)
    return str(node.value) == str(part)


def repeated(tree: yaml.Node | None) -> Iterator[tuple[int, Location, int]]:
    """Keys that a mapping has twice: the line, the path to the key, and the line of the first one."""
    seen: set[int] = set()
    waiting: list[tuple[yaml.Node, Location]] = [] if tree is None else [(tree, ())]
    while waiting:
        node, path = waiting.pop()
        if id(node) in seen:  # an alias of what was looked at
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(each, (*path, place)) for place, each in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            first: dict[str, int] = {}
            for key, value in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                if name in first and name != "<<":
                    yield line, (*path, name), first[name]
                first.setdefault(name, line)
                waiting.append((value, (*path, name)))


def line_of(node: yaml.Node, word: str, text: str) -> int | None:
    """The line on which a scalar below `node` is `word`, the last one; else on which `{word}` stands in a text."""
    scalars = list(_scalars(node, set()))
    for scalar in reversed(scalars):
        if scalar.value == word:
            return scalar.start_mark.line + 1
    lines = text.splitlines()
    for scalar in scalars:
        if "{" + word + "}" in scalar.value:
            span = range(scalar.start_mark.line, min(scalar.end_mark.line + 1, len(lines)))
            return next((at + 1 for at in span if "{" + word + "}" in lines[at]), span.start + 1)
    return None


def _scalars(node: yaml.Node, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _scalars(each, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key, seen)
            yield from _scalars(value, seen)
