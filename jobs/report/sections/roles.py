"""Who says it: labels by role, what sets a role apart, and how two labels go together."""

from __future__ import annotations

from functools import partial

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bars import bars
from jobs.report.charts.dots import dots
from jobs.report.charts.look import MOST_SERIES
from jobs.report.charts.network import network
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.source import Focus, Source
from jobs.report.words import Z_RANKS, count, listed, many, name, number, numbers, percent, role
from schemas.mart import Mart

_LABELS = 14
_ENOUGH = 5  # rows that two labels share before their tie is named


def roles_section(source: Source) -> Section:
    """Roles, contrasts and co-occurrence."""
    intro = "A role is what a speaker is in the conversation: author, host, guest, therapist, client and so on."
    items = [
        *of_mart(source, "label_counts", "Labels by role", source.uncounted, _by_role),
        *of_mart(
            source, "role_contrast", "What sets a role apart",
            _no_contrast(source), _contrast,
        ),
        *of_mart(
            source, "cooccurrence", "Labels that go together",
            "No row has two labels (or the question allows one only).", _network,
        ),
    ]  # fmt: skip
    return Section("roles", "Roles and labels together", intro, items)


def _by_role(source: Source, focus: Focus, mart: Mart | None) -> Item:
    title = f"Labels by role: {name(focus.corpus)}"
    where = focus.where
    sql = (
        "WITH totals AS (SELECT role, sum(rows) AS rows FROM\n"
        f"  (SELECT DISTINCT domain, day, role, rows FROM mart_label_counts WHERE {where}) GROUP BY role)\n"
        "SELECT role, label, sum(n)::BIGINT AS n, any_value(totals.rows)::BIGINT AS rows,\n"
        "  sum(n) / any_value(totals.rows) AS share\n"
        "FROM mart_label_counts JOIN totals USING (role)\n"
        f"WHERE {where} AND role IS NOT NULL GROUP BY role, label ORDER BY n DESC, role, label NULLS LAST"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(title, "No record of this corpus has a role.", mart)
    roles = found.unique("role").sort("rows", "role", descending=[True, False])["role"].to_list()
    labels = (
        found.group_by("label")
        .agg(pl.col("n").sum())
        .sort("n", "label", descending=[True, False], nulls_last=True)
    )
    shown = labels["label"].head(_LABELS).to_list()
    shares = {(r["role"], r["label"]): r["share"] for r in found.iter_rows(named=True)}
    rows = [
        {"name": name(label), "group": name(role), "value": shares.get((role, label), 0.0)}
        for label in shown
        for role in roles[:MOST_SERIES]
    ]
    return Picture(
        title=title,
        chart=partial(dots, rows, unit="share of the role's rows", share=True),
        reading=_gap(shares, shown, roles[:MOST_SERIES]),
        caption=f"n = {count(int(found.unique('role')['rows'].sum()))} rows of {many(len(roles), 'role')}"
        + (f", the first {MOST_SERIES} shown" if len(roles) > MOST_SERIES else "")
        + (f"; {_LABELS} of {labels.height} labels" if labels.height > _LABELS else "")
        + f". {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _gap(
    shares: dict[tuple[str, str | None], float], labels: list[str | None], roles: list[str]
) -> str:
    if len(roles) == 1:
        return f"Only one role is known: {name(roles[0])}."
    gaps = []
    for label in labels:
        by_share = sorted(((shares.get((role, label), 0.0), role) for role in roles), reverse=True)
        gaps.append((by_share[0][0] - by_share[-1][0], label, by_share[0], by_share[-1]))
    _, label, most, least = max(gaps, key=lambda each: each[0])
    return (
        f"Roles differ most in {name(label)}: {percent(most[0])} of the rows of {name(most[1])}, "
        f"{percent(least[0])} of {name(least[1])}."
    )


def _no_contrast(source: Source, focus: Focus | None = None) -> str:
    """Why roles are not contrasted: in one question and corpus, or in all."""
    if "mart_label_counts" not in source.views:
        return "No two roles to contrast."
    where = "" if focus is None else f" WHERE {focus.where}"
    found = source.frame(
        f"SELECT corpus, count(DISTINCT role) AS roles FROM mart_label_counts{where} GROUP BY corpus"
    )
    most = max(found["roles"].to_list(), default=0)
    if most == 0:
        return "No row has a role."
    if most == 1:
        return "Only one role is known, so there is nothing to contrast."
    return "Roles cannot be told apart: too few rows have labels."


def _contrast(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT role, label, n, rows, share, other_share, log_odds, z FROM mart_role_contrast\n"
        f"WHERE {focus.where} AND z IS NOT NULL ORDER BY abs(z) DESC, role, label NULLS LAST LIMIT 200"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            f"What sets a role apart: {name(focus.corpus)}", _no_contrast(source, focus), mart
        )
    # With two roles each contrast would stand there twice, once with either sign.
    roles = found["role"].unique().sort().to_list()
    shown = found.filter(pl.col("role").eq_missing(roles[0])) if len(roles) == 2 else found
    rows = [
        {
            "name": f"{role(r['role'])}: {name(r['label'])}",
            "value": r["z"],
            "text": f"{r['z']:+.1f}",
        }
        for r in shown.head(12).iter_rows(named=True)
    ]
    top = found.row(0, named=True)
    more = "more" if top["z"] > 0 else "less"
    return Picture(
        title=f"What sets a role apart: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="z of the log-odds against all other roles"),
        reading=f"{role(top['role'])} has {name(top['label'])} {more} often than the others: {percent(top['share'])} "
        f"against {percent(top['other_share'])} (z {top['z']:+.1f}).",
        caption=f"{Z_RANKS} {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _network(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT label_a, label_b, n_a, n_b, n_both, rows, jaccard, npmi FROM mart_cooccurrence\n"
        f"WHERE {focus.where} AND n_both > 0 AND npmi IS NOT NULL\nORDER BY n_both DESC, label_a, label_b LIMIT 400"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            f"Labels that go together: {name(focus.corpus)}", "No row has two labels.", mart
        )
    sizes: dict[str, int] = {}
    for row in found.iter_rows(named=True):
        sizes[row["label_a"]], sizes[row["label_b"]] = row["n_a"], row["n_b"]
    kept = sorted(sizes, key=lambda label: (-sizes[label], label))[:_LABELS]
    ties = found.filter(pl.col("label_a").is_in(kept) & pl.col("label_b").is_in(kept))
    # Labels that avoid each other are many (neutral and all others): they must not crowd out those that meet.
    order = ["npmi", "label_a", "label_b"]
    meet = ties.filter(pl.col("npmi") > 0).sort(order, descending=[True, False, False]).head(18)
    ties = pl.concat([meet, ties.filter(pl.col("npmi") < 0).sort(order).head(6)])
    avoid = ties.height - meet.height
    nodes = [{"name": name(label), "n": sizes[label]} for label in kept]
    edges = [
        {"a": name(r["label_a"]), "b": name(r["label_b"]), "weight": r["npmi"]}
        for r in ties.iter_rows(named=True)
    ]
    dashed = f"; dashed, the pairs that avoid each other most ({avoid})" if avoid else ""
    return Picture(
        title=f"Labels that go together: {name(focus.corpus)}",
        chart=partial(network, nodes, edges),
        reading=_strongest(meet),
        caption=f"Dots: labels, by rows. Lines: the strongest ties ({meet.height}), wide where NPMI is far from 0"
        f"{dashed}. n = {count(found['rows'][0])} rows. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _strongest(meet: pl.DataFrame) -> str:
    """About the strongest tie that is drawn; `meet` is in order."""
    enough = meet.filter(pl.col("n_both") >= _ENOUGH)
    if not enough.height:
        return (
            f"No two labels meet more often than by chance, with {_ENOUGH} rows or more in common."
        )
    top = enough.row(0, named=True)
    return (
        f"{listed([name(top['label_a']), name(top['label_b'])])} go together most: in {count(top['n_both'])} "
        f"rows, NPMI {number(top['npmi'])}."
    )
