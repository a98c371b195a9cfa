"""Keyword dependence: what is left of the figures when emotion words are masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from jobs.audit.asking import Asked, require_labels
from jobs.audit.result import AuditResult, Cell, Reading
from jobs.audit.texts import Texts, read_gold_texts
from jobs.evaluation.gold import LabelGold
from schemas.lexicon import Lexicon
from transforms.audit.keyword_figures import overall, per_label
from transforms.audit.masking import mask_words, words_of
from transforms.audit.measured import Draw, Measured, undefined

READING: Final = Reading(
    asks="Does the labeler read emotion off emotion words (and the names of labels), or off what is told?",
    large="A drop close to the whole figure (kept near 0): without these words the labeler knows next to nothing; "
    "emotions that are told and not named will be missed. AIPsy-Affect found such a fall from 82.5 % to 5.2 %.",
    small="A drop no larger than that of the control (beyond near 0): these words matter no more than others.",
    cannot="Masking breaks sentences, which the control only partly makes up for: its words are others, and mostly "
    "less telling ones. For some texts the word is the only sign of the emotion: people would fail there, too. Emoji "
    "and words that are not in the list stay.",
)


def audit_keywords(
    source: Path,
    asked: Asked,
    lexicon: Lexicon,
    *,
    text: str = "text",
    labels: str = "labels",
    corpora: Sequence[str] = (),
    rows: int = 20_000,
    draw: Draw = Draw(),  # noqa: B008 -- frozen
) -> AuditResult:
    """Figures of a labeler on gold texts as they are, with emotion words masked, and with other words masked.

    Rows in another language than the word list's are left out. SourceError, ConfigError: see read_gold_texts.
    """
    require_labels(asked, "keywords")
    found, gold = read_gold_texts(
        source, asked.task, asked.taxonomy,
        text=text, labels=labels, corpora=corpora, rows=rows, seed=draw.seed,
    )  # fmt: skip
    found, gold = _in_language(found, gold, lexicon)
    about = {**asked.about, "words": lexicon.name, "n": len(found.frame)}
    if found.frame.is_empty():
        figures = {"drop.macro_f1": undefined("no row is in the language of the word list")}
        return AuditResult("keywords", about, figures, READING, draw, notes=tuple(found.notes))
    masked = mask_words(
        found.frame["text_clean"], words_of(asked.taxonomy, lexicon.forms), draw.seed
    )
    answers = {
        "original": asked.ask(found.frame),
        "masked": asked.ask(found.frame, masked.masked),
        "control": asked.ask(found.frame, masked.control),
    }
    touched = masked.words > 0
    about |= {
        "rows_with_words": int(touched.sum()),
        "words_masked": int(masked.words.sum()),
        "other_words_masked": int(masked.control_words.sum()),
    }
    groups = found.groups
    figures = dict(overall(gold.holds, gold.asked, answers, draw, groups=groups))
    if touched.any():
        some = overall(
            gold.holds[touched], gold.asked[touched],
            {side: each.take(touched) for side, each in answers.items()}, draw,
            groups=None if groups is None else groups[touched],
        )  # fmt: skip
    else:
        some = {name: undefined("no text has any of the words") for name in figures}
    figures |= {f"with_words.{name}": figure for name, figure in some.items()}
    notes = list(found.notes)
    if short := int((masked.control_words < masked.words).sum()):
        notes.append(
            f"{short:,} texts have fewer other words than emotion words to mask in the control"
        )
    if silent := int((~answers["masked"].answered & answers["original"].answered).sum()):
        notes.append(
            f"{silent:,} texts get no answer any more when masked; they count as empty answers"
        )
    each = per_label(gold.holds, gold.asked, answers, asked.names, draw, groups=groups)
    support = (gold.holds & gold.asked).sum(axis=0)
    table: dict[str, dict[str, Cell]] = {
        name: {"support": int(n), **each[name]}
        for name, n in zip(asked.names, support, strict=True)
    }
    return AuditResult(
        "keywords", about, _ordered(figures), READING, draw, {"per_label": table}, tuple(notes)
    )


def _in_language(found: Texts, gold: LabelGold, lexicon: Lexicon) -> tuple[Texts, LabelGold]:
    if lexicon.language is None:
        return found, gold
    code = found.frame["lang"].str.to_lowercase().str.split("-").list.first()
    kept = pl.select((code == lexicon.language).fill_null(value=True)).to_series()
    rows = kept.to_numpy()
    why = f"not in the language of the word list ({lexicon.language}; --words takes another list)"
    return found.filter(kept, why), replace(gold, holds=gold.holds[rows], asked=gold.asked[rows])


def _ordered(figures: dict[str, Measured]) -> dict[str, Measured]:
    """Macro-F1 before micro-F1; the figures of how exact sets match are left out."""
    wanted = [
        f"{prefix}{side}.{figure}"
        for prefix in ("", "with_words.")
        for figure in ("macro_f1", "micro_f1")
        for side in ("original", "masked", "control", "drop", "beyond", "kept")
    ]
    return {name: figures[name] for name in wanted if name in figures}
