"""Commands `affectmine annotate …`: rows out to people, and their labels back in as gold."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.annotate_import import import_
from pipelines.lake.place import Place, place
from schemas.errors import ConfigError

app = typer.Typer(
    help="The annotation round trip: choose rows for people to label, and bring the gold back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


class Strategy(StrEnum):
    """How rows are chosen."""

    random = "random"
    stratified = "stratified"
    uncertain = "uncertain"


class By(StrEnum):
    """What strata are made of."""

    label = "label"
    corpus = "corpus"
    lang = "lang"
    role = "role"


@app.command()
def sample(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A labeled file, as `affectmine label -o` writes it (parquet, jsonl, csv); or give --lake.",
            show_default=False,
        ),
    ] = None,
    lake: Annotated[
        Place | None,
        typer.Option(
            parser=place,
            metavar="PATH",
            help="A lake: its published labels.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help=".json: tasks for Label Studio, and a labeling config (.xml); .csv: a table.",
        ),
    ] = Path("annotate.json"),
    n: Annotated[int, typer.Option("--n", "-n", help="How many rows.", min=1)] = 200,
    strategy: Annotated[Strategy, typer.Option(help="How rows are chosen.")] = Strategy.random,
    by: Annotated[By, typer.Option(help="Stratified: equal numbers of each.")] = By.label,
    random_share: Annotated[
        float, typer.Option(help="Uncertain: the share that is drawn at random.", min=0.0, max=1.0)
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Same seed, same rows.", min=0)] = 0,
    task: Annotated[str, typer.Option(help="The label task.")] = "emotion",
    taxonomy: Annotated[
        str | None, typer.Option(help="The labels.", show_default="the task's own")
    ] = None,
    labeler: Annotated[
        str,
        typer.Option(
            help="Who labeled: student, student:MODEL …; of a lake: as it is named there."
        ),
    ] = "student",
    corpus: Annotated[
        list[str] | None,
        typer.Option(help="Only this corpus (may be repeated).", show_default=False),
    ] = None,
    lang: Annotated[
        list[str] | None,
        typer.Option(help="Only this language (may be repeated).", show_default=False),
    ] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="Only this role (may be repeated).", show_default=False)
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(
            help="Without the rows of this earlier sample (may be repeated).", show_default=False
        ),
    ] = None,
    annotators: Annotated[
        str, typer.Option(help="Names, joined by commas: a file for each.", show_default=False)
    ] = "",
    overlap: Annotated[
        int, typer.Option(help="So many rows go to all annotators, to measure agreement.", min=0)
    ] = 0,
    predictions: Annotated[
        bool,
        typer.Option(
            "--predictions", help="Show the labeler's answers in Label Studio. They anchor people."
        ),
    ] = False,
    allow_clinical: Annotated[
        bool, typer.Option("--allow-clinical", help="Also rows of corpora of the domain clinical.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout, for machines.")
    ] = False,
) -> int:
    """Choose rows for people to label, with weights: Label Studio tasks and config, or a table."""
    from jobs.annotate.sampling import sample as take
    from jobs.annotate.sampling import show_sampled
    from jobs.annotate.wanted import Wanted

    chosen = lake if source is None else source
    if chosen is None or (lake is not None and source is not None):
        raise ConfigError(
            "It takes one source of rows.", remedy="Give a labeled file, or a lake with --lake."
        )
    if predictions and output.suffix == ".csv":
        raise ConfigError(
            "A table holds no predictions.",
            remedy="Leave --predictions out, or let -o end in .json.",
        )
    wanted = Wanted(
        n=n,
        strategy=strategy.value,
        by=by.value,
        random_share=random_share,
        seed=seed,
        corpora=tuple(corpus or ()),
        languages=tuple(lang or ()),
        roles=tuple(role or ()),
        annotators=tuple(name.strip() for name in annotators.split(",") if name.strip()),
        overlap=overlap,
        allow_clinical=allow_clinical,
        predictions=predictions,
    )
    found = take(
        chosen, output, wanted,
        is_lake=lake is not None, task=task, taxonomy=taxonomy, labeler=labeler, exclude=exclude or (),
    )  # fmt: skip
    return show_sampled(found, as_json=as_json)


app.command("import")(import_)
