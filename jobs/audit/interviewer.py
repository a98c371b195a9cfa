"""Interviewer leakage: is a label of a whole conversation told by the interviewer's turns alone?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from jobs.audit.lake_texts import read_clean
from jobs.audit.result import AuditResult, Cell, Reading, Rows
from jobs.audit.texts import read_texts, refuse_corpora
from schemas.errors import ConfigError, SourceError
from transforms.audit.measured import Draw, undefined
from transforms.audit.probe import ProbeOptions
from transforms.audit.sides import SIDES, Conversations, conversations, side_figures
from transforms.audit.telling import telling_ngrams
from transforms.read.columns import told

LEAST: Final = 5  # conversations that must use an n-gram before it may be shown
READING: Final = Reading(
    asks="Does what the interviewer says give the label away, so that a model can be right without reading the "
    "participant?",
    large="interviewer.auc well above .5, and as high as participant.auc (difference near 0 or below): a model trained "
    "on whole conversations may learn the interviewer's habits; train and evaluate on the participant's turns. In "
    "DAIC-WOZ the prompts alone give .90 F1.",
    small="interviewer.auc about .5, with the interval around it: the prompts do not tell. difference above 0: the "
    "participant's words tell more.",
    cannot="A small probe finds what words and their pairs show; a large model may find more. Where the label is about "
    "the interviewer (how well a therapist works), prompts that tell are no leak. A participant may echo the "
    "interviewer. Intervals draw conversations, not trainings; with few conversations they are wide.",
)


def audit_interviewer(
    source: Path,
    *,
    label: str = "label",
    label_file: Path | None = None,
    interviewer: str = "therapist",
    participant: str = "client",
    text: str = "text",
    corpora: Sequence[str] = (),
    show_ngrams: bool = False,
    folds: int = 5,
    draw: Draw = Draw(),  # noqa: B008 -- frozen
) -> AuditResult:
    """How well a cross-validated student predicts a conversation's label from each side's turns.

    The label is a column (in a lake, a key of `meta`, a column, or `gold:TASK`), or comes from `label_file` with the
    columns conversation_id and label. SourceError, ConfigError: what cannot be read.
    """
    turns, notes = _turns(source, label, label_file, text, corpora)
    _require_roles(turns, interviewer, participant, source)
    found = conversations(turns, interviewer, participant, folds)
    notes += [f"{n:,} conversations left out: {why}" for why, n in found.left_out.items()]
    number = len(found.frame)
    counts = dict(found.frame["label"].value_counts().sort("label").iter_rows()) if number else {}
    about = {
        "label": label if label_file is None else label_file.name,
        "interviewer": interviewer,
        "participant": participant,
        "conversations": number,
        "largest_label_share": max(counts.values()) / number if number else 0.0,
    }
    tables: dict[str, Rows] = {"labels": {str(k): {"conversations": n} for k, n in counts.items()}}
    if len(counts) < 2:
        because = f"fewer than two labels have {folds} conversations each"
        figures = {f"{side}.auc": undefined(because) for side in SIDES}
        figures["difference.auc"] = undefined(because)
        return AuditResult("interviewer", about, figures, READING, draw, tables, tuple(notes))
    figures = side_figures(found, ProbeOptions(folds=folds, seed=draw.seed), draw)
    if show_ngrams:
        tables |= _ngrams(found)
        notes.append("n-grams are text of people: keep them as confidential as the conversations")
    return AuditResult("interviewer", about, figures, READING, draw, tables, tuple(notes))


def _turns(
    source: Path, label: str, label_file: Path | None, text: str, corpora: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Turns in order: conversation, role, text, label; and notes."""
    of_gold = label.removeprefix("gold:") if label.startswith("gold:") else None
    asked = [] if label_file is not None or of_gold is not None else [label]
    if source.is_dir():
        frame, notes = read_clean(source, columns=asked, corpora=corpora, by_conversation=True)
    elif of_gold is not None:
        raise ConfigError("gold:TASK is for a lake.", remedy="Name a column of the file (--label).")
    else:
        refuse_corpora(corpora)
        read = read_texts(source, text=text, columns=("conversation_id", "role", *asked))
        frame, notes = read.frame, read.notes
    turns = frame.with_columns(
        pl.col("group").alias("conversation"), pl.col("text_clean").alias("text")
    )
    if label_file is not None:
        turns = turns.join(
            _label_file(label_file), on="conversation", how="left", maintain_order="left"
        )
    elif of_gold is not None:
        turns = turns.with_columns(_gold_label(of_gold))
    else:
        turns = turns.with_columns(pl.col(label).cast(pl.String).alias("label"))
    return turns.select("conversation", "role", "text", "label"), list(notes)


def _gold_label(task: str) -> pl.Expr:
    """The one label that all annotations of a task give, joined by + where there are several."""
    mine = pl.element().filter(pl.element().struct.field("task") == task)
    given = pl.col("gold").list.eval(mine.struct.field("labels").list.sort().list.join("+"))
    distinct = given.list.drop_nulls().list.unique()
    return pl.when(distinct.list.len() == 1).then(distinct.list.first()).alias("label")


def _label_file(path: Path) -> pl.DataFrame:
    """Columns conversation and label from a CSV, TSV or Parquet file."""
    try:
        frame = (
            pl.read_parquet(path)
            if path.suffix == ".parquet"
            else pl.read_csv(
                path, separator="\t" if path.suffix == ".tsv" else ",", infer_schema=False
            )
        )
    except (OSError, pl.exceptions.PolarsError):
        raise SourceError(
            f"{path} cannot be read.", remedy="Give a Parquet, CSV or TSV file in UTF-8."
        ) from None
    if not {"conversation_id", "label"} <= set(frame.columns):
        raise SourceError(
            f"{path} needs the columns conversation_id and label; found: {told(frame.columns)}.",
            remedy="Name them so. In a lake, conversation_id is the keyed one (affectmine sql).",
        )
    return frame.select(
        pl.col("conversation_id").cast(pl.String).alias("conversation"),
        pl.col("label").cast(pl.String),
    ).unique(subset="conversation", keep="first", maintain_order=True)


def _require_roles(turns: pl.DataFrame, interviewer: str, participant: str, source: Path) -> None:
    roles = set(turns["role"].drop_nulls().str.to_lowercase().unique().to_list())
    missing = [name for name in (interviewer, participant) if name.lower() not in roles]
    if missing or interviewer.lower() == participant.lower():
        what = ", ".join(missing) or interviewer
        raise ConfigError(
            f"{source} has no turns of the role {what} beside the other side.",
            remedy=f"Name --interviewer and --participant; the roles are: {', '.join(sorted(roles)[:20]) or 'none'}.",
        )


def _ngrams(found: Conversations) -> dict[str, Rows]:
    tables: dict[str, dict[str, dict[str, Cell]]] = {}
    labels = found.frame["label"].to_list()
    for side in ("interviewer", "participant"):
        telling = telling_ngrams(found.frame[side].to_list(), labels, least=LEAST)
        tables[f"ngrams_of_{side}"] = {
            name: {"n-grams (z)": ", ".join(f"{ngram} ({z:.1f})" for ngram, z in each) or "none"}
            for name, each in telling.items()
        }
    return dict(tables)
