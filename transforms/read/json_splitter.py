"""Where the elements of a JSON document's top level end, told while its bytes stream by.

Only strings, brackets and commas are looked at, a block at a time in numpy: an element whose brackets
and strings are closed may be broken in itself. JSON allows no line end within a string, so one that is
not closed ends with its line.
"""

import numpy as np
from numpy.typing import NDArray

from transforms.read.cutter import Ends

WHITE = b" \t\r\n"
_QUOTE, _COMMA, _BACKSLASH, _LF = b'",\\\n'
_OPENS, _CLOSES = b"{}"  # "[" and "]" are these without the bit _FOLD
_FOLD = 0x20
_CLOSING = {b"[": b"]", b"{": b"}"}
_BOM = b"\xef\xbb\xbf"
_SEGMENT = 1 << 19  # scanned at once: its arrays stay in the processor's cache
_NONE: Ends = np.empty(0, dtype=np.int64)


class Splitter:
    """Follows the strings and brackets of a document that is fed piece by piece.

    `opening`: its bracket, as soon as it is known (given: the pieces begin behind a comma of the top
    level); `opened`: the offset behind that bracket; `closed`: the offset of the closing bracket;
    `garbage`: the offset of the first byte that cannot stand where it does.
    """

    def __init__(self, opening: bytes = b"") -> None:
        self.opening = opening
        self.opened = 0
        self.closed: int | None = None
        self.garbage: int | None = None
        self.total = 0
        self._depth = 1 if opening else 0
        self._quoted = 0  # 1 within a string
        self._escaped = False  # whether the last byte escapes the next one

    def feed(self, data: bytes | memoryview) -> Ends:
        """Offsets (in all that was fed) behind the commas of the top level."""
        view = np.frombuffer(data, dtype=np.uint8)
        found = []
        for at in range(0, len(view), _SEGMENT):
            found.append(self._segment(view[at : at + _SEGMENT]))
            if self.garbage is not None:
                break
        return np.concatenate(found) if found else _NONE

    def _segment(self, view: NDArray[np.uint8]) -> Ends:
        base = self.total
        self.total += len(view)
        if not self.opening:
            start = self._open(view.tobytes(), base)
            view, base = view[start:], base + start
        if not self.opening or self.garbage is not None:
            return _NONE
        ends = _NONE
        if self.closed is None:
            where, kind = self._outside(view)
            step = (kind | _FOLD == _OPENS).astype(np.int64) - (kind | _FOLD == _CLOSES)
            depth = np.cumsum(step) + self._depth
            self._depth = int(depth[-1]) if len(depth) else self._depth
            out = np.flatnonzero(depth == 0)[:1]
            top = (kind == _COMMA) & (depth == 1)
            if len(out):
                top[out[0] :] = False
                self._close(int(where[out[0]]) + base, bytes(kind[out]))
            ends = where[top] + base + 1
        if self.closed is not None and self.garbage is None:
            rest = view[max(self.closed + 1 - base, 0) :].tobytes()
            left = len(rest.lstrip(WHITE))
            if left:
                self.garbage = base + len(view) - left
        return ends

    def _open(self, data: bytes, base: int) -> int:
        """How many bytes come up to the opening bracket, with it."""
        at = 0
        while at < len(data) and data[at : at + 1] == _BOM[base + at : base + at + 1]:
            at += 1
        at = len(data) - len(data[at:].lstrip(WHITE))
        first = data[at : at + 1]
        if first in _CLOSING:
            self.opening, self.opened, self._depth = first, base + at + 1, 1
        elif first:
            self.garbage = base + at
        return at + 1

    def _close(self, offset: int, bracket: bytes) -> None:
        if bracket == _CLOSING[self.opening]:
            self.closed = offset
        else:
            self.garbage = offset

    def _outside(self, view: NDArray[np.uint8]) -> tuple[Ends, NDArray[np.uint8]]:
        """Offsets and bytes of the brackets and commas outside of strings."""
        folded = view | _FOLD
        marks = (view == _QUOTE) | (view == _COMMA) | (view == _LF)
        where = np.flatnonzero(marks | (folded == _OPENS) | (folded == _CLOSES))
        kind = view[where]
        quote = kind == _QUOTE
        opens = quote & ~self._behind_escape(view, where)
        count = np.cumsum(opens) + self._quoted
        # A line end leaves every string: what counts is the quotes since the last one.
        line = kind == _LF
        inside = (count - np.maximum.accumulate(np.where(line, count, 0))) & 1
        if len(inside):
            self._quoted = int(inside[-1])
        outside = (inside == 0) & ~quote & ~line
        return where[outside], kind[outside]

    def _behind_escape(self, view: NDArray[np.uint8], where: Ends) -> NDArray[np.bool_]:
        """Which of the bytes at `where` come behind an odd run of backslashes."""
        slashes = np.flatnonzero(view == _BACKSLASH)
        first = np.concatenate(([True], np.diff(slashes) > 1))[: len(slashes)]
        starts = slashes[first]
        odd = np.zeros(len(view) + 1, dtype=bool)  # by place behind the run
        lengths = np.diff(np.append(np.flatnonzero(first), len(slashes)))
        behind = starts + lengths
        carried = self._escaped and not (len(starts) and starts[0] == 0)
        if self._escaped and not carried:
            lengths[0] += 1
        odd[behind] = lengths % 2 == 1
        odd[0] |= carried
        self._escaped = bool(odd[-1])
        escaped: NDArray[np.bool_] = odd[where]
        return escaped
