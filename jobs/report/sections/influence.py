"""How turns move one another: transitions, contagion, toxic chains, sentiment flips."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from jobs.report.build import about, of_mart
from jobs.report.charts.bars import bars
from jobs.report.charts.heat import heat
from jobs.report.model import Absent, Item, Picture, Section
from jobs.report.sections.chains import chains, flips
from jobs.report.source import Focus, Source
from jobs.report.words import Z_RANKS, between, many, name, number, numbers, percent, role
from schemas.mart import Mart

_SIDE = 12
_ROW = 20  # pairs of a row, before one of its cells is named
_EXPOSED = 30  # pairs that are compared at least
_WITH = 5


def influence_section(source: Source) -> Section:
    """From one turn to the next."""
    intro = "What comes after what, within a speaker and between speakers. None of it says what caused what."
    pairs = "No conversation has two labeled turns that follow each other"
    items = [
        *of_mart(source, "transitions", "From label to label", f"{pairs}.", partial(_transitions, "speaker")),
        *of_mart(source, "transitions", "From turn to reply", f"{pairs}.", partial(_transitions, "reply")),
        *of_mart(source, "contagion", "Contagion", f"{pairs}, by different speakers.", _contagion),
        *of_mart(source, "valence_contagion", "Contagion of valence", f"{pairs}, by different speakers.", _valence),
        *of_mart(
            source, "toxic_chains", "Toxic chains", "No two successive turns are hostile.", chains,
            prefer=("toxicity",),
        ),
        *of_mart(source, "sentiment_flips", "Sentiment flips", "No speaker's sentiment flips.", flips),
    ]  # fmt: skip
    return Section("influence", "From turn to turn", intro, items)


def _transitions(scope: str, source: Source, focus: Focus, mart: Mart | None) -> Item:
    own = scope == "speaker"
    title = f"{'From label to label' if own else 'From turn to reply'}: {name(focus.corpus)}"
    sql = (
        "SELECT from_label, to_label, n, from_n, probability, to_share, lift FROM mart_transitions\n"
        f"WHERE scope = '{scope}' AND {focus.where}\nORDER BY n DESC, from_label, to_label"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            title,
            "No speaker has two turns." if own else "No turn follows one by another speaker.",
            mart,
        )
    sizes = (
        found.group_by("from_label")
        .agg(pl.col("n").sum())
        .sort("n", "from_label", descending=[True, False])
    )
    labels = sizes["from_label"].head(_SIDE).to_list()
    place = {label: number for number, label in enumerate(labels)}
    rows = [
        {"x": name(r["to_label"]), "y": name(r["from_label"]), "x_order": place[r["to_label"]],
         "y_order": place[r["from_label"]], "value": r["probability"], "text": f"{r['probability'] * 100:.0f}"}
        for r in found.iter_rows(named=True) if r["from_label"] in place and r["to_label"] in place
    ]  # fmt: skip
    if not rows:
        return Absent(title, "No label is followed by one of the frequent ones.", mart)
    pairs = many(int(found["n"].sum()), "pair")
    left = f"; the {_SIDE} most frequent of {sizes.height} labels" if sizes.height > _SIDE else ""
    return Picture(
        title=title,
        chart=partial(heat, rows, x_title="then" if own else "reply", y_title="from", share=True,
                      unit="share of what follows, %"),
        reading=_follows(found.filter(pl.col("from_label").is_in(labels) & pl.col("to_label").is_in(labels)), own=own),
        caption=f"Rows sum to 100 % over all labels; white: no pair. n = {pairs} of turns{left}. "
        f"{about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )  # fmt: skip


def _follows(drawn: pl.DataFrame, *, own: bool) -> str:
    """About the drawn cell of the greatest lift, in a row of enough pairs; of changes if there are some."""
    enough = drawn.filter((pl.col("from_n") >= _ROW) & (pl.col("n") >= _WITH))
    if not enough.height:
        return f"Too few pairs to read: no cell has {_WITH} in a row of {_ROW}."
    often = enough.filter(pl.col("from_label") != pl.col("to_label"))
    order = ["lift", "n", "from_label", "to_label"]
    top = (
        (often if often.height else enough)
        .sort(order, descending=[True, True, False, False], nulls_last=True)
        .row(0, named=True)
    )
    then = "the same speaker's next turn is" if own else "another speaker replies with"
    return (
        f"After {name(top['from_label'])}, {then} {name(top['to_label'])} "
        f"{number(top['lift'], 1)} times as often as usual ({percent(top['probability'])} against "
        f"{percent(top['to_share'])})."
    )


def _contagion(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT from_role, to_role, label, pairs, exposed, exposed_with, rate_exposed, rate_unexposed, difference,\n"
        "  relative_risk, z, onset_difference FROM mart_contagion\n"
        f"WHERE {focus.where} AND difference IS NOT NULL AND z IS NOT NULL\n"
        f"  AND exposed >= {_EXPOSED} AND exposed_with >= {_WITH}\n"
        "ORDER BY abs(z) DESC, from_role, to_role, label LIMIT 200"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            f"Contagion: {name(focus.corpus)}",
            f"No label is followed often enough to compare: in {_EXPOSED} pairs of turns, {_WITH} times by itself.",
            mart,
        )
    rows = [
        {"name": f"{name(r['label'])}: {between(r['from_role'], r['to_role'])}", "value": r["difference"],
         "text": f"{r['difference'] * 100:+.1f} (z {r['z']:+.1f})"}
        for r in found.head(12).iter_rows(named=True)
    ]  # fmt: skip
    top = found.row(0, named=True)
    before, after = _who(top)
    return Picture(
        title=f"Contagion: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="difference of shares (points of %)", share=True),
        reading=f"After {name(top['label'])} of {before}, {after} has it in "
        f"{percent(top['rate_exposed'])} of the turns, else in {percent(top['rate_unexposed'])} (z {top['z']:+.1f}).",
        caption=f"The {len(rows)} with the greatest z of {found.height} with {_EXPOSED} and more turns after the label "
        f"of another speaker, {_WITH} and more of them with it. {Z_RANKS} {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )


def _who(row: Mapping[str, str | None]) -> tuple[str, str]:
    """The speaker before and the one after, by their roles; without any roles, every speaker is meant."""
    before, after = row["from_role"], row["to_role"]
    if before is None and after is None:
        return "another speaker", "any speaker"
    return role(before), role(after)


def _valence(source: Source, focus: Focus, mart: Mart | None) -> Item:
    sql = (
        "SELECT from_role, to_role, pairs, correlation, partial_correlation, slope FROM mart_valence_contagion\n"
        f"WHERE {focus.where} AND correlation IS NOT NULL ORDER BY pairs DESC, from_role, to_role LIMIT 200"
    )
    found = source.frame(sql)
    if not found.height:
        return Absent(
            f"Contagion of valence: {name(focus.corpus)}",
            "Too few pairs of turns, or no variance.",
            mart,
        )
    rows = [
        {"name": between(r["from_role"], r["to_role"]), "value": r["correlation"],
         "text": f"{r['correlation']:+.2f}"}
        for r in found.head(10).iter_rows(named=True)
    ]  # fmt: skip
    top = found.row(0, named=True)
    before, after = _who(top)
    partial_told = number(top["partial_correlation"])
    return Picture(
        title=f"Contagion of valence: {name(focus.corpus)}",
        chart=partial(bars, rows, unit="correlation with the turn before"),
        reading=f"Valence of {after} goes with that of {before} before it: "
        f"r {top['correlation']:+.2f}; with the own turn before held constant, {partial_told}.",
        caption=f"n = {many(int(found['pairs'].sum()), 'pair')} of turns by different speakers. {about(focus)}",
        numbers=numbers(found),
        sql=sql,
        mart=mart,
    )
