"""Recognizers of further names and places, from other packages: by entry point, none of our own.

A package offers one in the group `affectmine.ner`. The entry point names a callable without
arguments (a class will do) that gives a `Recognizer`.
"""

from functools import lru_cache
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from schemas.errors import ConfigError, TerminalError
from transforms.clean.edits import Found
from transforms.clean.pii import PLACEHOLDERS

GROUP = "affectmine.ner"
"""The entry point group of recognizers."""


@runtime_checkable
class Recognizer(Protocol):
    """What finds names in texts. The same texts and version must give the same spans."""

    @property
    def version(self) -> str | int:
        """What identifies code and weights: another version makes the clean stage run again."""

    def find(self, texts: list[str]) -> list[list[tuple[int, int, str]]]:
        """For each text (start, end, kind): code points, half open; a kind of PLACEHOLDERS."""


@lru_cache(maxsize=8)
def recognizer(name: str) -> Recognizer:
    """The recognizer that is installed under a name; one per process.

    Raises ConfigError where there is none of that name, TerminalError where it does not load.
    """
    offered = {each.name: each for each in entry_points(group=GROUP)}
    if name not in offered:
        known = ", ".join(sorted(offered)) or "none"
        raise ConfigError(
            f"clean.ner: no recognizer {name!r} is installed (installed: {known}).",
            remedy=f"Install the package that offers it in the entry point group {GROUP} into this environment, "
            "or set clean.ner to null; docs/privacy.md says how to write one.",
        )
    try:
        loaded: object = offered[name].load()()
    except Exception as error:
        raise TerminalError(
            f"clean.ner: the recognizer {name!r} does not load ({type(error).__name__}).",
            remedy=f"Load {offered[name].value} in a Python shell of this environment to see why.",
        ) from error
    if not isinstance(loaded, Recognizer):
        raise TerminalError(
            f"clean.ner: the recognizer {name!r} has no version or no find(texts).",
            remedy="See docs/privacy.md for what a recognizer must offer.",
        )
    return loaded


def recognized(name: str, texts: list[str]) -> list[list[Found]]:
    """What a recognizer finds: for each text spans in order and apart, none of a placeholder's.

    Raises TerminalError where it does not answer as it should, without any text.
    """
    answers = recognizer(name).find(texts)
    if len(answers) != len(texts):
        raise TerminalError(
            f"clean.ner: {name!r} gave {len(answers)} answers for {len(texts)} texts.",
            remedy="It must give one list of spans for each text, in order.",
        )
    return [_checked(name, text, answer) for text, answer in zip(texts, answers, strict=True)]


def _checked(name: str, text: str, answer: list[tuple[int, int, str]]) -> list[Found]:
    found: list[Found] = []
    for start, end, kind in sorted(answer, key=lambda span: (span[0], -span[1])):
        if kind not in PLACEHOLDERS or not 0 <= start < end <= len(text):
            raise TerminalError(
                f"clean.ner: {name!r} gave a span that does not lie in its text, or an unknown kind.",
                remedy=f"Spans are (start, end, kind) in code points; the kinds are {', '.join(PLACEHOLDERS)}.",
            )
        written = text[start:end]
        if found and start < found[-1][2]:
            continue
        if "[" not in written and "]" not in written and not _in_placeholder(text, start, end):
            found.append((kind, start, end))
    return found


def _in_placeholder(text: str, start: int, end: int) -> bool:
    before, after = text[:start], text[end:]
    opened = before.rfind("[")
    return (
        opened > before.rfind("]")
        and "]" in after
        and text[opened : end + after.index("]") + 1] in PLACEHOLDERS.values()
    )
