"""Commands on single files: label, train. `label` also runs the stage of a config."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.task_options import TaskOptions, task_options
from pipelines.lake.place import Place, place
from schemas.errors import ConfigError

Task = Annotated[str, typer.Option(help="The label task.")]
TaxonomyOption = Annotated[
    str | None, typer.Option(help="A taxonomy by its name or file; default: the task's own.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.")]


def label(
    source: Annotated[
        Path,
        typer.Argument(
            help="A file (jsonl, csv, tsv, parquet) or a config (yaml).", show_default=False
        ),
    ],
    task: Annotated[
        str | None, typer.Option(help="The label task.", show_default="emotion")
    ] = None,
    labeler: Annotated[
        str | None,
        typer.Option(
            help="Who answers: student, student:MODEL, own weights, or a labeler file (yaml).",
            show_default="student",
        ),
    ] = None,
    taxonomy: TaxonomyOption = None,
    option: TaskOptions = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="parquet, jsonl or csv.", show_default="labels.parquet"
        ),
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="The column that holds the text.", show_default="text")
    ] = None,
    group: Annotated[
        str | None, typer.Option(metavar="I/N", help="Config only: every N-th shard.")
    ] = None,
    lake: Annotated[
        Place | None,
        typer.Option(parser=place, metavar="PATH", help="Config only: the lake's folder."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Config only: relative sources start here.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(metavar="NAME", help="Config only: local, beam or spark.")
    ] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="Config only: the files of a day.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Label one file without a lake; or run a config up to its label stage."""
    of_file = {
        "--task": task, "--labeler": labeler, "--taxonomy": taxonomy, "--option": option,
        "--output": output,
        "--text-column": text_column,
    }  # fmt: skip
    if source.suffix in {".yaml", ".yml"}:
        from jobs.commands.runs import run_until

        _refuse(of_file, f"{source} is a config", "Write them under `label` in the config, or")
        return run_until(
            source,
            "label",
            as_json=as_json,
            lake=lake,
            data=data,
            command="label",
            group=group,
            engine=engine,
            day=day,
        )
    of_config = {
        "--group": group, "--lake": lake, "--data": data, "--engine": engine, "--day": day,
    }  # fmt: skip
    _refuse(of_config, f"{source} is a single file", "Give a config (yaml), or")
    from jobs.label_file import label_file, show_labeled

    found = label_file(
        source,
        output=Path("labels.parquet") if output is None else output,
        task="emotion" if task is None else task,
        labeler="student" if labeler is None else labeler,
        taxonomy=taxonomy,
        options=task_options(option or []),
        text_column="text" if text_column is None else text_column,
    )
    return show_labeled(found, as_json=as_json)


def _refuse(options: Mapping[str, object], why: str, instead: str) -> None:
    given = ", ".join(name for name, value in options.items() if value is not None)
    if given:
        raise ConfigError(
            f"{why}, for which {given} says nothing.", remedy=f"{instead} leave {given} out."
        )


def train(
    source: Annotated[
        Path,
        typer.Argument(
            help="Parquet, CSV, TSV, JSON lines: text and labels, or a number for each dimension; or an export.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The weights to write (safetensors).")
    ] = Path("student.safetensors"),
    task: Annotated[
        str | None,
        typer.Option(help="The label task.", show_default="emotion, or that of the export"),
    ] = None,
    taxonomy: TaxonomyOption = None,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation.", min=2)] = 5,
    seed: Annotated[int, typer.Option(help="Same seed, same weights.")] = 0,
    lang: Annotated[
        str, typer.Option(help="Language of texts that name none (column lang).")
    ] = "en",
    lexicon: Annotated[
        list[Path] | None,
        typer.Option(help="Words and numbers that the student shall know (may be repeated)."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Train a student on your own labels; use it with --labeler WEIGHTS.safetensors."""
    import json
    import sys

    from jobs.train import train as train_student

    def progress(line: str) -> None:
        print(line, file=sys.stderr)

    report = train_student(
        source,
        task=task,
        taxonomy=taxonomy,
        output=output,
        folds=folds,
        seed=seed,
        lang=lang,
        lexicons=lexicon or (),
        progress=progress,
    )
    print(json.dumps(report, indent=None if as_json else 2))
    return 0
