"""Where the rows of an export come from, as SQL: gold, labels of a labeler, what was generated."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipelines.query.views import literal, quoted
from schemas.errors import ConfigError
from schemas.export import NUMBERS, ExportSpec, Rows
from schemas.label_task import LabelTask, load_task, task_names, walk_fields
from schemas.taxonomy import Taxonomy

_SHARED = "record_id, sample_key, corpus, domain, conversation_id, turn, speaker, role, lang"
_NO_NUMBERS = "CAST(NULL AS STRUCT(label VARCHAR, value DOUBLE)[]) AS numbers"
_NO_SCORES = "CAST(NULL AS STRUCT(label VARCHAR, probability FLOAT)[]) AS scores"
# What only some sources have; a row of people is an item by itself.
_NOT_GENERATED = "NULL AS item, NULL AS part, NULL AS recipe, NULL AS generator, NULL AS score, record_id AS origin"

# A label holds where at least half of the annotators of a record gave it; a record on which none does has no label.
_GOLD = """
WITH entries AS (
    SELECT record_id, coalesce(entry.annotator, '') AS annotator, entry.labels AS labels
    FROM (SELECT record_id, unnest(gold) AS entry FROM clean WHERE outcome = 'kept')
    WHERE entry.task = {task} AND entry.taxonomy = {taxonomy} {splits}
),
voters AS (SELECT record_id, count(DISTINCT annotator) AS annotators FROM entries GROUP BY record_id),
votes AS (
    SELECT record_id, label, count(DISTINCT annotator) AS given
    FROM (SELECT record_id, annotator, unnest(labels) AS label FROM entries) GROUP BY record_id, label
),
voted AS (
    SELECT voters.record_id, coalesce(list(label ORDER BY label) FILTER (given * 2 >= annotators), []) AS labels,
        avg(given / annotators) FILTER (given * 2 >= annotators) AS agreement
    FROM voters LEFT JOIN votes USING (record_id) GROUP BY voters.record_id
)
SELECT {shared}, text_clean AS text, labels, {no_numbers}, {no_scores}, NULL AS confidence, agreement,
    'gold' AS source, 'people' AS labeler, {not_generated}
FROM clean INNER JOIN voted USING (record_id) WHERE outcome = 'kept'
"""
# Of numbers: what the source put together, else the mean of its annotators.
_GOLD_NUMBERS = """
WITH entries AS (
    SELECT record_id, entry.annotator AS annotator, entry.label_set AS label, entry.value AS value
    FROM (SELECT record_id, unnest(gold) AS entry FROM clean WHERE outcome = 'kept')
    WHERE entry.task = {task} AND entry.taxonomy = {taxonomy} AND entry.value IS NOT NULL
        AND entry.label_set IN ({names}) {splits}
),
rated AS (
    SELECT record_id, label, coalesce(avg(value) FILTER (annotator IS NULL), avg(value)) AS value
    FROM entries GROUP BY record_id, label
),
answered AS (
    SELECT record_id, list({{'label': label, 'value': {scaled}}} ORDER BY label) AS numbers
    FROM rated GROUP BY record_id
)
SELECT {shared}, text_clean AS text, CAST([] AS VARCHAR[]) AS labels, numbers, {no_scores}, NULL AS confidence,
    NULL AS agreement, 'gold' AS source, 'people' AS labeler, {not_generated}
FROM clean INNER JOIN answered USING (record_id) WHERE outcome = 'kept'
"""
_LABELS = """
WITH answers AS (
    SELECT record_id, labels, {numbers}, scores, labeler || ' ' || labeler_version AS labeler {answer} FROM {view}
    WHERE status = 'labeled' AND task = {task} AND taxonomy = {taxonomy} AND labeler = {labeler}
)
SELECT {shared}, text_clean AS text, labels, numbers, scores,
    list_min(list_transform(list_filter(scores, lambda s: list_contains(labels, s.label)),
        lambda s: s.probability)) AS confidence,
    NULL AS agreement, 'labels' AS source, labeler, {not_generated} {answer}
FROM clean INNER JOIN answers USING (record_id) WHERE outcome = 'kept'
"""
# Of an item the least level that a judge gave it, but for what is worse on purpose.
_SYNTHETIC = """
SELECT {shared}, text_clean AS text, coalesce(target, []) AS labels, {no_numbers}, {no_scores},
    min(list_min(list_transform(judge_scores, lambda s: s.score))) FILTER (part <> 'rejected')
        OVER (PARTITION BY corpus, item) AS confidence,
    CAST(agreed AS DOUBLE) AS agreement, 'synthetic' AS source, checker AS labeler,
    item, part, recipe || ' ' || recipe_version AS recipe, generator, score,
    coalesce(seed_record_ids[1], record_id) AS origin
FROM synthetic WHERE outcome = 'kept' {named}
"""


def query(spec: ExportSpec, rows: Rows, view: str, taxonomy: Taxonomy) -> str:
    """The rows of one source; `view` has the answers of labelers (label_view)."""
    numbers = load_task(spec.task).answer in NUMBERS
    of = {
        "no_numbers": _NO_NUMBERS,
        "shared": _SHARED,
        "no_scores": _NO_SCORES,
        "not_generated": _NOT_GENERATED,
        "task": literal(spec.task),
        "taxonomy": literal(taxonomy.name),
    }
    if rows.gold:
        splits = f"AND entry.split IN ({listed(rows.splits)})" if rows.splits else ""
        if numbers:
            names = listed(taxonomy.names)
            return _GOLD_NUMBERS.format(**of, splits=splits, names=names, scaled=_scaled(taxonomy))
        return _GOLD.format(**of, splits=splits)
    if rows.synthetic is not None:
        named = f"AND corpus IN ({listed(rows.synthetic)})" if rows.synthetic else ""
        if spec.labeled:  # targets of another question are no labels of this one
            named += f" AND task = {of['task']} AND taxonomy = {of['taxonomy']}"
        return _SYNTHETIC.format(**of, named=named)
    answer = ", answer" if spec.format == "spans" else ""
    each = ", ".join(
        f"{{'label': {literal(name)}, 'value': answer.{quoted(name)}::DOUBLE}}"
        for name in taxonomy.names
    )
    return _LABELS.format(
        **of,
        labeler=literal(rows.labeler or ""),
        view=view,
        answer=answer,
        numbers=f"[{each}] AS numbers" if numbers else _NO_NUMBERS,
    )


def _scaled(taxonomy: Taxonomy) -> str:
    """A value of gold in the range of answers, as SQL."""
    if taxonomy.gold_range is None:
        return "value"
    (low, high), (least, most) = taxonomy.range or (0.0, 1.0), taxonomy.gold_range
    return f"{low} + (value - {least}) / {most - least} * {high - low}"


def contexts(turns: int) -> str:
    """The turns before a record, of people and in generated conversations, at most so many, as SQL."""
    return f"""
SELECT record_id, context FROM contexts UNION ALL
SELECT record_id, list({{'record_id': record_id, 'role': role, 'text': text_clean}}) OVER (
    PARTITION BY corpus, item ORDER BY turn ROWS BETWEEN {turns} PRECEDING AND 1 PRECEDING
) AS context FROM synthetic WHERE outcome = 'kept' AND part = 'turn'
"""


def label_view(database: duckdb.DuckDBPyConnection, spec: ExportSpec) -> str:
    """The view that has what is asked of labels. Raises ConfigError where it lacks the spans or numbers asked for."""
    task = load_task(spec.task)
    if spec.format != "spans" and task.answer not in NUMBERS:
        return "labels"
    if spec.format == "spans" and not _has_spans(task):
        known = [name for name in task_names() if _has_spans(load_task(name))]
        raise ConfigError(
            f"The task {spec.task} has no spans.", remedy=f"Tasks with spans: {', '.join(known)}."
        )
    view = f"labels_{task.name}"
    found = database.execute(
        "SELECT count(*) FROM duckdb_columns() WHERE table_name = ? AND column_name = 'answer'",
        [view],
    ).fetchone()
    if not found or not found[0]:
        if all(rows.labeler is None for rows in spec.rows):
            return "labels"
        raise ConfigError(
            f"The lake has no typed answers, with spans or numbers, to the task {task.name}.",
            remedy="Label it: a label stage with a labeler file; of numbers, the student also answers some.",
        )
    return view


def _has_spans(task: LabelTask) -> bool:
    return task.unit == "sentence" or any(f.kind == "span" for f in walk_fields(task.fields))


def listed(values: Sequence[str]) -> str:
    """Strings as the inside of an SQL list."""
    return ", ".join(map(literal, values))
