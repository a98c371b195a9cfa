"""Commands that run a config: demo, init, run, plan, and one per stage."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.lake.place import Place, place

if TYPE_CHECKING:
    from jobs.run import Until

Config = Annotated[Path, typer.Argument(help="The config file (YAML).", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.")]
LakeOption = Annotated[
    Place | None,
    typer.Option(
        "--lake",
        parser=place,
        metavar="PATH",
        help="The lake's folder, or s3://bucket/prefix, instead of the config's.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Relative sources start here, not at the config file."),
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="I/N", help="Only every N-th shard, from the I-th."),
]

Engine = Annotated[
    str | None,
    typer.Option(
        "--engine", metavar="NAME", help="local, beam or spark, instead of the config's engine."
    ),
]

Day = Annotated[
    str | None,
    typer.Option(
        "--day", metavar="DAY", help="Only files of a day, or of FIRST..LAST: see {day} in sources."
    ),
]


def demo(
    lake: Annotated[
        Place, typer.Option(parser=place, metavar="PATH", help="Where to make the demo's lake.")
    ] = Path("demo-lake"),
    as_json: Json = False,
) -> int:
    """Mine the demo corpus that ships with affectmine: posts, podcasts, clinical talks."""
    from jobs.demo.config import demo_config

    return run_until(demo_config(), "publish", as_json=as_json, lake=lake, command="demo")


def init(
    source: Annotated[Path, typer.Option("--from", help="A file of your corpus.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The config to write.")] = Path(
        "affectmine.yaml"
    ),
) -> int:
    """Write a commented config for a corpus, guessed from one of its files."""
    from jobs.init import write_config

    print(write_config(source, output))
    return 0


def run(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Run all stages of a config, from ingest to publish. What is done is skipped."""
    return run_until(
        config,
        "publish",
        as_json=as_json,
        lake=lake,
        data=data,
        command="run",
        engine=engine,
        day=day,
    )


def plan(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    day: Day = None,
) -> int:
    """Show shards, rows, time and cost of a run, before anything is spent."""
    from jobs.days import parse_days
    from jobs.plan import plan as make_plan
    from jobs.plan import show_plan

    found = make_plan(config, lake_path=lake, data=data, days=parse_days(day))
    return show_plan(found, as_json=as_json)


def days(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    day: Day = None,
) -> int:
    """Show which days have files, and which of them are published."""
    from jobs.days import days as find_days
    from jobs.days import parse_days, show_days

    found = find_days(config, only=parse_days(day), lake_path=lake, data=data)
    return show_days(found, as_json=as_json)


def ingest(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Read the sources into records, pseudonymized and partitioned by day."""
    return run_until(
        config,
        "ingest",
        as_json=as_json,
        lake=lake,
        data=data,
        command="ingest",
        engine=engine,
        day=day,
    )


def clean(
    config: Config,
    data: Data = None,
    group: Group = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Clean the records: repair, redact, language, one outcome each."""
    return run_until(
        config,
        "clean",
        as_json=as_json,
        lake=lake,
        data=data,
        command="clean",
        group=group,
        engine=engine,
        day=day,
    )


def dedup(
    config: Config,
    data: Data = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Compare all partitions anew, also frozen ones.")
    ] = False,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Mark equal and nearly equal records, and drop stand-alone posts that repeat another."""
    return run_until(
        config,
        "dedup",
        as_json=as_json,
        lake=lake,
        data=data,
        command="dedup",
        rebuild=rebuild,
        engine=engine,
        day=day,
    )


def windows(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Give each record its context: the earlier turns of its conversation, or its parents."""
    return run_until(
        config,
        "windows",
        as_json=as_json,
        lake=lake,
        data=data,
        command="windows",
        engine=engine,
        day=day,
    )


def check(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Run the quality gates over what would be published (exit 3 if one blocks)."""
    return run_until(
        config,
        "check",
        as_json=as_json,
        lake=lake,
        data=data,
        command="check",
        engine=engine,
        day=day,
    )


def publish(
    config: Config,
    data: Data = None,
    lake: LakeOption = None,
    as_json: Json = False,
    engine: Engine = None,
    day: Day = None,
) -> int:
    """Check, then publish what passed as the newest snapshot."""
    return run_until(
        config,
        "publish",
        as_json=as_json,
        lake=lake,
        data=data,
        command="publish",
        engine=engine,
        day=day,
    )


def run_until(
    config: Path,
    until: "Until",
    *,
    as_json: bool,
    lake: Place | None,
    command: str,
    data: Path | None = None,
    group: str | None = None,
    rebuild: bool = False,
    engine: str | None = None,
    day: str | None = None,
) -> int:
    """Runs a config up to a stage and shows what it came to; returns the exit code."""
    from jobs.days import parse_days
    from jobs.outcome import show_outcome
    from jobs.run import parse_group
    from jobs.run import run as run_stages
    from jobs.screen import Screen

    screen = Screen(quiet=as_json)
    outcome = run_stages(
        config,
        screen,
        until=until,
        group=parse_group(group),
        lake_path=lake,
        data=data,
        command=command,
        rebuild=rebuild,
        engine_name=engine,
        days=parse_days(day),
    )
    show_outcome(outcome, screen, as_json=as_json)
    return outcome.exit_code
