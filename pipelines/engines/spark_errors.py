"""What Spark says when it fails, as errors of ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import AffectmineError, MissingExtraError, TerminalError, TransientError

# An error of ours from a Python worker, in the traceback that Spark tells; our messages hold no text of people.
_OURS = re.compile(r"^schemas\.errors\.(\w+): (.+)$", re.MULTILINE)
_OF_QUERY = re.compile(r"SQLSTATE: (22|42)")  # data and syntax: the same again


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Tells exceptions of Spark as errors of ours; all others pass.

    Raises TransientError for what a cluster may do (a worker lost, a disk full), TerminalError for what it will do
    again.
    """
    try:
        from py4j.protocol import Py4JError  # type: ignore[import-untyped]
        from pyspark.errors import PySparkException
        from pyspark.errors.exceptions.captured import CapturedException
    except ImportError:
        raise MissingExtraError("spark", "The engine spark") from None
    try:
        yield
    except CapturedException as error:
        raise _told(doing, str(error), error.getCondition() or "unknown") from None
    except (PySparkException, Py4JError) as error:
        raise _told(doing, str(error), type(error).__name__) from None


def _told(doing: str, message: str, condition: str) -> AffectmineError:
    ours = _OURS.search(message)
    if ours is not None and ours.group(1) in ("TerminalError", "ConfigError"):
        return TerminalError(f"{doing} failed: {ours.group(2)}")
    if ours is None and _OF_QUERY.search(message):
        return TerminalError(
            f"{doing} failed: Spark does not take the query ({condition}).",
            remedy="This is a defect of affectmine; please report it with this line.",
        )
    reason = ours.group(2) if ours is not None else condition
    return TransientError(
        f"{doing} failed on Spark: {reason}",
        remedy="Look at Spark's log for the cause (memory or disks of the workers?), then run again.",
    )
