"""AnnoMI's labels as gold entries: of one annotator, for one utterance."""

from collections.abc import Collection

import polars as pl

from transforms.read.gold_cells import ENTRY, GOLD, OWN_GOLD

MISSING = ("", "n/a")
# Column: (taxonomy, labels).
_TYPES = {
    "main_therapist_behaviour": (
        "annomi_therapist",
        ("question", "reflection", "therapist_input", "other"),
    ),
    "client_talk_type": ("annomi_client", ("change", "neutral", "sustain")),
}
# Prefix of the columns `…_exists` and `…_subtype`: (first word of the labels, subtypes).
_SUBTYPES = {
    "question": ("question", ("open", "closed")),
    "reflection": ("reflection", ("simple", "complex")),
    "therapist_input": ("input", ("information", "advice", "negotiation", "options")),
}


def gold_of(frame: pl.DataFrame) -> pl.Series:
    """The entries of each row; null where nothing was annotated."""
    names = [name for name in _columns() if name in frame.columns]
    # Rows have few different annotations; lists of structs are slow to make.
    different = frame.select(names).unique(maintain_order=True)
    made = different.with_columns(_gold(different.columns).alias(OWN_GOLD))
    joined = frame.select(names).join(made, on=names, how="left", maintain_order="left")
    return joined[OWN_GOLD]


def _columns() -> list[str]:
    subtypes = [f"{prefix}_{part}" for prefix in _SUBTYPES for part in ("exists", "subtype")]
    return ["annotator_id", *_TYPES, *subtypes]


def _gold(columns: Collection[str]) -> pl.Expr:
    annotator = pl.lit(None, dtype=pl.String)
    if "annotator_id" in columns:
        cell = pl.col("annotator_id").str.strip_chars()
        annotator = pl.when(cell != "").then(cell)
    entries = [
        pl.when(~_missing(column)).then(
            _entry("talk_type", taxonomy, pl.concat_list(_cell(column)), annotator)
        )
        for column, (taxonomy, _) in _TYPES.items()
    ]
    if _has_subtypes(columns):
        kinds = [
            pl.when(_cell(f"{prefix}_exists") == "true").then(
                pl.lit(f"{word}_") + _cell(f"{prefix}_subtype")
            )
            for prefix, (word, _) in _SUBTYPES.items()
        ]
        labels = pl.concat_list(kinds).list.drop_nulls()
        nothing = pl.all_horizontal(_missing(f"{prefix}_exists") for prefix in _SUBTYPES)
        entry = _entry("talk_subtype", "annomi_subtype", labels, annotator)
        entries.append(pl.when(~nothing).then(entry))
    found = pl.concat_list(entries).list.drop_nulls()
    return pl.when(found.list.len() > 0).then(found).cast(GOLD)


def wrong_label(columns: Collection[str]) -> pl.Expr:
    """Which rows have a label, or a flag, that the release does not have."""
    wrong = [~_cell(name).is_in([*MISSING, *labels]) for name, (_, labels) in _TYPES.items()]
    for prefix, (_, labels) in _SUBTYPES.items() if _has_subtypes(columns) else ():
        exists = _cell(f"{prefix}_exists")
        wrong.append(~exists.is_in([*MISSING, "true", "false"]))
        wrong.append((exists == "true") & ~_cell(f"{prefix}_subtype").is_in(labels))
    return pl.any_horizontal(wrong)


def _has_subtypes(columns: Collection[str]) -> bool:
    return all({f"{prefix}_exists", f"{prefix}_subtype"} <= set(columns) for prefix in _SUBTYPES)


def _cell(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def _missing(column: str) -> pl.Expr:
    return _cell(column).is_in(MISSING)


def _entry(task: str, taxonomy: str, labels: pl.Expr, annotator: pl.Expr) -> pl.Expr:
    return pl.struct(
        pl.lit(task).alias("task"),
        pl.lit(taxonomy).alias("taxonomy"),
        pl.lit(None, dtype=pl.String).alias("label_set"),
        pl.lit(None, dtype=pl.String).alias("split"),
        annotator.alias("annotator"),
        labels.alias("labels"),
        pl.lit(None, dtype=pl.Float64).alias("value"),
    ).cast(ENTRY)
