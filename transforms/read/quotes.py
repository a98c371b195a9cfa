"""Where the records of a quoted table end, vectorized: line ends that are outside of quotes.

The rules are those of RFC 4180, made safe. A quote opens a field only at its start; elsewhere in an
unquoted field it is text. In a quoted field a doubled quote is text, and the closing one must be
followed by a delimiter or line end. A record that breaks this, or is never closed (within
`record_bytes`), loses only its first physical line, as a bad unit; reading goes on at the next
line. So a stray quote cannot swallow what follows it.

Runs of quotes are what is looked at: a run of odd length goes in or out of quotes, an even one does
not. Whether a line end is outside follows from the parity of the odd runs before it; only runs that
break a rule (`anomalies`) are handled one by one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.read.cutter import line_ends

_LF, _CR = 10, 13
_SEGMENT = 1 << 19  # scanned at once: its arrays stay in the processor's cache
_BOM = b"\xef\xbb\xbf"
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Records:
    """`ends`: offsets behind the records; `bad`: which of them break the rules of quoting."""

    ends: Ints
    bad: Bools


def plain_records(data: bytes | memoryview, *, final: bool) -> Records:
    """Lines as records. `final`: the data end here, so a last line without line end counts."""
    ends = line_ends(data)
    if final and len(data) and (not len(ends) or ends[-1] != len(data)):
        ends = np.append(ends, len(data))
    return Records(ends, np.zeros(len(ends), dtype=bool))


def quoted_records(
    data: bytes | memoryview, delimiter: int, quote: int, max_bytes: int, *, final: bool
) -> Records:
    """Records of data that start at a record's start; not `final`: only those that are sure."""
    view = np.frombuffer(data, dtype=np.uint8)
    found: list[Records] = []
    begin, size = 0, _SEGMENT
    while begin < len(view):
        stop = min(begin + size, len(view))
        is_last = final and stop == len(view)
        part = _segment(view[begin:stop], delimiter, quote, max_bytes, final=is_last)
        if len(part.ends):
            found.append(Records(part.ends + begin, part.bad))
            begin, size = int(part.ends[-1]) + begin, _SEGMENT
        elif stop == len(view):
            break
        else:
            size *= 2
    if not found:
        return Records(np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))
    ends, bad = (
        np.concatenate([getattr(each, name) for each in found]) for name in ("ends", "bad")
    )
    return Records(ends, bad)


def _segment(
    view: NDArray[np.uint8], delimiter: int, quote: int, max_bytes: int, *, final: bool
) -> Records:
    quotes = np.flatnonzero(view == quote)
    if not len(quotes):
        return plain_records(view.data, final=final)
    return _Scan(view, quotes, delimiter, max_bytes, final=final).records()


class _Scan:
    def __init__(
        self, view: NDArray[np.uint8], quotes: Ints, delimiter: int, max_bytes: int, *, final: bool
    ) -> None:
        self.size, self.max_bytes, self.final = len(view), max_bytes, final
        first = np.concatenate(([True], np.diff(quotes) > 1))
        self.starts = quotes[first]
        lengths = np.diff(np.append(np.flatnonzero(first), len(quotes)))
        odd = lengths % 2 == 1
        behind = self.starts + lengths
        before = np.where(self.starts > 0, view[self.starts - 1], _LF)
        opens = (before == delimiter) | (before == _LF) | self._after_bom(view)
        after = np.where(behind < self.size, view[np.minimum(behind, self.size - 1)], _LF)
        closes = (after == delimiter) | (after == _LF) | (after == _CR)
        # Parity of the odd runs before each run, and before the end.
        self.parity = np.concatenate(([0], np.cumsum(odd) % 2)).astype(np.int8)
        self.text = ~opens  # a run outside of quotes that is no field's start: text
        outside = self.text | (~odd & ~closes)
        inside = odd & ~closes
        self.anomalies = [
            np.flatnonzero(np.where(self.parity[:-1] == base, outside, inside)) for base in (0, 1)
        ]
        self.line_ends = np.flatnonzero(view == _LF)
        at = self.parity[np.searchsorted(self.starts, self.line_ends)]
        self.free = [self.line_ends[at == base] + 1 for base in (0, 1)]
        self.found: list[Ints] = []
        self.bad: list[int] = []

    def _after_bom(self, view: NDArray[np.uint8]) -> Bools:
        mark = np.zeros(len(self.starts), dtype=bool)
        near = np.flatnonzero(self.starts >= 3)
        for back, byte in enumerate(_BOM[::-1], start=1):
            near = near[view[self.starts[near] - back] == byte]
        mark[near] = True
        return mark

    def records(self) -> Records:
        begin, run, scanned = 0, 0, 0  # of the record, next run, bytes already searched for ends
        while True:
            base = int(self.parity[run])
            free, odd_ones = self.free[base], self.anomalies[base]
            next_anomaly = int(np.searchsorted(odd_ones, run))
            at = int(odd_ones[next_anomaly]) if next_anomaly < len(odd_ones) else len(self.starts)
            stop = int(self.starts[at]) if at < len(self.starts) else self.size
            low, high = np.searchsorted(free, (max(begin, scanned), stop), side="right")
            ends = free[low:high]
            long = np.flatnonzero(np.diff(ends, prepend=begin) > self.max_bytes)
            if len(long):
                ends = ends[: long[0]]
            if len(ends):
                self.found.append(ends)
                begin = int(ends[-1])
            if len(long):
                resumed = self._give_up(begin)
            elif at == len(self.starts):
                is_open = self.parity[-1] != base
                if not is_open or begin == self.size:
                    break
                if not self.final and self.size - begin <= self.max_bytes:
                    return self._done()
                resumed = self._give_up(begin)
            elif self.parity[at] == base and self.text[at]:
                run, scanned = at + 1, stop
                continue
            else:
                resumed = self._give_up(begin)
            if resumed is None:
                return self._done()
            begin = scanned = resumed
            run = int(np.searchsorted(self.starts, begin))
        if self.final and begin < self.size:
            self.found.append(np.array([self.size]))
        return self._done()

    def _give_up(self, begin: int) -> int | None:
        """Make a record's first line a bad unit; where the next begins, None at the end."""
        line = int(np.searchsorted(self.line_ends, begin))
        if line == len(self.line_ends):
            if not self.final:
                return None
            end = self.size
        else:
            end = int(self.line_ends[line]) + 1
        self.found.append(np.array([end]))
        self.bad.append(end)
        return end if end < self.size else None

    def _done(self) -> Records:
        ends = np.concatenate(self.found) if self.found else np.empty(0, dtype=np.int64)
        return Records(ends, np.isin(ends, self.bad))
