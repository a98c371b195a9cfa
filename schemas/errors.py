"""The two kinds of failure: terminal (do not retry) and transient (try again).

A message says what happened, where (file, row, key) and what to do next. It never holds the text of a
record: a place in a file or a keyed id points to it instead.
"""

EXIT_OK = 0
EXIT_TERMINAL = 1
EXIT_USAGE = 2
EXIT_GATE = 3
EXIT_TRANSIENT = 75


class AffectmineError(Exception):
    """Base of every error that affectmine raises on purpose; `exit_code` is what the command returns."""

    exit_code = EXIT_TERMINAL

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process boundaries: keyword-only arguments do not survive the default pickling.
        return (_rebuild, (type(self), self.message, self.remedy, self.__dict__))


def _rebuild(
    kind: type[AffectmineError], message: str, remedy: str | None, state: dict[str, object]
) -> AffectmineError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.message = message
    error.remedy = remedy
    error.__dict__.update(state)
    return error


class TerminalError(AffectmineError):
    """The same call would fail again: fix the input, the config or the installation first."""


class TransientError(AffectmineError):
    """The same call may succeed later (a full disk, a lost worker, a busy server)."""

    exit_code = EXIT_TRANSIENT


class StoppedError(TransientError):
    """Somebody asked us to stop: what is not done is handed back, and is not tried again now."""


class ConfigError(TerminalError):
    """A config, argument or data file of ours that does not say what it must."""

    exit_code = EXIT_USAGE


class SourceError(TerminalError):
    """An input file that cannot be read as what it is said to be."""


class UnreadableError(SourceError):
    """The operating system does not give the file (gone, no rights, a failing disk): nothing is known of its rows."""


class MissingExtraError(TerminalError):
    """An optional library is not installed."""

    exit_code = EXIT_USAGE

    def __init__(self, extra: str, needed_for: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra {extra!r}, which is not installed.",
            remedy=f"Install it: pip install 'affectmine[{extra}]'",
        )


class ConservationError(TerminalError):
    """Counts of a shard do not add up: nothing of it is committed."""


class GateError(AffectmineError):
    """A critical expectation failed: the candidate data are not published."""

    exit_code = EXIT_GATE
