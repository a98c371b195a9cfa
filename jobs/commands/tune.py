"""Commands calibrate and `tasks tune`: what gold teaches about a language model."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class KindName(StrEnum):
    """How probabilities are calibrated."""

    auto = "auto"
    temperature = "temperature"
    isotonic = "isotonic"


Gold = Annotated[Path, typer.Argument(help="A file of texts and gold labels.", show_default=False)]
LabelerFile = Annotated[
    str, typer.Option(help="The labeler file (.yaml) of a language model.", show_default=False)
]
Task = Annotated[str, typer.Option(help="The label task.")]
TaxonomyOption = Annotated[
    str | None, typer.Option(help="The labels; default: the task's own.", show_default=False)
]
TextColumn = Annotated[str, typer.Option(help="The column that holds the text.")]
LabelsColumn = Annotated[str, typer.Option(help="The column that holds the labels.")]
Split = Annotated[
    str, typer.Option(help="Only gold of these splits, joined by commas.", show_default=False)
]
Seed = Annotated[int, typer.Option(help="Same seed, same folds and samples.", min=0)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.")]


def calibrate(
    gold: Gold,
    labeler: LabelerFile,
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    kind: Annotated[
        KindName, typer.Option(help="auto: the one with the least log loss on unseen rows.")
    ] = KindName.auto,
    split: Split = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A JSON file.", show_default="beside the labeler file"),
    ] = None,
    text_column: TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Make a labeler's probabilities true, and find its thresholds, on gold that it is not judged by afterwards."""
    from jobs.calibrate import calibrate as fit
    from jobs.calibrate_show import show_calibrated

    found = fit(
        gold,
        labeler=labeler,
        task=task,
        taxonomy=taxonomy,
        kind=kind.value,
        splits=_names(split),
        output=output,
        text_column=text_column,
        labels_column=labels_column,
        seed=seed,
    )
    return show_calibrated(found, labeler, as_json=as_json)


def tune(
    gold: Gold,
    labeler: LabelerFile,
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    budget: Annotated[
        int, typer.Option(help="At most about so many requests to the model.", min=1)
    ] = 2000,
    variants: Annotated[
        str,
        typer.Option(
            help="Joined by commas; several at once by +, as in score+shuffles.",
            show_default="each that applies",
        ),
    ] = "",
    split: Annotated[
        str,
        typer.Option(
            help="Gold to tune and report on, joined by commas.",
            show_default="dev, where there is one, else all",
        ),
    ] = "",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The winner's labeler file (.yaml).")
    ] = Path("best.yaml"),
    text_column: TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Try variants of a prompt on gold within a budget; report the winner on rows that did not choose it."""
    import sys

    from jobs.tune import tune as try_variants
    from jobs.tune_show import show_tuned

    found = try_variants(
        gold,
        labeler=labeler,
        task=task,
        taxonomy=taxonomy,
        budget=budget,
        variants=_names(variants),
        splits=_names(split),
        output=output,
        text_column=text_column,
        labels_column=labels_column,
        seed=seed,
        progress=lambda line: print(line, file=sys.stderr),
    )
    return show_tuned(found, as_json=as_json)


def _names(text: str) -> tuple[str, ...]:
    """Names joined by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
