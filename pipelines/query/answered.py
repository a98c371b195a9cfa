"""Rows of clean with what people answered about them later (dataset annotations) as further entries of their gold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.query.views import literal, parquet

SPLIT: Final = "annotated"
"""The split of these entries."""


def clean_with_answers(clean: Sequence[str], annotations: Sequence[str], task: str) -> str:
    """SQL: the files of clean as a table; to `gold` are added the answers to this task, of the split `annotated`.

    Without files of annotations it is the files of clean as they are.
    """
    if not annotations:
        return parquet(clean)
    entry = (
        "{'task': task, 'taxonomy': taxonomy, 'label_set': label_set, "
        f"'split': {literal(SPLIT)}, 'annotator': annotator, 'labels': labels, 'value': value}}"
    )
    answers = (
        f"SELECT record_id, list({entry} ORDER BY annotator, taxonomy, label_set) AS answers "
        f"FROM {parquet(annotations)} WHERE task = {literal(task)} GROUP BY record_id"
    )
    return (
        "(SELECT cleaned.* REPLACE (list_concat(cleaned.gold, answered.answers) AS gold) "
        f"FROM {parquet(clean)} AS cleaned LEFT JOIN ({answers}) AS answered USING (record_id))"
    )
