"""The command line: `affectmine`. Commands import what they need when they run, so that --help is quick."""

import errno
import os
import sys

import typer

from jobs.commands import (
    annotate,
    audit,
    evaluate,
    export,
    files,
    forget,
    lakes,
    marts,
    report,
    runs,
    serve,
    setup,
    synthesize,
    tasks,
    tune,
)
from schemas.errors import EXIT_TERMINAL, EXIT_TRANSIENT, EXIT_USAGE, AffectmineError

app = typer.Typer(
    name="affectmine",
    help="Mines the affect in large text corpora: who felt what, how strongly, why, and what they wanted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)

_INTERRUPTED = 130
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EPERM}
_FIRST, _STAGES, _ASK, _LABELS, _CARE = "First steps", "Stages", "Ask", "Labels", "Care"
_GENERATE = "Training data"

app.command(rich_help_panel=_FIRST)(runs.demo)
app.command(rich_help_panel=_FIRST)(runs.init)
app.command(rich_help_panel=_FIRST)(runs.run)
app.command(rich_help_panel=_FIRST)(runs.plan)
app.command(rich_help_panel=_FIRST)(runs.days)
app.command(rich_help_panel=_STAGES)(runs.ingest)
app.command(rich_help_panel=_STAGES)(runs.clean)
app.command(rich_help_panel=_STAGES)(runs.dedup)
app.command(rich_help_panel=_STAGES)(runs.windows)
app.command(rich_help_panel=_STAGES)(files.label)
app.command(rich_help_panel=_STAGES)(runs.check)
app.command(rich_help_panel=_STAGES)(runs.publish)
app.command(rich_help_panel=_GENERATE)(synthesize.synthesize)
app.command(rich_help_panel=_GENERATE)(synthesize.recipes)
app.command(rich_help_panel=_GENERATE)(export.export)
app.command(rich_help_panel=_ASK)(lakes.sql)
app.command(rich_help_panel=_ASK)(report.report)
app.command(rich_help_panel=_ASK)(lakes.status)
app.add_typer(marts.app, name="marts", rich_help_panel=_ASK)
app.command(rich_help_panel=_LABELS)(evaluate.evaluate)
app.command(rich_help_panel=_LABELS)(files.train)
app.command(rich_help_panel=_LABELS)(tune.calibrate)
app.command(rich_help_panel=_LABELS)(serve.serve)
app.add_typer(annotate.app, name="annotate", rich_help_panel=_LABELS)
app.add_typer(audit.app, name="audit", rich_help_panel=_LABELS)
app.add_typer(tasks.app, name="tasks", rich_help_panel=_LABELS)
app.command(rich_help_panel=_CARE)(lakes.compact)
app.command(rich_help_panel=_CARE)(lakes.vacuum)
app.command(rich_help_panel=_CARE)(lakes.drift)
app.command(rich_help_panel=_CARE)(forget.forget)
app.add_typer(setup.app, name="setup", rich_help_panel=_CARE)


def main() -> None:
    """Runs the command; every error of ours becomes one message and its exit code."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """The exit code of a command line: 0 ok, 1 terminal, 2 usage or config, 3 gate failed, 75 transient."""
    try:
        result = app(arguments, standalone_mode=False)
    except AffectmineError as error:
        _tell(str(error))
        return error.exit_code
    except typer.Exit as done:
        return _stopped() if done.exit_code == _INTERRUPTED else done.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _stopped()
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): no matter, and nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _DISK:
            return _unexpected(error)
        _tell(
            f"The disk says no: {error.strerror}. Check space and rights of the lake's folder, "
            "then run again; finished shards are kept."
        )
        return EXIT_TRANSIENT
    except Exception as error:  # noqa: BLE001 - the last door: no traceback, no text of people
        if type(error).__module__.startswith(("click", "typer")):
            return _usage(error)
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _stopped() -> int:
    _tell("Stopped. Finished shards are kept: the same command goes on from there.")
    return _INTERRUPTED


def _unexpected(error: Exception) -> int:
    from pipelines.engines.local import unexpected

    _tell(str(unexpected(error)))
    return EXIT_TERMINAL


def _usage(error: Exception) -> int:
    show = getattr(error, "show", None)
    if show is not None:
        show()
    else:
        _tell(str(error))
    return int(getattr(error, "exit_code", EXIT_USAGE))


def _tell(message: str) -> None:
    print(f"affectmine: {message}", file=sys.stderr)


if __name__ == "__main__":
    main()
