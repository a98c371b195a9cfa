"""Backoff: how long a call waits before its next try, and how long a silence is borne."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import Final

FIRST: Final = 0.5
LONGEST: Final = 30.0
LONGEST_ASKED: Final = 60.0


def longest_pause(attempt: int) -> float:
    """The most seconds that may pass after try number `attempt` (from 1): doubling, up to 30."""
    return float(min(LONGEST, FIRST * 2 ** (attempt - 1)))


def pause(attempt: int, asked: float) -> float:
    """Seconds to wait after try number `attempt`: full jitter, and no less than the server asked for.

    Full jitter (anything from 0 to the longest pause) spreads calls that failed at once the furthest:
    Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    spread = random.uniform(0, longest_pause(attempt))
    return asked + spread / 4 if asked else spread


def patience(retries: int) -> float:
    """Seconds without any answer after which servers count as gone: all pauses of a call, at their longest."""
    return sum(longest_pause(attempt) for attempt in range(1, retries + 1))


def asked_wait(header: str | None) -> float:
    """Seconds that a Retry-After header asks for (a number or a date), 0 to 60; 0 when it cannot be read."""
    if not header:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return 0.0
    return min(max(seconds, 0.0), LONGEST_ASKED) if seconds == seconds else 0.0
