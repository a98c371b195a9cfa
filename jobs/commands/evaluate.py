"""The command evaluate: a labeler, or answers that are there already, against gold of a file or of a lake."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.lake.place import Place, place
from schemas.errors import ConfigError

if TYPE_CHECKING:
    from jobs.evaluate import EvaluationResult
    from jobs.evaluation.compute import Asked


def evaluate(
    gold: Annotated[
        Path | None,
        typer.Option(
            help="A file of texts and gold: columns text and labels, or spans, or one column for each dimension.",
            rich_help_panel="What is evaluated",
        ),
    ] = None,
    lake: Annotated[
        Place | None,
        typer.Option(
            parser=place,
            metavar="PATH",
            help="A lake: its published labels against the gold of its records.",
            rich_help_panel="What is evaluated",
        ),
    ] = None,
    task: Annotated[str, typer.Option(help="The label task; or: spans.")] = "emotion",
    taxonomy: Annotated[
        str | None, typer.Option(help="The labels; default: the task's own.", show_default=False)
    ] = None,
    labeler: Annotated[
        str,
        typer.Option(
            help="Who answers: student, student:MODEL, own weights, or a labeler file; of a lake: as it is "
            "named there."
        ),
    ] = "student",
    answers: Annotated[
        Path | None,
        typer.Option(
            help="A file of answers instead of a labeler, as `affectmine label -o` writes it.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="Another labeler, or file of answers, to compare with on the same rows.",
            show_default=False,
        ),
    ] = None,
    wheel: Annotated[
        str | None,
        typer.Option(
            help="File: labels are free words, compared by the groups of this wheel: parrott, or a YAML file.",
            show_default=False,
            rich_help_panel="What is evaluated",
        ),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help="Break down by these, joined by commas: lang, corpus, role, split, length, or columns of the file.",
            show_default=False,
        ),
    ] = "",
    group: Annotated[
        str | None,
        typer.Option(
            help="File: the column of what is resampled as a whole.",
            show_default="group or conversation_id, where there is one",
        ),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Only gold of these splits, joined by commas.", show_default=False)
    ] = "",
    corpus: Annotated[
        str, typer.Option(help="Lake: only these corpora, joined by commas.", show_default=False)
    ] = "",
    as_of: Annotated[int | None, typer.Option(help="Lake: an earlier snapshot's number.")] = None,
    text_column: Annotated[
        str, typer.Option(help="File: the column that holds the text.")
    ] = "text",
    labels_column: Annotated[
        str, typer.Option(help="File: the column that holds the labels.")
    ] = "labels",
    min_rows: Annotated[
        int, typer.Option(help="Parts with fewer rows get no figures.", min=1)
    ] = 20,
    resamples: Annotated[
        int, typer.Option(help="Resamples of the bootstrap; 0: no intervals.", min=0)
    ] = 1000,
    level: Annotated[
        float, typer.Option(help="The level of the intervals.", min=0.5, max=0.999)
    ] = 0.95,
    seed: Annotated[int, typer.Option(help="Same seed, same intervals.", min=0)] = 0,
    at_least: Annotated[
        list[str] | None,
        typer.Option(
            "--min",
            help="Exit code 3 when less: macro_f1=0.5, f1.anger:lower=.3 (lower end of the interval).",
            show_default=False,
            rich_help_panel="Output",
        ),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(
            "--max",
            help="Exit code 3 when more: ece=.05",
            show_default=False,
            rich_help_panel="Output",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Also write an HTML page, which needs no network.",
            show_default=False,
            rich_help_panel="Output",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON object on stdout, for machines.", rich_help_panel="Output"
        ),
    ] = False,
) -> int:
    """Compare a labeler with gold: figures with intervals, per label, by language …, beside what people agree on."""
    from jobs.evaluation.compute import Asked
    from jobs.evaluation.output import check_output, show
    from transforms.evaluate.limits import parse_limit

    limits = [parse_limit(text, "min") for text in at_least or ()]
    limits += [parse_limit(text, "max") for text in at_most or ()]
    check_output(page)
    asked = Asked(_names(by), min_rows, resamples, level, seed)
    if lake is not None:
        _refuse(
            {
                "--gold": gold, "--answers": answers, "--group": group, "--wheel": wheel,
                "--task spans": "" if task == "spans" else None,
                "--text-column": None if text_column == "text" else text_column,
                "--labels-column": None if labels_column == "labels" else labels_column,
            },
            "a lake",
        )  # fmt: skip
        found = _of_lake(
            lake, task, taxonomy, labeler, against, _names(corpus), _names(split), as_of, asked
        )
        return show(found, f"lake {lake.name}", page=page, limits=limits, as_json=as_json)
    _refuse({"--corpus": corpus or None, "--as-of": as_of}, "a file")
    if gold is None:
        raise ConfigError(
            "There is nothing to evaluate.",
            remedy="Name a file with --gold, or a lake with --lake.",
        )
    from jobs.evaluate_file import evaluate_file

    found = evaluate_file(
        gold,
        task=task,
        taxonomy=taxonomy,
        labeler=labeler,
        answers=answers,
        against=against,
        text_column=text_column,
        labels_column=labels_column,
        group=group,
        splits=_names(split),
        asked=asked,
        wheel=wheel,
    )
    return show(found, gold.name, page=page, limits=limits, as_json=as_json)


def _of_lake(
    lake: Place,
    task: str,
    taxonomy: str | None,
    labeler: str,
    against: str | None,
    corpora: tuple[str, ...],
    splits: tuple[str, ...],
    as_of: int | None,
    asked: "Asked",
) -> "EvaluationResult":
    from jobs.evaluate import evaluate_lake

    return evaluate_lake(
        lake,
        task=task,
        taxonomy=taxonomy,
        labeler=labeler,
        against=against,
        corpora=corpora,
        splits=splits,
        as_of=as_of,
        by=asked.by,
        min_rows=asked.min_rows,
        resamples=asked.resamples,
        level=asked.level,
        seed=asked.seed,
    )


def _names(text: str) -> tuple[str, ...]:
    """Names joined by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _refuse(options: dict[str, object], of: str) -> None:
    given = ", ".join(name for name, value in options.items() if value is not None)
    if given:
        raise ConfigError(
            f"{given} {'says' if ',' not in given else 'say'} nothing of {of}.",
            remedy=f"Leave {given} out.",
        )
