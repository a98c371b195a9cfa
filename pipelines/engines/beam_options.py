"""The options of our Beam pipelines: those of the config, and what we set where it says nothing."""

import contextlib
import difflib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from schemas.errors import AffectmineError, ConfigError

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

Option = str | int | float | bool
RUNNER = "FnApiRunner"
IN_MEMORY = "in_memory"


def settings(options: Mapping[str, Option], workers: int) -> dict[str, Option]:
    """All options: by default FnApiRunner with `workers` processes of this machine."""
    # Beam's own default, DirectRunner, downloads a program and runs it.
    runner = str(options.get("runner", RUNNER))
    if runner.lower() not in ("fnapirunner", "fnapi"):
        return {**options, "runner": runner}
    ours: dict[str, Option] = {
        "runner": RUNNER,
        "direct_running_mode": "multi_processing",
        "direct_num_workers": workers,
    }
    if options.get("direct_running_mode") == IN_MEMORY:
        ours["direct_num_workers"] = 1
    return ours | {name: value for name, value in options.items() if name != "runner"}


def pipeline_options(wanted: Mapping[str, Option]) -> "PipelineOptions":
    """The same as Beam takes them. Raises ConfigError for what it refuses and for what it would not heed."""
    made = _parsed(wanted)
    # What Beam does not know it drops without a word; a false flag it drops in any case.
    flags = {name: value is False or value for name, value in wanted.items()}
    known = _parsed(flags).get_all_options()
    found = _parsed(flags).get_all_options(retain_unknown_options=True)
    unknown = sorted(set(found) - set(known))
    if unknown and not _served_elsewhere(str(wanted["runner"])):
        near = difflib.get_close_matches(unknown[0], known, 1)
        raise ConfigError(
            f"Beam has no option {', '.join(map(repr, unknown))}.",
            remedy=f"Did you mean {near[0]!r} (engine.beam)?"
            if near
            else "Remove it from engine.beam, or look up its name in Beam's PipelineOptions.",
        )
    return made


def check_runner(wanted: Mapping[str, Option]) -> bool:
    """Makes an empty pipeline; says whether its workers will run on this machine, as ours.

    Raises ConfigError for a runner that is not there, or that lacks an option or a library.
    """
    import apache_beam as beam
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    name = str(wanted["runner"])
    try:
        pipeline = beam.Pipeline(runner=name, options=pipeline_options(wanted))
    except AffectmineError:
        raise
    except ImportError as error:
        raise ConfigError(
            f"The Beam runner {name!r} is not installed here: {first_line(error)}",
            remedy="Install what it needs (for Dataflow: apache-beam[gcp]) beside affectmine.",
        ) from None
    except Exception as error:  # noqa: BLE001 - runners refuse options by errors of any class
        raise ConfigError(
            f"Beam cannot use the runner {name!r} with these options: {first_line(error)}",
            remedy="Mend the section engine.beam; `runner` is FnApiRunner (the default), FlinkRunner, "
            "DataflowRunner, PortableRunner …",
        ) from None
    return isinstance(pipeline.runner, FnApiRunner)


def first_line(error: BaseException) -> str:
    """What an error of Beam says, in one line."""
    told = getattr(error, "details", None)
    text = str(told() if callable(told) else error)
    return " ".join(text.split())[:300] or type(error).__name__


def _parsed(wanted: Mapping[str, Option]) -> "PipelineOptions":
    from apache_beam.options import pipeline_options as beam_options

    kind: Any = beam_options.PipelineOptions
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            made: PipelineOptions = kind.from_dictionary(dict(wanted))
            made.get_all_options()
    except SystemExit:
        told = said.getvalue().strip().splitlines()[-1].partition("error: ")[2]
        raise ConfigError(
            f"Beam refuses its options: {told}", remedy="Mend the section engine.beam."
        ) from None
    return made


def _served_elsewhere(runner: str) -> bool:
    """Whether a job server runs the pipelines, which may have options of its own."""
    return runner.lower().removesuffix("runner") in ("portable", "flink", "spark", "prism")
