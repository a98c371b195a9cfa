"""Splits by conversation and author, caps, and the order of training: all in SQL, over the table rows."""

from __future__ import annotations

import duckdb

from pipelines.query.views import literal
from schemas.export import ExportSpec

SPLITS = ("train", "validation", "test")

_STEP = """
CREATE TABLE following AS SELECT record_id, conversation, author, origin, least(
    min(root) OVER (PARTITION BY conversation), min(root) OVER (PARTITION BY author),
    min(root) OVER (PARTITION BY origin)
) AS root FROM groups
"""


def split(database: duckdb.DuckDBPyConnection, spec: ExportSpec) -> None:
    """Gives each row the columns `group` and `split`.

    Rows that share a conversation, an author, a generated item or the record that they were made from, directly or over
    others, are one group, which is in one split: that of a hash of its least record id. So a new row moves only the
    group that it joins to another one.
    """
    database.execute(
        "CREATE TABLE groups AS SELECT record_id, coalesce(item, conversation_id, record_id) AS conversation, "
        "coalesce(speaker, record_id) AS author, origin, record_id AS root FROM rows"
    )
    changed = 1
    while changed:
        database.execute(_STEP)
        found = database.execute(
            "SELECT count(*) FROM groups INNER JOIN following USING (record_id) WHERE groups.root <> following.root"
        ).fetchone()
        assert found is not None
        changed = int(found[0])
        database.execute("DROP TABLE groups")
        database.execute("ALTER TABLE following RENAME TO groups")
    wanted = spec.splits
    salted = f"md5(root || {literal(f'/{wanted.seed}')})"  # 48 bits of it, as a share
    database.execute(
        f"""CREATE TABLE placed AS SELECT rows.*, CASE
            WHEN place_of < {wanted.test} THEN 'test'
            WHEN place_of < {wanted.test + wanted.validation} THEN 'validation'
            ELSE 'train' END AS split, root AS "group"
        FROM rows INNER JOIN (
            SELECT record_id, root, ('0x' || substr({salted}, 1, 12))::BIGINT / {2.0**48} AS place_of FROM groups
        ) AS hashed USING (record_id)"""
    )
    database.execute("DROP TABLE rows")
    database.execute("DROP TABLE groups")


def cap(database: duckdb.DuckDBPyConnection, spec: ExportSpec) -> int:
    """Leaves out what is over the caps; returns how many rows. Of a piece, all or nothing goes."""
    balance = spec.balance
    database.execute("CREATE TABLE capped AS SELECT *, labels[1] AS label FROM placed")
    database.execute("CREATE TABLE over (piece VARCHAR)")
    rank = "row_number() OVER (PARTITION BY {by} ORDER BY sample_key, record_id)"
    if balance.max_per_speaker is not None:
        _over(
            database,
            rank.format(by="speaker"),
            f"speaker IS NOT NULL AND place_ > {balance.max_per_speaker}",
        )
    if balance.max_per_label is not None:
        _over(
            database,
            rank.format(by="split, label"),
            f"label IS NOT NULL AND place_ > {balance.max_per_label}",
        )
    if balance.max_ratio is not None:
        least = (
            "(SELECT min(n) FROM (SELECT split AS of_split, label, count(*) AS n FROM capped WHERE label IS NOT NULL "
            "AND piece NOT IN (SELECT piece FROM over) GROUP BY ALL) WHERE of_split = split)"
        )
        _over(
            database, rank.format(by="split, label"),
            f"label IS NOT NULL AND place_ > ceil({balance.max_ratio} * {least})",
        )  # fmt: skip
    found = database.execute(
        "SELECT count(*) FROM capped WHERE piece IN (SELECT piece FROM over)"
    ).fetchone()
    assert found is not None
    database.execute(
        "CREATE TABLE chosen AS SELECT * EXCLUDE (label), CASE WHEN turn IS NOT NULL THEN 1 - "
        "len(list_intersect(labels, before)) / greatest(1, len(list_distinct(list_concat(labels, before)))) END "
        "AS shift "
        "FROM (SELECT *, lag(labels) OVER (PARTITION BY conversation_id, speaker ORDER BY turn, record_id) AS before "
        "FROM capped WHERE piece NOT IN (SELECT piece FROM over))"
    )
    for table in ("capped", "over", "placed"):
        database.execute(f"DROP TABLE {table}")
    return int(found[0])


def order_by(spec: ExportSpec) -> str:
    """The order of the rows of train, as SQL: total, and each piece's rows together."""
    first = {
        "none": "",
        # Turns whose labels are those of their speaker's turn before, then those of others.
        "emotional_shift": "avg(shift) OVER (PARTITION BY piece) ASC NULLS FIRST, ",
        "agreement": "avg(agreement) OVER (PARTITION BY piece) DESC NULLS LAST, ",
        "confidence": "min(confidence) OVER (PARTITION BY piece) DESC NULLS LAST, ",
    }[spec.curriculum]
    return f"{first}min(sample_key) OVER (PARTITION BY piece), piece, turn NULLS FIRST, record_id"


def _over(database: duckdb.DuckDBPyConnection, rank: str, condition: str) -> None:
    database.execute(
        f"INSERT INTO over SELECT DISTINCT piece FROM (SELECT *, {rank} AS place_ FROM capped "
        f"WHERE piece NOT IN (SELECT piece FROM over)) WHERE {condition}"
    )
