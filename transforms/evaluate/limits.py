"""Limits on the figures of an evaluation: `macro_f1` at least .5, by its estimate or an end of its interval.

The lower end says "surely good enough, sampling noise included", the upper end "not surely too bad". A figure that is
undefined, or lacks the interval that is asked for, has not held.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from schemas.config.check import check_figure
from schemas.errors import ConfigError, GateError
from transforms.evaluate.spans import SPAN_FIGURES
from transforms.evaluate.wheel import WHEEL_FIGURES

Bound = Literal["estimate", "lower", "upper"]
Side = Literal["min", "max"]
_WRITTEN = re.compile(r"^(?P<figure>[^=:]+?)(:(?P<bound>estimate|lower|upper))?=(?P<value>[^=]+)$")


# Of spans and of free words: there are none in a lake, so that a config does not know these figures.
_OF_FILES: Final = (*SPAN_FIGURES, *WHEEL_FIGURES)


@dataclass(frozen=True)
class Limit:
    """A figure, such as macro_f1 or pearson.valence, and the least or most that it may be."""

    figure: str
    side: Side
    value: float
    bound: Bound = "estimate"

    def __str__(self) -> str:
        end = "" if self.bound == "estimate" else f" ({self.bound} end of its interval)"
        return f"{self.figure}{end} at {'least' if self.side == 'min' else 'most'} {self.value:g}"


@dataclass(frozen=True)
class Verdict:
    """Whether a limit holds. `value` is what was held to it, None with `error`: why there is nothing to hold."""

    limit: Limit
    holds: bool
    told: str
    value: float | None = None
    error: str | None = None


def parse_limit(text: str, side: Side) -> Limit:
    """A limit as written on a command line: macro_f1=0.5, pearson.valence=.57, f1.anger:lower=.3.

    Raises ConfigError for what is none.
    """
    match = _WRITTEN.match(text.strip())
    value = _number(match["value"]) if match else None
    if match is None or value is None:
        raise _no_limit(text, side, "it must be FIGURE=NUMBER or FIGURE:lower=NUMBER")
    try:
        _check_figure(match["figure"])
    except ValueError as error:
        raise _no_limit(text, side, str(error)) from None
    return Limit(match["figure"], side, value, cast("Bound", match["bound"] or "estimate"))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _no_limit(text: str, side: Side, why: str) -> ConfigError:
    return ConfigError(
        f"--{side} {text!r} is no limit: {why}.", remedy=f"Such as: --{side} macro_f1=0.5"
    )


def judge(limit: Limit, content: Mapping[str, Any]) -> Verdict:
    """Whether an evaluation, as the JSON that `affectmine evaluate --json` prints, keeps a limit.

    Figures of one label or dimension are looked for under `per_label` or `per_dimension`.
    """
    figure = find_figure(content, limit.figure)
    if figure is None:
        known = ", ".join(_known(content))
        return _nothing(limit, f"this evaluation has no figure {limit.figure}; it has: {known}")
    if isinstance(figure, Mapping):
        return _nothing(limit, f"{limit.figure} is undefined: {figure.get('undefined')}")
    interval = find_interval(content, limit.figure)
    spread = f" [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""
    if limit.bound != "estimate" and interval is None:
        return _nothing(limit, f"there is no interval of {limit.figure}")
    value = float(figure)
    if limit.bound != "estimate" and interval is not None:
        value = interval[0 if limit.bound == "lower" else 1]
    holds = value >= limit.value if limit.side == "min" else value <= limit.value
    missed = "" if holds else f", missed by {abs(value - limit.value):.4g}"
    told = f"{limit.figure} {float(figure):.4f}{spread}; {limit.bound} {value:.4f}, "
    told += f"{limit.side} {limit.value:g}{missed}"
    return Verdict(limit, holds, told, value)


def enforce_limits(verdicts: Iterable[Verdict]) -> None:
    """Raises GateError, exit code 3, with every limit that does not hold."""
    broken = [verdict for verdict in verdicts if not verdict.holds]
    if broken:
        raise GateError(
            f"{len(broken)} limit(s) do not hold:\n"
            + "\n".join(
                f"  {verdict.limit}: {verdict.error or verdict.told}" for verdict in broken
            ),
            remedy="\nLook at the figures per label, at the gold and at the texts it is about; then train or choose "
            "another labeler, or set a limit that it can keep.",
        )


def find_figure(content: Mapping[str, Any], figure: str) -> float | Mapping[str, Any] | None:
    """A figure's value, `{"undefined": reason}`, or None where the evaluation does not have it."""
    name, _, one = figure.partition(".")
    places = _of_one(content, one) if one else [content]
    found: Any = next((place[name] for place in places if name in place), None)
    if isinstance(found, bool) or not isinstance(found, int | float | Mapping):
        return None
    if isinstance(found, Mapping):
        return found if "undefined" in found else None
    return float(found)


def find_interval(content: Mapping[str, Any], figure: str) -> tuple[float, float] | None:
    """A figure's interval, where there is one."""
    name, _, one = figure.partition(".")
    places = [content, *_of_one(content, one)] if one else [content]
    for place in places:
        intervals = place.get("intervals")
        key = figure if place is content else name
        bounds = intervals.get(key) if isinstance(intervals, Mapping) else None
        if bounds is not None:
            return float(bounds[0]), float(bounds[1])
    return None


def _of_one(content: Mapping[str, Any], one: str) -> list[Mapping[str, Any]]:
    sections = (content.get(name) for name in ("per_label", "per_dimension"))
    found = (section.get(one) for section in sections if isinstance(section, Mapping))
    return [each for each in found if isinstance(each, Mapping)]


def _known(content: Mapping[str, Any]) -> list[str]:
    known = [
        name for name in content if find_figure(content, name) is not None and _is_figure(name)
    ]
    for section in ("per_label", "per_dimension"):
        for one, figures in (content.get(section) or {}).items():
            known += [f"{name}.{one}" for name in figures if _is_figure(f"{name}.{one}")]
    return known if len(known) <= 20 else [*known[:20], "…"]


def _is_figure(name: str) -> bool:
    try:
        _check_figure(name)
    except ValueError:
        return False
    return True


def _check_figure(name: str) -> None:
    if name.partition(".")[0] not in _OF_FILES:
        check_figure(name)


def _nothing(limit: Limit, error: str) -> Verdict:
    return Verdict(limit, holds=False, told=error, error=error)
