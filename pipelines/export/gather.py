"""The rows of an export, as one table of a database that spills: from gold, labels and synthetic rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.lake.place import register
from pipelines.query.views import create_views, literal, view_queries
from schemas.errors import ConfigError
from schemas.export import PAIR, WRITTEN, ExportSpec, Rows
from schemas.label_task import LabelTask, load_task, task_names, walk_fields

_SHARED = "record_id, sample_key, corpus, domain, conversation_id, turn, speaker, role, lang"
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
SELECT {shared}, text_clean AS text, labels, {no_scores}, NULL AS confidence, agreement, 'gold' AS source,
    'people' AS labeler, {not_generated}
FROM clean INNER JOIN voted USING (record_id) WHERE outcome = 'kept'
"""
_LABELS = """
WITH answers AS (
    SELECT record_id, labels, scores, labeler || ' ' || labeler_version AS labeler {answer} FROM {view}
    WHERE status = 'labeled' AND task = {task} AND taxonomy = {taxonomy} AND labeler = {labeler}
)
SELECT {shared}, text_clean AS text, labels, scores,
    list_min(list_transform(list_filter(scores, lambda s: list_contains(labels, s.label)),
        lambda s: s.probability)) AS confidence,
    NULL AS agreement, 'labels' AS source, labeler, {not_generated} {answer}
FROM clean INNER JOIN answers USING (record_id) WHERE outcome = 'kept'
"""
_SYNTHETIC = """
SELECT {shared}, text_clean AS text, coalesce(target, []) AS labels, {no_scores},
    list_min(list_transform(judge_scores, lambda s: s.score)) AS confidence,
    CAST(agreed AS DOUBLE) AS agreement, 'synthetic' AS source, checker AS labeler,
    item, part, recipe || ' ' || recipe_version AS recipe, generator, score,
    coalesce(seed_record_ids[1], record_id) AS origin
FROM synthetic WHERE outcome = 'kept' {named}
"""


def gather(
    database: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]], spec: ExportSpec
) -> dict[str, int]:
    """Makes the table rows, a row for each record or generated text that an example is made of; returns what was left
    out, by reason: each row that was looked at is in one of them.

    Columns: those of _SHARED, text, labels, scores, confidence, agreement, source, labeler, weight; of generated rows
    item, part, recipe, generator, score; `origin`, the record that a text was made from, else its own; `piece`, what
    goes together into one example or split; answer, for spans; context, the turns before, for the label task as chats,
    where the lake has them. Raises ConfigError for spans of a task that has none,
    TerminalError where files cannot be read.
    """
    register(database, [path for paths in files.values() for path in paths])
    create_views(database, view_queries(files, restricted=False))
    view = _label_view(database, spec)
    queries = [
        f"SELECT *, {number} AS place, {rows.weight}::DOUBLE AS weight FROM ({_query(spec, rows, view)})"
        for number, rows in enumerate(spec.rows)
    ]
    # Whole conversations are examples where somebody in them is the assistant.
    piece = f"coalesce(item, {'conversation_id, ' * bool(spec.assistant_roles)}record_id)"
    database.execute(
        f"CREATE TABLE judged AS SELECT *, {piece} AS piece, {_reason(spec)} AS left_out "
        f"FROM ({' UNION ALL BY NAME '.join(queries)})"
    )
    _leave_out(
        database,
        "another_source",
        "(record_id, place) IN (SELECT (record_id, place) FROM judged WHERE left_out IS NULL "
        "QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY place) > 1)",
    )
    for reason, condition in _incomplete(spec):
        _leave_out(database, reason, condition)
    if spec.limit is not None:
        _leave_out(database, "limit", f"piece NOT IN ({_first_pieces(spec.limit)})")
    counts = _left_out(database)
    joined = " LEFT JOIN contexts USING (record_id)" if spec.label_chats else ""
    context = ", contexts.context" if spec.label_chats else ""
    database.execute(
        f"CREATE TABLE rows AS SELECT judged.* EXCLUDE (left_out){context} FROM judged{joined} WHERE left_out IS NULL"
    )
    database.execute("DROP TABLE judged")
    return counts


def _leave_out(database: duckdb.DuckDBPyConnection, reason: str, condition: str) -> None:
    database.execute(
        f"UPDATE judged SET left_out = {literal(reason)} WHERE left_out IS NULL AND {condition}"
    )


def _left_out(database: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found = database.execute(
        "SELECT left_out, count(*) FROM judged WHERE left_out IS NOT NULL GROUP BY left_out ORDER BY left_out"
    )
    return {reason: int(count) for reason, count in found.fetchall()}


def _reason(spec: ExportSpec) -> str:
    """Why a row by itself is left out, as SQL; null: it is not."""
    unsure = " OR ".join(
        f"(place = {number} AND confidence < {rows.min_confidence})"
        for number, rows in enumerate(spec.rows)
    )
    return f"""CASE
        WHEN domain = 'clinical' AND NOT {spec.clinical} THEN 'clinical'
        WHEN {_outside("corpus", spec.corpora)} THEN 'corpus'
        WHEN {_outside("coalesce(split_part(lang, '-', 1), '')", spec.languages)} THEN 'language'
        WHEN trim(coalesce(text, '')) = '' THEN 'no_text'
        WHEN {_another_format(spec)} THEN 'another_format'
        WHEN {spec.labeled} AND len(labels) = 0
            AND NOT ({spec.format == "instructions"} AND coalesce(part, '') IN ({_listed(WRITTEN)})) THEN 'no_label'
        WHEN {unsure} THEN 'confidence'
    END"""


def _another_format(spec: ExportSpec) -> str:
    """Whether a row is a piece of something that this format has no examples of."""
    part = "coalesce(part, '')"
    if spec.format in ("preference", "reward"):
        return f"{part} NOT IN ({_listed(PAIR)})"
    if spec.assistant_roles:
        return f"turn IS NULL OR conversation_id IS NULL OR {part} NOT IN ('', 'turn')"
    others = PAIR if spec.format == "instructions" else (*PAIR, "instruction", "output")
    return f"{part} IN ({_listed(others)})"


def _incomplete(spec: ExportSpec) -> list[tuple[str, str]]:
    """Rows whose piece is no example without what it lacks: reasons and conditions."""
    if spec.assistant_roles:
        assistant = f"coalesce(role, '') IN ({_listed(spec.assistant_roles)})"
        # An example begins with the user and ends with the assistant.
        bounds = (
            f"SELECT piece, min(turn) FILTER (NOT {assistant}) AS first, max(turn) FILTER ({assistant}) AS last "
            "FROM judged WHERE left_out IS NULL GROUP BY piece"
        )
        within = f"SELECT record_id FROM judged INNER JOIN ({bounds}) USING (piece) WHERE turn BETWEEN first AND last"
        return [("no_counterpart", f"record_id NOT IN ({within})")]
    if spec.format == "instructions":
        parts = WRITTEN
    elif spec.format in ("preference", "reward"):
        parts = PAIR
    else:
        return []
    whole = (
        f"SELECT piece FROM judged WHERE left_out IS NULL AND part IN ({_listed(parts)}) "
        f"GROUP BY piece HAVING count(DISTINCT part) = {len(parts)}"
    )
    return [("incomplete", f"part IN ({_listed(parts)}) AND piece NOT IN ({whole})")]


def _first_pieces(limit: int) -> str:
    """Whole pieces by sample key, as long as all their rows are at most `limit`."""
    sizes = (
        "SELECT piece, min(sample_key) AS piece_key, count(*) AS size FROM judged WHERE left_out IS NULL "
        "GROUP BY piece"
    )
    return (
        f"SELECT piece FROM ({sizes}) QUALIFY sum(size) OVER (ORDER BY piece_key, piece) <= {limit}"
    )


def _query(spec: ExportSpec, rows: Rows, view: str) -> str:
    of = {
        "shared": _SHARED,
        "no_scores": _NO_SCORES,
        "not_generated": _NOT_GENERATED,
        "task": literal(spec.task),
        "taxonomy": literal(spec.taxonomy),
    }
    if rows.gold:
        splits = f"AND entry.split IN ({_listed(rows.splits)})" if rows.splits else ""
        return _GOLD.format(**of, splits=splits)
    if rows.synthetic is not None:
        named = f"AND corpus IN ({_listed(rows.synthetic)})" if rows.synthetic else ""
        if spec.labeled:  # targets of another question are no labels of this one
            named += f" AND task = {of['task']} AND taxonomy = {of['taxonomy']}"
        return _SYNTHETIC.format(**of, named=named)
    answer = ", answer" if spec.format == "spans" else ""
    return _LABELS.format(**of, labeler=literal(rows.labeler or ""), view=view, answer=answer)


def _label_view(database: duckdb.DuckDBPyConnection, spec: ExportSpec) -> str:
    """The view that has what is asked of labels. Raises ConfigError: spans are asked for, and there are none."""
    if spec.format != "spans":
        return "labels"
    task = load_task(spec.task)
    if not _has_spans(task):
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
        raise ConfigError(
            f"The lake has no answers with spans to the task {task.name}.",
            remedy="Label it with a language model: a label stage whose labeler is a labeler file.",
        )
    return view


def _has_spans(task: LabelTask) -> bool:
    return task.unit == "sentence" or any(f.kind == "span" for f in walk_fields(task.fields))


def _outside(column: str, allowed: Sequence[str]) -> str:
    return f"{column} NOT IN ({_listed(allowed)})" if allowed else "false"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(map(literal, values))
