"""What each side of a conversation tells of a label of the whole conversation.

After what was found in DAIC-WOZ: models that read the interviewer's prompts predict depression as well as those that
read the patient, because the interviewer asks other questions of some people (Burdisso et al., DAIC-WOZ: On the
validity of using the therapist's prompts in automatic depression detection from clinical interviews, ClinicalNLP 2024:
.90 F1 by exploiting the prompts).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from transforms.audit.auc import class_figures
from transforms.audit.measured import Draw, Measured, measure, together
from transforms.audit.probe import ProbeOptions, probe
from transforms.evaluate.sums import Figures

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDES = ("interviewer", "participant", "both")
FIGURES = ("auc", "macro_f1", "accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class Conversations:
    """One row a conversation: conversation, label, and the texts of the interviewer, the participant and both.

    `left_out`: conversations that are not among them, by why.
    """

    frame: pl.DataFrame
    left_out: dict[str, int]

    @property
    def labels(self) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(self.frame["label"].unique().to_list())


def conversations(
    turns: pl.DataFrame, interviewer: str, participant: str, least: int
) -> Conversations:
    """Whole conversations from turns in order: conversation, role, text, label.

    Left out: conversations without a label or with several, those where one side says nothing, and those whose label
    fewer than `least` conversations have.
    """
    turns = turns.filter(pl.col("conversation").is_not_null())

    def said(who: pl.Expr) -> pl.Expr:
        return pl.col("text").filter(who & pl.col("text").is_not_null()).str.join("\n")

    role = pl.col("role").str.to_lowercase()
    found = turns.group_by("conversation", maintain_order=True).agg(
        pl.col("label").drop_nulls().unique().sort().alias("labels"),
        said(role == interviewer.lower()).alias("interviewer"),
        said(role == participant.lower()).alias("participant"),
        said(role.is_in([interviewer.lower(), participant.lower()])).alias("both"),
    )
    left_out: dict[str, int] = {}

    def keep(frame: pl.DataFrame, condition: pl.Expr, why: str) -> pl.DataFrame:
        kept = frame.filter(condition)
        if len(kept) < len(frame):
            left_out[why] = len(frame) - len(kept)
        return kept

    found = keep(found, pl.col("labels").list.len() > 0, "without a label")
    found = keep(found, pl.col("labels").list.len() == 1, "with several labels")
    for side, who in (("interviewer", interviewer), ("participant", participant)):
        empty = pl.col(side).str.strip_chars() == ""
        found = keep(found, ~empty, f"in which the {side} ({who}) says nothing")
    found = found.with_columns(pl.col("labels").list.first().alias("label")).drop("labels")
    number = Counter(found["label"].to_list())
    rare = sorted(label for label, n in number.items() if n < least)
    found = keep(
        found, ~pl.col("label").is_in(rare), f"whose label has fewer than {least} conversations"
    )
    return Conversations(found, left_out)


def classes_of(found: Conversations) -> NDArray[np.int64]:
    """The place of each conversation's label among the labels."""
    place = {label: at for at, label in enumerate(found.labels)}
    return np.array([place[label] for label in found.frame["label"].to_list()], np.int64)


def side_figures(found: Conversations, options: ProbeOptions, draw: Draw) -> dict[str, Measured]:
    """Figures of each side (`interviewer.auc`) and their difference (`difference.auc`: participant less interviewer).

    Intervals draw conversations. There must be two labels at least.
    """
    classes = classes_of(found)
    told = {side: probe(found.frame[side], classes, options) for side in SIDES}
    parts: dict[str, Any] = {
        side: class_figures(each.scores, each.decided, classes) for side, each in told.items()
    }

    def derived(figures: Figures) -> Figures:
        return {
            f"difference.{name}": figures[f"participant.{name}"] - figures[f"interviewer.{name}"]
            for name in FIGURES
        }

    return measure(together(parts, derived), draw, because="a label has no conversation")
