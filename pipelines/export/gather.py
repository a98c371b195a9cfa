"""The rows of an export, as one table of a database that spills: from gold, labels and synthetic rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.lake.place import register
from pipelines.query.views import create_views, literal, view_queries
from schemas.export import ExportSpec, Rows

_SHARED = "record_id, sample_key, corpus, domain, conversation_id, turn, speaker, role, lang"

_GOLD = """
SELECT {shared}, text_clean AS text, labels, CAST(NULL AS STRUCT(label VARCHAR, probability FLOAT)[]) AS scores,
    NULL AS confidence, agreement, 'gold' AS source, 'people' AS labeler
FROM clean INNER JOIN (
    SELECT record_id, list(label ORDER BY label) AS labels, avg(share) AS agreement FROM (
        SELECT record_id, label, votes / annotators AS share FROM (
            SELECT record_id, label, count(DISTINCT annotator) AS votes, any_value(annotators) AS annotators FROM (
                SELECT record_id, annotator, unnest(labels) AS label,
                    count(DISTINCT annotator) OVER (PARTITION BY record_id) AS annotators
                FROM (
                    SELECT record_id, coalesce(entry.annotator, '') AS annotator, entry.labels AS labels
                    FROM (SELECT record_id, unnest(gold) AS entry FROM clean WHERE outcome = 'kept')
                    WHERE entry.task = {task} AND entry.taxonomy = {taxonomy} {splits}
                )
            ) GROUP BY record_id, label
        ) WHERE votes * 2 >= annotators
    ) GROUP BY record_id
) AS voted USING (record_id)
WHERE outcome = 'kept'
"""
_LABELS = """
SELECT {clean}, clean.lang, text_clean AS text, labels.labels, labels.scores,
    list_min(list_transform(list_filter(labels.scores, lambda s: list_contains(labels.labels, s.label)),
        lambda s: s.probability)) AS confidence,
    NULL AS agreement, 'labels' AS source, labeler
FROM clean INNER JOIN labels ON clean.record_id = labels.record_id
WHERE clean.outcome = 'kept' AND labels.status = 'labeled'
    AND labels.task = {task} AND labels.taxonomy = {taxonomy} AND labels.labeler = {labeler}
"""
_SYNTHETIC = """
SELECT {shared}, text_clean AS text, coalesce(target, []) AS labels,
    CAST(NULL AS STRUCT(label VARCHAR, probability FLOAT)[]) AS scores,
    list_min(list_transform(judge_scores, lambda s: s.score)) AS confidence,
    CAST(agreed AS DOUBLE) AS agreement, 'synthetic' AS source, checker AS labeler
FROM synthetic WHERE outcome = 'kept' {named}
"""
_SYNTHETIC_ONLY = ("item", "part", "recipe", "generator", "score")


def gather(
    database: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]], spec: ExportSpec
) -> dict[str, int]:
    """Makes the table rows, a row for each record or generated text; returns what was left out, by reason.

    Columns: those of _SHARED, text, labels, scores, confidence, agreement, source, labeler, weight, item, part, recipe,
    generator, score, answer. Raises TerminalError where files cannot be read.
    """
    register(database, [path for paths in files.values() for path in paths])
    queries = view_queries(files, restricted=False)
    create_views(database, queries)
    pieces = []
    for number, rows in enumerate(spec.rows):
        columns = ", ".join(
            name if rows.synthetic is not None else f"NULL AS {name}" for name in _SYNTHETIC_ONLY
        )
        query = _query(spec, rows, f"labels_{spec.task}" in queries)
        query = query.replace("SELECT ", f"SELECT {columns}, ", 1)
        pieces.append(
            f"SELECT *, {number} AS place, {rows.weight}::DOUBLE AS weight FROM ({query})"
        )
    database.execute(f"CREATE TABLE gathered AS {' UNION ALL BY NAME '.join(pieces)}")
    database.execute(
        f"""CREATE TABLE judged AS SELECT *, CASE
            WHEN row_number() OVER (PARTITION BY record_id ORDER BY place) > 1 THEN 'another_source'
            WHEN domain = 'clinical' AND NOT {spec.clinical} THEN 'clinical'
            WHEN {_outside("corpus", spec.corpora)} THEN 'corpus'
            WHEN {_outside("coalesce(split_part(lang, '-', 1), '')", spec.languages)} THEN 'language'
            WHEN trim(coalesce(text, '')) = '' THEN 'no_text'
            WHEN len(labels) = 0 AND {_needs_labels(spec)} THEN 'no_label'
        END AS left_out FROM gathered"""
    )
    database.execute("DROP TABLE gathered")
    confident = " OR ".join(
        f"(place = {number} AND confidence < {rows.min_confidence})"
        for number, rows in enumerate(spec.rows)
        if rows.labeler is not None and rows.min_confidence > 0
    )
    if confident:
        database.execute(
            f"UPDATE judged SET left_out = 'confidence' WHERE left_out IS NULL AND ({confident})"
        )
    if spec.limit is not None:
        database.execute(
            "UPDATE judged SET left_out = 'limit' WHERE record_id IN (SELECT record_id FROM judged WHERE "
            f"left_out IS NULL ORDER BY sample_key, record_id OFFSET {spec.limit}) AND left_out IS NULL"
        )
    counts = left_out(database)
    database.execute(
        "CREATE TABLE rows AS SELECT * EXCLUDE (left_out) FROM judged WHERE left_out IS NULL"
    )
    database.execute("DROP TABLE judged")
    return counts


def left_out(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of judged that are left out, by reason."""
    found = database.execute(
        "SELECT left_out, count(*) FROM judged WHERE left_out IS NOT NULL GROUP BY left_out ORDER BY left_out"
    )
    return {reason: int(count) for reason, count in found.fetchall()}


def _query(spec: ExportSpec, rows: Rows, has_answers: bool) -> str:  # noqa: FBT001
    of = {"shared": _SHARED, "task": literal(spec.task), "taxonomy": literal(spec.taxonomy)}
    if rows.gold:
        splits = f"AND entry.split IN ({_listed(rows.splits)})" if rows.splits else ""
        return _GOLD.format(**of, splits=splits)
    if rows.synthetic is not None:
        named = f"AND corpus IN ({_listed(rows.synthetic)})" if rows.synthetic else ""
        if _labeled(spec):  # targets of another question are no labels of this one
            named += f" AND task = {of['task']} AND taxonomy = {of['taxonomy']}"
        return _SYNTHETIC.format(**of, named=named)
    clean = ", ".join(f"clean.{name.strip()}" for name in _SHARED.split(",")[:-1])
    query = _LABELS.format(**of, clean=clean, labeler=literal(rows.labeler or ""))
    if spec.format == "spans" and has_answers:
        query = query.replace("INNER JOIN labels ON", f"INNER JOIN labels_{spec.task} AS labels ON")
        return query.replace(" AS source, labeler", " AS source, labeler, labels.answer AS answer")
    return query


def _needs_labels(spec: ExportSpec) -> str:
    """Parts of pairs and turns of conversations need no label."""
    needs = _labeled(spec)
    return (
        "coalesce(part, 'utterance') IN ('utterance', 'turn', 'affect', 'neutral', 'input')"
        if needs
        else "false"
    )


def _labeled(spec: ExportSpec) -> bool:
    """Whether examples are texts with labels of the task."""
    return spec.format in ("classification", "instructions") or (
        spec.format == "sft" and not spec.assistant_roles
    )


def _outside(column: str, allowed: Sequence[str]) -> str:
    return f"{column} NOT IN ({_listed(allowed)})" if allowed else "false"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
