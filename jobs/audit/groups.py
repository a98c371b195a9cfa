"""Gaps between groups: is the labeler as good for one language, role or source as for another?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.audit.asking import Asked, Named, require_labels
from jobs.audit.labeled import Labeled, read_labeled
from jobs.audit.result import AuditResult, Cell, Reading, Rows
from jobs.evaluation.breakdown import lengths
from jobs.evaluation.gold_columns import MADE
from transforms.audit.group_figures import in_groups, quality, shares
from transforms.audit.group_gaps import Gap, gaps
from transforms.audit.measured import Draw, Measured, undefined
from transforms.evaluate.figures import Undefined
from transforms.evaluate.sums import Sums

MOST: Final = 40
READING: Final = Reading(
    asks="Is the labeler as good for one group of rows as for the others?",
    large="A gap whose interval is well above 0 and whose p is small: comparisons between these groups mix what people "
    "feel with what the labeler misses. p already counts that the largest gap of many was looked for.",
    small="A gap whose p is not small: as much happens between groups drawn at random. With few rows a group, that may "
    "hide a real gap: look at the intervals.",
    cannot="Groups may differ in how hard their texts are, in how their gold was made and in which labels occur, and "
    "not only in how well the labeler serves them. The calibration error of a small group is too high by chance. "
    "The interval is that of the two groups that differ most here; choosing them makes the gap look larger.",
)
SHARES: Final = Reading(
    asks="Is a label given to one group of rows more often than to others?",
    large="A gap whose p is small: the label is given more often in one group.",
    small="A gap whose p is not small: as much happens between groups drawn at random.",
    cannot="Without gold nobody knows whether the labeler or the groups differ: people of one group may truly feel "
    "something more often. Only gold of each group can tell.",
)
_BECAUSE: Final = {
    "macro_f1": "no label is in the gold of every group",
    "micro_f1": "no label occurs in gold or answers",
    "recall": "no label is in gold",
    "false_positive_rate": "every label that was asked for holds",
    "ece": "no row has both gold and a probability",
    "unanswered": "there are no rows",
}


def audit_groups(
    source: Path,
    asked: Asked | Named,
    by: str,
    *,
    with_gold: bool = True,
    text: str = "text",
    labels: str = "labels",
    corpora: Sequence[str] = (),
    rows: int = 50_000,
    min_rows: int = 30,
    draw: Draw = Draw(),  # noqa: B008 -- frozen
) -> AuditResult:
    """Figures of each group of rows with equal values in the column `by`, and the largest gaps.

    Of a file, the labeler is asked; of a lake, its published labels are read: then `asked` may be just the task, the
    taxonomy and the labeler's name. Without gold, the shares of labels are compared.
    """
    task, taxonomy = (asked.task, asked.taxonomy) if isinstance(asked, Asked) else asked[:2]
    require_labels(task, "groups")
    reading = READING if with_gold else SHARES
    about: dict[str, Any] = {"task": task.name, "taxonomy": taxonomy.name, "by": by}
    about["labeler"] = asked.labeler.name if isinstance(asked, Asked) else asked[2]
    labeled = read_labeled(source, asked, by, with_gold, (text, labels), corpora, rows, draw.seed)
    labeled, names, code = _grouped(labeled, by, min_rows)
    about |= {"n": len(labeled.texts.frame), "compared_groups": len(names)}
    notes = labeled.texts.notes
    if len(names) < 2:
        because = f"fewer than two groups have {min_rows} rows (--min-rows)"
        figures = {"largest_gap": undefined(because)}
        return AuditResult("groups", about, figures, reading, draw, notes=tuple(notes))
    statistic, compared = _statistic(labeled, code, names, list(taxonomy.names))
    if compared is not None and compared != list(taxonomy.names):
        notes = [
            *notes,
            f"macro_f1 is over the labels that every group's gold has: {', '.join(compared) or 'none'}",
        ]
    units = labeled.texts.groups
    found = in_groups(
        statistic, code, names, draw, units=units,
        because=lambda figure: _BECAUSE.get(figure, "no row of the group was answered"),
    )  # fmt: skip
    gap = gaps(statistic, code, names, found, draw, units)
    counts = np.bincount(code, minlength=len(names))
    of_groups: dict[str, dict[str, Cell]] = {
        name: {"rows": int(n), **found[name]} for name, n in zip(names, counts, strict=True)
    }
    return AuditResult(
        "groups", about,
        {f"{name}.gap": _gap(each) for name, each in gap.items()}, reading, draw,
        {"groups": of_groups, "largest_gaps": _ends(gap)}, tuple(notes), {"pairs": _pairs(gap)},
    )  # fmt: skip


def _grouped(
    labeled: Labeled, by: str, min_rows: int
) -> tuple[Labeled, list[str], NDArray[np.int64]]:
    """The rows of groups that are large enough, the names of these groups, and the group of each row."""
    frame = labeled.texts.frame
    of_rows = lengths(frame["text_clean"].str.len_chars()) if by in MADE else frame[by]
    values = of_rows.cast(pl.String).alias("value")
    counts = (
        values.drop_nulls().value_counts(name="n").sort(["n", "value"], descending=[True, False])
    )
    large = counts.filter(pl.col("n") >= min_rows)["value"].head(MOST).to_list()
    names = sorted(large)
    kept = values.is_in(names).fill_null(value=False)
    left = len(counts) - len(names)
    why = (
        f"in {left} groups of fewer than {min_rows} rows, beyond {MOST} groups, or without a value"
    )
    taken = labeled.take(kept.to_numpy(), labeled.texts.filter(kept, why))
    code = values.filter(kept).replace_strict(names, range(len(names)), return_dtype=pl.Int64)
    return taken, names, code.to_numpy()


def _statistic(
    labeled: Labeled, code: NDArray[np.int64], names: list[str], labels: list[str]
) -> tuple[Sums, list[str] | None]:
    if labeled.gold is None:
        return shares(labeled.answers, labels), None
    own = labeled.gold.holds & labeled.gold.asked
    shared: NDArray[np.bool_] = np.all(
        [own[code == at].any(axis=0) for at in range(len(names))], axis=0
    )
    compared = [name for name, there in zip(labels, shared, strict=True) if there]
    return quality(labeled.gold.holds, labeled.gold.asked, labeled.answers, shared), compared


def _gap(gap: Gap | Undefined) -> Measured:
    return Measured(gap) if isinstance(gap, Undefined) else gap.measured


def _ends(gap: dict[str, Gap | Undefined]) -> Rows:
    return {
        name: {"highest": each.high, "lowest": each.low, "gap": each.measured}
        for name, each in gap.items()
        if isinstance(each, Gap)
    }


def _pairs(gap: dict[str, Gap | Undefined]) -> Rows:
    table: dict[str, dict[str, Cell]] = {}
    for figure, each in gap.items():
        if isinstance(each, Gap):
            for (first, second), measured in each.pairs.items():
                table.setdefault(f"{first} - {second}", {})[figure] = measured
    return table
