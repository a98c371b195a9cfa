"""Reads the elements of a JSON array one by one: an export of many tasks never lies in memory as a whole."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from schemas.errors import SourceError

MAX_ELEMENT = 1 << 26
"""Characters of one element; a task with its text and annotations has a few thousand."""

_PIECE = 1 << 20
_BLANKS = re.compile(r"[ \t\r\n]*")


class _Window:
    """The part of the file that is looked at, from `at` on; what lies before it is left behind now and then."""

    def __init__(self, file: BinaryIO, shown: str) -> None:
        self._file, self._shown = file, shown
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._over = False
        self._line, self._column = 1, 1  # where `text` begins in the file
        self.text, self.at = "", 0

    def more(self, size: int = _PIECE) -> bool:
        """Reads on; False at the end of the file."""
        if self._over:
            return False
        if self.at:
            self._line, self._column = self._place(self.at)
            self.text, self.at = self.text[self.at :], 0
        raw = self._file.read(size)
        self._over = not raw
        try:
            self.text += self._decode.decode(raw, final=self._over)
        except UnicodeDecodeError:
            raise SourceError(
                f"{self._shown} is not UTF-8 (after line {self._place(len(self.text))[0]}).",
                remedy="Export it again from Label Studio as JSON, or convert it to UTF-8.",
            ) from None
        return True

    def next(self) -> str:
        """The next character that is not blank, which stays; empty at the end of the file."""
        while True:
            blanks = _BLANKS.match(self.text, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def broken(self, what: str, at: int | None = None) -> SourceError:
        """The error for what stands at `at` of the text."""
        line, column = self._place(self.at if at is None else at)
        return SourceError(
            f"{self._shown} is not JSON: {what} at line {line}, column {column}.",
            remedy="Export it again from Label Studio as JSON or JSON-MIN; nothing of it was imported.",
        )

    def _place(self, at: int) -> tuple[int, int]:
        breaks = self.text.count("\n", 0, at)
        if breaks:
            return self._line + breaks, at - self.text.rfind("\n", 0, at)
        return self._line, self._column + at


def elements(file: BinaryIO, shown: str, *, max_element: int = MAX_ELEMENT) -> Iterator[object]:
    """The elements of the array in a UTF-8 file, in order; of a file with one object, that.

    `shown` names the file in messages. SourceError, with line and column, for what is not JSON; a message never holds
    content. Memory grows with the largest element, which is refused beyond `max_element` characters.
    """
    window = _Window(file, shown)
    first = window.next()
    if first == "{":
        yield _element(window, max_element)
    elif first == "[":
        window.at += 1
        if window.next() == "]":
            window.at += 1
        else:
            yield from _rest(window, max_element)
    else:
        raise window.broken("an array of tasks is missing" if first else "the file ends")
    if window.next():
        raise window.broken("something follows the end")


def _rest(window: _Window, max_element: int) -> Iterator[object]:
    while True:
        window.next()
        yield _element(window, max_element)
        following = window.next()
        if following not in (",", "]"):
            raise window.broken("a comma or a closing bracket is missing")
        window.at += 1
        if following == "]":
            return


def _element(window: _Window, most: int) -> object:
    size = _PIECE
    while True:
        try:
            value, end = json.JSONDecoder().raw_decode(window.text, window.at)
        except json.JSONDecodeError as error:
            what, offset = error.msg[:1].lower() + error.msg[1:], error.pos - window.at
        except RecursionError:
            raise window.broken("an element is nested too deeply") from None
        except ValueError:  # more than 4,300 digits
            raise window.broken("a number is too long") from None
        else:
            # A number that the window cuts off ("1", "1." or "1e+" of 1e+5) would read as a shorter one.
            length = end - window.at
            if end + 2 < len(window.text) or not window.more():
                window.at += length
                found: object = value
                return found
            continue
        if len(window.text) - window.at > most:
            raise window.broken(f"an element is broken, or has more than {most:,} characters")
        # Twice as much each time: what is read again stays in proportion.
        if not window.more(size):
            raise window.broken(what, window.at + offset)
        size = max(size, len(window.text))
