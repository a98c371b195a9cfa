"""Tables of what stands beside the figures of one labeler: missing answers, agreement, another labeler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.evaluation.table import HEAD, NAMES, Cell, Table


def missing(content: Mapping[str, Any]) -> Table | None:
    """Figures of numbers with the mean of gold in the place of each missing answer."""
    filled = content.get("missing_as_mean")
    if filled is None:
        return None
    table = Table(
        "With missing answers",
        ["dimension", *(NAMES[name] for name in filled)],
        note=(
            "Above, rows without an answer are left out. Here each counts as if the answer were the mean of gold: "
            "staying silent on hard rows does not pay."
        ),
    )
    rows = [("mean", filled)]
    rows += [
        (name, one["missing_as_mean"])
        for name, one in content["per_dimension"].items()
        if "missing_as_mean" in one
    ]
    for name, figures in rows:
        table.rows.append([Cell(name, numeric=False), *(table.cell(v) for v in figures.values())])
    return table


def off_wheel(content: Mapping[str, Any]) -> Table | None:
    """Words that the wheel does not have: they are dropped, on both sides."""
    if "off_wheel" not in content:
        return None
    table = Table("Not on the wheel", ["words of", "different", "times"])
    notes = ["Words that are not on the wheel do not count."]
    for side, told in content["off_wheel"].items():
        most = ", ".join(f"{word} {times:,}" for word, times in told["most_frequent"].items())
        name = "gold" if side == "gold" else content["labeler"]
        row = [Cell(name, numeric=False), table.cell(told["words"]), table.cell(told["times"])]
        table.rows.append(row)
        if most:
            notes.append(f"Most frequent of {name}: {most}.")
    table.note = " ".join(notes)
    return table


def agreements(content: Mapping[str, Any]) -> Table | None:
    """Agreement beyond chance: people among themselves, the labeler with gold, two labelers. None of spans, words."""
    if "people" not in content:
        return None
    who = [
        ("people with each other", content["people"]["agreement"]),
        (f"{content['labeler']} with gold", content["with_gold"]),
    ]
    if "against" in content:
        both = f"{content['labeler']} with {content['against']['labeler']}"
        who.append((both, content["against"]["agreement"]))
    keys = {
        "category_alpha": "alpha of the label", "category_kappa": "kappa of the label",
        "sets_alpha": "alpha of label sets", "mean_alpha": "alpha, mean", "mean_kappa": "kappa, mean",
    }  # fmt: skip
    shown = [key for key in keys if any(key in agreement for _, agreement in who)] or ["mean_alpha"]
    if content["answer"] == "scalars":
        shown = [key for key in shown if key != "mean_kappa"]
    table = Table("Agreement beyond chance", ["who", "rows", *(keys[key] for key in shown)])
    for name, agreement in who:
        row = [Cell(name, numeric=False), table.cell(agreement.get("shared_units"))]
        reason = agreement if "undefined" in agreement else None
        row += [table.cell(reason if reason else agreement.get(key)) for key in shown]
        table.rows.append(row)
    each_of = {"labels": "labels", "scalars": "dimensions", "ordinals": "dimensions"}
    table.note = (
        "Krippendorff's alpha and Cohen's kappa: 1 is perfect, 0 what chance would give; the mean is over the "
        f"{each_of[content['answer']]}."
    )
    return table


def differences(content: Mapping[str, Any]) -> Table:
    """The paired test between two labelers."""
    other = content["against"]
    columns = ["figure", content["labeler"], other["labeler"], "difference", "p"]
    if content["labeler"] == other["labeler"]:
        columns[1:3] = [f"{one['labeler']} {one['labeler_version']}" for one in (content, other)]
    table = Table(f"{columns[1]} against {columns[2]}", columns)
    told = other["differences"]
    if "undefined" in told:
        table.note = f"undefined, because {told['undefined']}"
        return table
    head = HEAD[content["answer"]][0]
    names = [name for name in NAMES if name in told]
    names += [name for name in told if name.startswith(f"{head}.")]
    for name in names:
        one = told[name]
        figure, _, dimension = name.partition(".")
        table.rows.append(
            [
                Cell(f"{NAMES[figure]} {dimension}".strip(), numeric=False),
                table.cell(one["first"]),
                table.cell(one["second"]),
                table.cell(one["difference"], one["interval"], signed=True),
                _p_value(table, one["p"]),
            ]
        )
    table.note = (
        f"{columns[2]} less {columns[1]}, on the same rows ({other['rows_of_both']:,} answered by both; coverage "
        f"{content['coverage']:.1%} and {other['coverage']:.1%}). p: approximate randomization, two-sided."
    )
    if (test := other.get("mcnemar")) is not None:
        if "only_first" in test:
            p = _p_value(table, test["p"]).text
            table.note += (
                f" McNemar: {test['only_first']:,} rows right by {columns[1]} alone, {test['only_second']:,} by "
                f"{columns[2]} alone, p {p}."
            )
        else:
            table.note += f" McNemar: undefined, because {test['undefined']}."
    return table


def _p_value(table: Table, p: Any) -> Cell:
    if isinstance(p, float) and p < 0.001:
        return Cell("< 0.001")
    return table.cell(p)
