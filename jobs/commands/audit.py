"""Commands `affectmine audit …`: what figures and labels rest on, with intervals and how to read them."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigError

app = typer.Typer(
    help="What figures and labels rest on: keywords, interviewers, surfaces, groups, synthetic text.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

Source = Annotated[
    Path,
    typer.Argument(
        help="A file (jsonl, csv, tsv, parquet, …) or a lake's folder.", show_default=False
    ),
]
Task = Annotated[str, typer.Option(help="The label task.")]
Labeler = Annotated[
    str,
    typer.Option(help="Who answers: student, student:MODEL, own weights, or a labeler file."),
]
TaxonomyOption = Annotated[
    str | None, typer.Option(help="The taxonomy.", show_default="the task's own")
]
TextColumn = Annotated[str, typer.Option(help="File: the column that holds the text.")]
LabelsColumn = Annotated[str, typer.Option(help="File: the column that holds the gold labels.")]
Corpus = Annotated[list[str] | None, typer.Option(help="Lake: only this corpus (may be repeated).")]
Resamples = Annotated[int, typer.Option(help="Resamples of intervals and tests.", min=100)]
Seed = Annotated[int, typer.Option(help="Same seed, same figures.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for machines.")]


@app.command()
def keywords(
    source: Source,
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    labeler: Labeler = "student",
    words: Annotated[
        str,
        typer.Option(
            help="What to mask: a word list's name, or a file (.yaml, or .txt, a word a line)."
        ),
    ] = "emotion_words",
    text_column: TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    corpus: Corpus = None,
    rows: Annotated[int, typer.Option(help="At most so many rows, at random.", min=1)] = 20_000,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Keyword dependence: figures on gold with and without emotion words."""
    from jobs.audit.asking import who
    from jobs.audit.keywords import audit_keywords
    from jobs.audit.result import show
    from schemas.lexicon import load_lexicon
    from transforms.audit.measured import Draw

    found = audit_keywords(
        source, who(labeler, task, taxonomy), load_lexicon(words),
        text=text_column, labels=labels_column, corpora=corpus or (), rows=rows,
        draw=Draw(resamples, seed=seed),
    )  # fmt: skip
    return show(found, as_json=as_json)


@app.command()
def interviewer(
    source: Source,
    label: Annotated[
        str,
        typer.Option(
            help="The conversation's label: a column of the file; in a lake a key of meta, or gold:TASK."
        ),
    ] = "label",
    label_file: Annotated[
        Path | None, typer.Option(help="Labels from a file instead: conversation_id, label.")
    ] = None,
    interviewer_role: Annotated[
        str, typer.Option("--interviewer", help="The role that asks.")
    ] = "therapist",
    participant_role: Annotated[
        str, typer.Option("--participant", help="The role that answers.")
    ] = "client",
    text_column: TextColumn = "text",
    corpus: Corpus = None,
    folds: Annotated[int, typer.Option(help="Folds of the cross-validation.", min=2)] = 5,
    show_ngrams: Annotated[
        bool,
        typer.Option(
            "--show-ngrams",
            help="Also show what tells: n-grams of people's text that at least 5 conversations use.",
        ),
    ] = False,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Interviewer leakage: a conversation's label from the interviewer's turns alone."""
    from jobs.audit.interviewer import audit_interviewer
    from jobs.audit.result import show
    from transforms.audit.measured import Draw

    found = audit_interviewer(
        source, label=label, label_file=label_file, interviewer=interviewer_role,
        participant=participant_role, text=text_column, corpora=corpus or (), folds=folds,
        show_ngrams=show_ngrams, draw=Draw(resamples, seed=seed),
    )  # fmt: skip
    return show(found, as_json=as_json)


@app.command()
def stability(
    source: Annotated[
        Path | None,
        typer.Argument(help="Texts: a file or a lake's folder.", show_default=False),
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option(help="A file of paraphrases: columns a and b mean the same.")
    ] = None,
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    labeler: Labeler = "student",
    typo_rate: Annotated[
        float, typer.Option(help="Share of letters that become typos.", min=0.0, max=1.0)
    ] = 0.02,
    text_column: TextColumn = "text",
    corpus: Corpus = None,
    rows: Annotated[int, typer.Option(help="At most so many rows, at random.", min=1)] = 5_000,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Stability: answers to reruns, other batches and label orders, typos, spellings, paraphrases."""
    from jobs.audit.asking import who
    from jobs.audit.result import show
    from jobs.audit.stability import audit_stability
    from transforms.audit.measured import Draw

    if source is None and pairs is None:
        raise ConfigError(
            "There is nothing to ask.", remedy="Give a file of texts, or --pairs FILE."
        )
    found = audit_stability(
        source, who(labeler, task, taxonomy),
        pairs=pairs, text=text_column, corpora=corpus or (), typo_rate=typo_rate, rows=rows,
        draw=Draw(resamples, seed=seed),
    )  # fmt: skip
    return show(found, as_json=as_json)


@app.command()
def groups(
    source: Source,
    by: Annotated[
        str,
        typer.Option(
            help="The column of groups: lang, role, corpus, length, or any of few values."
        ),
    ] = "lang",
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    labeler: Labeler = "student",
    no_gold: Annotated[
        bool, typer.Option("--no-gold", help="Compare shares of labels: there is no gold.")
    ] = False,
    min_rows: Annotated[int, typer.Option(help="Groups with fewer rows are left out.", min=2)] = 30,
    text_column: TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    corpus: Corpus = None,
    rows: Annotated[int, typer.Option(help="At most so many rows, at random.", min=1)] = 50_000,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Group gaps: figures by language, role or source, and whether they differ by more than chance."""
    from jobs.audit.asking import named, who
    from jobs.audit.groups import audit_groups
    from jobs.audit.result import show
    from transforms.audit.measured import Draw

    # What a lake has published needs no labeler any more.
    asked = named(labeler, task, taxonomy) if source.is_dir() else who(labeler, task, taxonomy)
    found = audit_groups(
        source, asked, by,
        with_gold=not no_gold, text=text_column, labels=labels_column, corpora=corpus or (),
        rows=rows, min_rows=min_rows, draw=Draw(resamples, seed=seed),
    )  # fmt: skip
    return show(found, as_json=as_json)


@app.command()
def synthetic(
    human: Annotated[
        Path,
        typer.Argument(
            help="Human texts; or both, with a column synthetic (true, false).", show_default=False
        ),
    ],
    generated: Annotated[
        Path | None, typer.Argument(help="Synthetic texts.", show_default=False)
    ] = None,
    task: Task = "emotion",
    taxonomy: TaxonomyOption = None,
    labeler: Labeler = "student",
    no_gold: Annotated[
        bool, typer.Option("--no-gold", help="There are no gold labels: no transfer.")
    ] = False,
    group: Annotated[
        str | None,
        typer.Option(help="A column, such as the seed, whose equal values stay together."),
    ] = None,
    text_column: TextColumn = "text",
    labels_column: LabelsColumn = "labels",
    rows: Annotated[
        int, typer.Option(help="At most so many texts of each side, at random.", min=1)
    ] = 5_000,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    as_json: Json = False,
) -> int:
    """Synthetic against human text: told apart or not, labels, length, variety, transfer."""
    from jobs.audit.asking import who
    from jobs.audit.result import show
    from jobs.audit.synthetic import audit_synthetic
    from transforms.audit.measured import Draw

    found = audit_synthetic(
        human, generated, who(labeler, task, taxonomy),
        with_gold=not no_gold, text=text_column, labels=labels_column, group=group, rows=rows,
        draw=Draw(resamples, seed=seed),
    )  # fmt: skip
    return show(found, as_json=as_json)
