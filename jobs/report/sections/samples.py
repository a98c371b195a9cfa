"""A few redacted texts for each label: never raw, never of clinical corpora."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from jobs.evaluation.screen import visible
from jobs.report.model import Absent, Item, Sample, Samples, Section
from jobs.report.sections.labels import of_question
from jobs.report.source import MOST_LABELS, Source
from jobs.report.words import NONE, many, name
from pipelines.query.views import literal

_EACH = 3
_DRAWN = 20_000  # rows that are looked at: those with the lowest sample keys
_LONGEST = 280
_SPACE = 2**64


def samples_section(source: Source) -> Section:
    """The records with the lowest sample keys: the same ones each time."""
    intro = (
        "Texts are redacted (text_clean); those of clinical corpora are never shown. Chosen are the records with the "
        "lowest sample key, so that the same lake shows the same ones."
    )
    return Section("samples", "Samples", intro, [_samples(source)])


def _samples(source: Source) -> Item:
    if not source.questions:
        return Absent("Samples", source.missing("label_counts") or source.uncounted)
    question = source.questions[0]
    where = f"{of_question(question)} AND status = 'labeled' AND domain <> 'clinical'"
    rows = source.frame(f"SELECT count(*) AS n FROM labels WHERE {where}").row(0)[0]
    if not rows:
        return Absent("Samples", "Only clinical corpora are labeled: none of their texts is shown.")
    most = _SPACE - 1 if rows <= _DRAWN else int(_SPACE * (_DRAWN / rows))
    chosen = (
        "drawn AS (SELECT record_id, sample_key, corpus, labels, coalesce(label, '') AS label FROM labels,\n"
        "  unnest(CASE WHEN len(labels) = 0 THEN [''] ELSE labels END) AS each(label)\n"
        f"  WHERE {where} AND sample_key <= {most}),\n"
        "chosen AS (SELECT *, row_number() OVER (PARTITION BY label ORDER BY sample_key, record_id) AS place\n"
        "  FROM drawn)"
    )
    picked = source.frame(
        f"WITH {chosen}\nSELECT record_id, corpus, labels, label, place FROM chosen WHERE place <= {_EACH} "
        "ORDER BY label, place"
    )
    labels = picked["label"].unique().sort().to_list()[:MOST_LABELS]
    picked = picked.filter(picked["label"].is_in(labels))
    ids = ", ".join(literal(each) for each in sorted(set(picked["record_id"].to_list())))
    texts_sql = (
        f"SELECT record_id, text_clean FROM clean WHERE domain <> 'clinical' AND outcome = 'kept'\n"
        f"  AND sample_key <= {most} AND record_id IN ({ids})"
    )
    texts = dict(source.frame(texts_sql).iter_rows()) if ids else {}
    return _shown(picked.iter_rows(named=True), texts, question.told, texts_sql)


def _shown(picked: Any, texts: dict[str, str | None], told: str, sql: str) -> Item:
    groups: dict[str, list[Sample]] = defaultdict(list)
    for row in picked:
        text = texts.get(row["record_id"])
        if text:
            label = name(row["label"] or None)
            given = ", ".join(name(each) for each in row["labels"] or []) or NONE
            groups[label].append(Sample(label, name(row["corpus"]), given, _cut(visible(text))))
    rows = tuple(sample for label in sorted(groups) for sample in groups[label])
    if not rows:
        return Absent("Samples", "No text of a labeled record was kept.")
    reading = f"{many(len(rows), 'text')} for {many(len(groups), 'label')}, as {name(told)} has labeled them."
    return Samples("Samples by label", rows, reading, sql)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
