"""Train a student from gold: `affectmine train`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.target import check_target, write_trouble
from jobs.train_export import read_export
from jobs.train_gold import read_gold
from jobs.train_lexicon import read_lexicons
from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy

if TYPE_CHECKING:
    import polars as pl

    from schemas.taxonomy import Taxonomy
    from transforms.label.student.training import Gold


def train(
    source: str | Path | pl.DataFrame,
    *,
    task: str | Path | None = None,
    taxonomy: str | Path | None = None,
    output: str | Path,
    folds: int = 5,
    seed: int = 0,
    lang: str = "en",
    mapped: bool = True,
    absent: bool = False,
    lexicons: Sequence[Path] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train on a Parquet, CSV or TSV file, a frame, or a folder of `affectmine export`; write `output` (safetensors).

    An export says itself of which task and taxonomy its labels are; else `task` is emotion. Columns: `text`; `labels`
    (list of label names; in CSV and TSV joined by commas) or, for tasks that are answered by numbers, one column a
    dimension; if known `lang` (else all are `lang`), `label_set` (the labels that were asked for, where not all were),
    `weight` (for how many rows a row counts), and if texts belong together (same thread, same author) `group`, so that
    they share a fold; without it, equal texts do. Of an export there are figures for each source of labels. With
    `mapped`, taxonomies that the taxonomy maps to get a head too. A label without any row is refused, unless `absent`
    allows it, or the rows are an export: then it is never given. `lexicons`: files of words and numbers
    (train_lexicon.py).
    Returns the version, the sizes and the cross-validated figures per taxonomy. ConfigError or
    SourceError when something does not fit.
    """
    from jobs.train_figures import figures
    from transforms.label.student.training import TrainingOptions, train_student
    from transforms.label.student.weights import save_weights

    path = Path(output)
    check_target(path, [".safetensors"])
    corpus = None
    if isinstance(source, str | Path) and Path(source).is_dir():
        corpus = read_export(Path(source))
        task, taxonomy = task or corpus.task, taxonomy or corpus.taxonomy
        absent = True  # what the lake has, was chosen before
        if taxonomy is None:
            raise ConfigError(
                "The taxonomy of the export is a file of its own.",
                remedy="Name it with --taxonomy.",
            )
    asked = load_task(task or "emotion")
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    if corpus is not None:
        source = corpus.gold(asked, labels)
    if folds < 2:
        raise ConfigError(
            f"folds is {folds}; thresholds need at least 2.", remedy="Set it to 2 or more."
        )
    gold = read_gold(
        source, asked, labels, folds=folds, lang=lang, absent=absent, sourced=corpus is not None
    )
    never = [] if asked.answer != "labels" else _without_row(gold, labels)
    if never:
        progress(f"no row has {', '.join(never)}: never given")
    targets = {}
    if mapped and asked.answer == "labels":
        targets = {n: load_taxonomy(n) for n in sorted(labels.mappings) if n != labels.name}
    options = TrainingOptions(folds=folds, seed=seed)
    trained = train_student(
        gold, asked.name, labels, targets, options, progress, read_lexicons(lexicons, options.spec)
    )
    report: dict[str, Any] = {
        "rows": len(gold.texts),
        "features": len(trained.weights.hashes),
        "folds": folds,
        "seed": seed,
        **({"never_given": never} if never else {}),
    }
    report["cross_validation"] = {
        name: figures(
            held_out,
            list(trained.weights.heads[name].labels),
            gold.groups,
            {"languages": gold.languages, "sources": gold.sources},
        )
        for name, held_out in trained.held_out.items()
    }
    trained.weights.about.update(report)
    try:
        save_weights(trained.weights, path)
    except OSError as error:
        raise write_trouble(path, error) from None
    return {
        "output": str(path),
        "version": trained.weights.version,
        "bytes": path.stat().st_size,
        **report,
    }


def _without_row(gold: Gold, taxonomy: Taxonomy) -> list[str]:
    given = gold.values.astype(bool) & gold.asked
    return [name for number, name in enumerate(taxonomy.names) if not given[:, number].any()]
