"""The query for gold and answers of a lake: labels of records with gold only, so that memory grows with gold alone."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.query.answered import clean_with_answers
from pipelines.query.views import literal, parquet
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

_FACTS = "record_id, corpus, domain, role, lang, n_chars, partition, conversation_id, outcome"
_COLUMNS = {
    "record_id": "VARCHAR", "status": "VARCHAR", "labels": "VARCHAR[]",
    "scores": "STRUCT(label VARCHAR, probability FLOAT)[]", "reason": "VARCHAR",
    "labeler_version": "VARCHAR",
}  # fmt: skip


def gold_and_answers(
    clean: Sequence[str],
    labels: Sequence[Sequence[str]],
    task: LabelTask,
    taxonomy: Taxonomy,
    splits: Sequence[str],
    annotations: Sequence[str] = (),
) -> str:
    """SQL: a row for each record with gold of the task, with the columns of each labeler (status_0, labels_0 …), null
    where it has no row. `clean`: files; `labels`: files of each labeler, which may be none; `annotations`: files of
    what people answered later, which is gold of the split `annotated`.
    """
    told = [*_COLUMNS, *(["answer"] if task.answer != "labels" else [])]
    asked = f"list_filter(gold, lambda entry: {_condition(task, taxonomy, splits)})"
    rows = clean_with_answers(clean, annotations, task.name)
    parts = [
        f"gold_rows AS MATERIALIZED (SELECT {_FACTS}, {asked} AS gold FROM {rows} WHERE len({asked}) > 0)"
    ]
    columns, joins = "", ""
    for place, files in enumerate(labels):
        # Materialized before the join, which would else hold all labels of the lake, scores and all.
        parts.append(f"l{place} AS MATERIALIZED ({_labels(files, told)})")
        columns += "".join(f", l{place}.{name} AS {name}_{place}" for name in told[1:])
        joins += f" LEFT JOIN l{place} ON l{place}.record_id = gold_rows.record_id"
    return (
        f"WITH {', '.join(parts)} SELECT gold_rows.*{columns} FROM gold_rows{joins} "
        "ORDER BY gold_rows.corpus, gold_rows.record_id"
    )


def _condition(task: LabelTask, taxonomy: Taxonomy, splits: Sequence[str]) -> str:
    asked = f"entry.task = {literal(task.name)}"
    if task.answer == "labels":
        asked += f" AND entry.taxonomy = {literal(taxonomy.name)}"
    else:  # numbers belong to a taxonomy by the name of their dimension
        asked += f" AND entry.label_set IN ({', '.join(map(literal, taxonomy.names))})"
    if splits:
        asked += f" AND entry.split IN ({', '.join(map(literal, splits))})"
    return asked


def _labels(files: Sequence[str], told: Sequence[str]) -> str:
    if files:
        of_gold = "record_id IN (SELECT record_id FROM gold_rows)"
        return f"SELECT {', '.join(told)} FROM {parquet(files)} WHERE {of_gold}"
    nothing = (f"CAST(NULL AS {_COLUMNS.get(name, 'INTEGER')}) AS {name}" for name in told)
    return f"SELECT {', '.join(nothing)} WHERE false"
