"""The rows of an export, as one table of a database that spills: from gold, labels and synthetic rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from pipelines.export.sources import contexts, label_view, listed, query
from pipelines.lake.place import register
from pipelines.query.views import create_views, literal, view_queries
from schemas.export import NUMBERS, PAIR, WRITTEN, ExportSpec
from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy


def gather(
    database: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[str]],
    spec: ExportSpec,
    taxonomy: Taxonomy,
) -> dict[str, int]:
    """Makes the table rows, a row for each record or generated text that an example is made of; returns what was left
    out, by reason: each row that was looked at is in one of them.

    Columns: record_id, sample_key, corpus, domain, conversation_id, turn, speaker, role, lang, text, labels, numbers
    (of a task that is answered by them, in the range of answers), scores, confidence, agreement, source, labeler,
    weight; of generated rows item, part, recipe, generator, score, and as confidence the least level of a judge;
    `origin`, the record that a text was made from, else its own; `piece`, what goes together into one example or split;
    answer, for spans; context, the turns before, for the label task as chats, where the lake has them. Raises
    ConfigError for spans or numbers that are not there, TerminalError where files cannot be read.
    """
    register(database, [path for paths in files.values() for path in paths])
    create_views(database, view_queries(files, restricted=False))
    view = label_view(database, spec)
    queries = [
        f"SELECT *, {number} AS place, {rows.weight}::DOUBLE AS weight FROM ({query(spec, rows, view, taxonomy)})"
        for number, rows in enumerate(spec.rows)
    ]
    # Whole conversations are examples where somebody in them is the assistant.
    piece = f"coalesce(item, {'conversation_id, ' * bool(spec.assistant_roles)}record_id)"
    database.execute(
        f"CREATE TABLE judged AS SELECT *, {piece} AS piece, {_reason(spec, taxonomy)} AS left_out "
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
    made = "SELECT judged.* EXCLUDE (left_out) FROM judged WHERE left_out IS NULL"
    if spec.label_chats:
        before = contexts(load_task(spec.task).context.turns)
        made = f"SELECT * FROM ({made}) LEFT JOIN ({before}) USING (record_id)"
    database.execute(f"CREATE TABLE rows AS {made}")
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


def _unlabeled(spec: ExportSpec, taxonomy: Taxonomy) -> str:
    """Whether a row has nothing to learn, as SQL: no label of the taxonomy, or several where they exclude one another.
    Of numbers a chat whose answer is JSON needs all, else one is enough.
    """
    if load_task(spec.task).answer not in NUMBERS:
        known = f"len(list_intersect(labels, [{listed(taxonomy.names)}]))"
        return f"{known} <> 1" if taxonomy.exclusive else f"{known} = 0"
    needed = len(taxonomy.names) if spec.label_chats and spec.mode == "generate" else 1
    known = "len(list_filter(coalesce(numbers, []), lambda each: each.value IS NOT NULL))"
    return f"{known} < {needed}"


def _reason(spec: ExportSpec, taxonomy: Taxonomy) -> str:
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
        WHEN {spec.labeled} AND {_unlabeled(spec, taxonomy)}
            AND NOT ({spec.format == "instructions"} AND coalesce(part, '') IN ({listed(WRITTEN)})) THEN 'no_label'
        WHEN {unsure} THEN 'confidence'
    END"""


def _another_format(spec: ExportSpec) -> str:
    """Whether a row is a piece of something that this format has no examples of."""
    part = "coalesce(part, '')"
    if spec.format in ("preference", "reward"):
        return f"{part} NOT IN ({listed(PAIR)})"
    if spec.assistant_roles:
        return f"turn IS NULL OR conversation_id IS NULL OR {part} NOT IN ('', 'turn')"
    others = PAIR if spec.format == "instructions" else (*PAIR, "instruction", "output")
    return f"{part} IN ({listed(others)})"


def _incomplete(spec: ExportSpec) -> list[tuple[str, str]]:
    """Rows whose piece is no example without what it lacks: reasons and conditions."""
    if spec.assistant_roles:
        assistant = f"coalesce(role, '') IN ({listed(spec.assistant_roles)})"
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
        f"SELECT piece FROM judged WHERE left_out IS NULL AND part IN ({listed(parts)}) "
        f"GROUP BY piece HAVING count(DISTINCT part) = {len(parts)}"
    )
    return [("incomplete", f"part IN ({listed(parts)}) AND piece NOT IN ({whole})")]


def _first_pieces(limit: int) -> str:
    """Whole pieces by sample key, as long as all their rows are at most `limit`."""
    sizes = (
        "SELECT piece, min(sample_key) AS piece_key, count(*) AS size FROM judged WHERE left_out IS NULL "
        "GROUP BY piece"
    )
    return (
        f"SELECT piece FROM ({sizes}) QUALIFY sum(size) OVER (ORDER BY piece_key, piece) <= {limit}"
    )


def _outside(column: str, allowed: Sequence[str]) -> str:
    return f"{column} NOT IN ({listed(allowed)})" if allowed else "false"
