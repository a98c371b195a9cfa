"""An evaluation as tables of words and numbers, made from its JSON: what screen and page show is the same.

An undefined figure is told where it would stand; in a narrow cell by a letter, with the reason below the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

NAMES: Final = {
    "macro_f1": "macro-F1", "micro_f1": "micro-F1", "subset_accuracy": "subset accuracy",
    "accuracy": "accuracy", "ece": "calibration error", "pearson": "Pearson", "spearman": "Spearman",
    "ccc": "CCC", "rmse": "RMSE", "mae": "MAE", "quadratic_kappa": "quadratic kappa",
    "precision": "precision", "recall": "recall", "f1": "F1", "support": "gold",
    "predicted": "predicted", "threshold": "threshold", "answered": "answered", "asked": "asked",
}  # fmt: skip
# What a row of a breakdown or of a comparison shows, by the kind of answers; the first is the one that counts most.
HEAD: Final = {
    "labels": ("macro_f1", "micro_f1"),
    "scalars": ("pearson", "ccc", "rmse"),
    "ordinals": ("quadratic_kappa", "pearson"),
}

_ERRORS: Final = ("rmse", "mae", "ece")  # the less the better, on a scale of their own


@dataclass(frozen=True)
class Cell:
    """What stands in a table. `strip`: a figure and its interval, to be drawn."""

    text: str
    numeric: bool = True
    strip: tuple[float, float, float] | None = None


@dataclass
class Table:
    """A table, what it says, and why some of its figures do not exist."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    note: str = ""
    reasons: list[str] = field(default_factory=list)

    def cell(self, value: Any, bounds: Any = None, *, signed: bool = False) -> Cell:
        """A figure, with its interval where there is one; undefined, its letter.

        A strip of 0 to 1 is drawn for figures that lie there: not for signed ones, and errors have another scale.
        """
        if isinstance(value, Mapping):
            reason = str(value.get("undefined"))
            if reason not in self.reasons:
                self.reasons.append(reason)
            return Cell(f"undefined ({_letter(self.reasons.index(reason))})")
        if value is None:
            return Cell("–")
        if isinstance(value, int):
            return Cell(f"{value:,}")
        sign = "+" if signed else ""
        if bounds is None:
            return Cell(f"{value:{sign}.3f}")
        low, high = bounds
        text = f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
        return Cell(
            text, strip=(value, low, high) if not signed and 0 <= low <= high <= 1 else None
        )

    @property
    def notes(self) -> list[str]:
        """The note, and the reasons."""
        reasons = [
            f"({_letter(place)}) undefined, because {reason}"
            for place, reason in enumerate(self.reasons)
        ]
        return [*([self.note] if self.note else []), *reasons]


def tables(content: Mapping[str, Any]) -> list[Table]:
    """All tables of an evaluation, in the order in which they are read."""
    found = [overall(content), each(content)]
    found += [part for part in (missing(content), agreements(content)) if part is not None]
    if "against" in content:
        found.append(differences(content))
    found += [breakdown(content, name) for name in content.get("breakdown", {})]
    return found


def figures_of(content: Mapping[str, Any]) -> list[str]:
    """Names of the overall figures that an evaluation has."""
    return [
        name
        for name in NAMES
        if name in content and not isinstance(content[name], bool) and name not in ("asked",)
    ]


def overall(content: Mapping[str, Any]) -> Table:
    """The figures over all rows, with those of people beside where there are several annotators."""
    people = content["people"]
    several = people["rows_of_several"]
    beside = []
    if several:
        beside = [("people", people["ceiling"])]
    if 0 < several < content["n"]:
        on_same = f"labeler, {several:,} rows of several people"
        beside = [(on_same, people["labeler_on_same_rows"]), ("people on these", people["ceiling"])]
    table = Table("Figures", ["figure", "labeler, all rows", *(name for name, _ in beside)])
    for name in figures_of(content):
        row = [Cell(NAMES[name], numeric=False), table.cell(content[name], _bounds(content, name))]
        row += [table.cell(place.get(name), _bounds(place, name)) for _, place in beside]
        if name in _ERRORS:
            row = [replace(cell, strip=None) for cell in row]
        table.rows.append(row)
    table.note = (
        f"In brackets: {content['interval_level']:.0%} intervals, bootstrap over {_drawn(content)}."
    )
    if beside:
        table.note += (
            " People: each annotator against the majority (or mean) of the others, by the same figures. Few others are "
            "a noisier gold than all together, so that a labeler may well score higher."
        )
    return table


def each(content: Mapping[str, Any]) -> Table:
    """The figures of each label or dimension."""
    of_labels = "per_label" in content
    section = content["per_label" if of_labels else "per_dimension"]
    first: Mapping[str, Any] = next(iter(section.values()))
    with_interval = "f1" if of_labels else HEAD[content["answer"]][0]
    known = [name for name in NAMES if name in first]
    names = [with_interval, *(name for name in known if name != with_interval)]
    ceiling = content["people"]["ceiling"].get("each")
    title = "label" if of_labels else "dimension"
    columns = [title, *(NAMES[name] for name in names)]
    if ceiling:
        columns.insert(2, "people")
    table = Table(f"By {title}", columns)
    for label, figures in section.items():
        row = [Cell(label, numeric=False)]
        row += [
            table.cell(figures[name], _bounds(figures, name) if name == with_interval else None)
            for name in names
        ]
        if ceiling:
            row.insert(2, table.cell(ceiling.get(label, {}).get(with_interval)))
        table.rows.append(row)
    if ceiling:
        table.note = f"People: {NAMES[with_interval]} of annotators against the others."
    return table


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


def agreements(content: Mapping[str, Any]) -> Table | None:
    """Agreement beyond chance: people among themselves, the labeler with gold, two labelers."""
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


def breakdown(content: Mapping[str, Any], name: str) -> Table:
    """Figures for parts of the rows."""
    head = [key for key in HEAD[content["answer"]] if key in content]
    if "accuracy" in content and content["answer"] == "labels":
        head[1:] = ["accuracy"]
    table = Table(f"By {name}", [name, "rows", "coverage", *(NAMES[key] for key in head)])
    for part in content["breakdown"][name]:
        row = [Cell(part["value"], numeric=False), table.cell(part["n"])]
        row.append(Cell(f"{part['coverage']:.1%}"))
        if "undefined" in part:
            row += [Cell("too few rows") for _ in head]
        else:
            cells = ((key, table.cell(part[key], _bounds(part, key))) for key in head)
            row += [replace(c, strip=None) if key in _ERRORS else c for key, c in cells]
        table.rows.append(row)
    few = [part["n"] for part in content["breakdown"][name] if "undefined" in part]
    if few:
        table.note = (
            f"{len(few):,} parts with {sum(few):,} rows are too small for figures of their own."
        )
    return table


def summary(content: Mapping[str, Any]) -> list[str]:
    """What was evaluated, in sentences."""
    who = f"{content['labeler']} {content['labeler_version']}"
    lines = [
        f"{who}, {content['task']} in {content['taxonomy']} (version {content['taxonomy_version']})",
        f"{content['n']:,} rows with gold"
        + (f", coverage {content['coverage']:.1%}" if content["n"] else "")
        + _listed(content["statuses"]),
    ]
    if content["reasons"]:
        lines.append(f"no answer because of{_listed(content['reasons'], plain=True)}")
    if content["coverage"] < 1:
        lines.append(
            "rows without an answer count as empty answers"
            if content["answer"] == "labels"
            else "rows without an answer are left out of the figures"
        )
    if content.get("undecided"):
        lines.append(
            f"{content['undecided']:,} rows on which no label has a majority count as rows without a label"
        )
    left = {key: content[key] for key in LEFT_OUT if content.get(key)}
    if left:
        lines.append(
            "left out: " + ", ".join(f"{value:,} {LEFT_OUT[key]}" for key, value in left.items())
        )
    return [*lines, *content["notes"]]


LEFT_OUT: Final = {
    "unreadable": "unreadable rows",
    "unannotated": "without gold",
    "undecided_left_out": "on which the annotators do not agree",
    "other_splits": "of other splits",
    "dropped_before_labeling": "dropped before they were labeled",
    "not_labeled_yet": "not labeled so far",
}


def _listed(counts: Mapping[str, int], *, plain: bool = False) -> str:
    told = ", ".join(f"{name} {count:,}" for name, count in _largest(counts.items()))
    return f" {told}" if plain else f" ({told})" if told else ""


def _largest(counts: Iterable[tuple[str, int]], most: int = 8) -> Sequence[tuple[str, int]]:
    ordered = sorted(counts, key=lambda pair: -pair[1])
    rest = sum(count for _, count in ordered[most:])
    return ordered[:most] + ([("others", rest)] if rest else [])


def _bounds(place: Mapping[str, Any], name: str) -> Any:
    intervals = place.get("intervals")
    return intervals.get(name) if isinstance(intervals, Mapping) else None


def _drawn(content: Mapping[str, Any]) -> str:
    if content["groups"] is None:
        return f"rows, {content['resamples']:,} resamples"
    return f"{content['groups']:,} {content['drawn']}, {content['resamples']:,} resamples"


def _p_value(table: Table, p: Any) -> Cell:
    if isinstance(p, float) and p < 0.001:
        return Cell("< 0.001")
    return table.cell(p)


def _letter(place: int) -> str:
    return chr(ord("a") + place) if place < 26 else str(place + 1)
