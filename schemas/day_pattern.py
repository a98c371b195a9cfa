"""Paths that name a day: `posts/{day}.jsonl`, or in another layout `posts/{day:%Y/%m/%d}/*.jsonl`."""

import datetime as dt
import re
from typing import Final

ISO: Final = "%Y-%m-%d"
_PLACE: Final = re.compile(r"\{day(?::([^{}]*))?\}")
_CODES: Final = {"%Y": 4, "%m": 2, "%d": 2}  # how many digits each stands for
_CODE: Final = re.compile("|".join(_CODES))
_GLOB: Final = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]")


def names_day(pattern: str) -> bool:
    """Whether a path has a place for the day."""
    return _PLACE.search(pattern) is not None


def mistake(pattern: str) -> str | None:
    """What is wrong with the places for the day in a path; None: nothing."""
    for place in _PLACE.finditer(pattern):
        layout = _layout(place)
        if sorted(_CODE.findall(layout)) != sorted(_CODES) or "%" in _CODE.sub("", layout):
            return f"{place[0]} must have %Y, %m and %d, each once, and no other code; {{day}} is {{day:{ISO}}}"
    return None


def at_day(pattern: str, day: dt.date) -> str:
    """The path of a day; it may still be a glob."""
    return _PLACE.sub(lambda place: day.strftime(_layout(place)), pattern)


def any_day(pattern: str) -> str:
    """A glob for the paths of all days; some that it finds may name no day that there is."""
    return _PLACE.sub(
        lambda place: _CODE.sub(lambda code: "[0-9]" * _CODES[code[0]], _layout(place)), pattern
    )


def day_in(pattern: str, path: str) -> dt.date | None:
    """The day that a path names, of those that a pattern stands for; None where it names none."""
    found = _expression(pattern).fullmatch(path)
    if found is None:
        return None
    try:
        days = {
            dt.date(*(int(found[f"{code}{number}"]) for code in "Ymd"))
            for number in range(len(_PLACE.findall(pattern)))
        }
    except ValueError:
        return None
    return days.pop() if len(days) == 1 else None


def _layout(place: re.Match[str]) -> str:
    return place[1] or ISO


def _expression(pattern: str) -> re.Pattern[str]:
    parts, last = [], 0
    for number, place in enumerate(_PLACE.finditer(pattern)):
        parts += [_of_glob(pattern[last : place.start()]), _digits(_layout(place), number)]
        last = place.end()
    return re.compile("".join([*parts, _of_glob(pattern[last:])]))


def _digits(layout: str, number: int) -> str:
    return _CODE.sub(
        lambda code: f"(?P<{code[0][1]}{number}>[0-9]{{{_CODES[code[0]]}}})", re.escape(layout)
    )


def _of_glob(glob: str) -> str:
    parts, last = [], 0
    for special in _GLOB.finditer(glob):
        parts.append(re.escape(glob[last : special.start()]))
        kind = special[0]
        if kind.startswith("["):
            parts.append("[^" + kind[2:] if kind[1] == "!" else kind)
        else:
            parts.append({"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}[kind])
        last = special.end()
    return "".join([*parts, re.escape(glob[last:])])
