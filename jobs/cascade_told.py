"""What is known of a cascade: as JSON, and in words."""

from dataclasses import dataclass
from typing import Any

from jobs.costs import short
from transforms.evaluate.cascade_figures import Estimate
from transforms.evaluate.figures import Figure, Undefined, figure_json


@dataclass(frozen=True)
class CascadeReport:
    """`rows` that the first labeler was asked about, `reasons` by what was chosen (those that dedup dropped left out),
    `asked` of them by the second. `agreement`: on `audited` rows that both answered. `saved`: the share of the second
    labeler's cost that asking about all would have cost more, and `saved_cost`, by kind of cost. `quality`: macro-F1 on
    the `gold_rows` of the audit sample.
    """

    task: str
    taxonomy: str
    first: str
    second: str
    rows: int
    asked: int
    reasons: dict[str, int]
    audited: int
    agreement: dict[str, Estimate]
    saved: Figure
    saved_cost: dict[str, float]
    gold_rows: int
    quality: dict[str, Estimate]

    @property
    def share_asked(self) -> Figure:
        """The share of rows that the second labeler was asked about."""
        return self.asked / self.rows if self.rows else Undefined("there are no rows")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "task": self.task,
            "taxonomy": self.taxonomy,
            "first": self.first,
            "second": self.second,
            "rows": self.rows,
            "asked": self.asked,
            "share_asked": figure_json(self.share_asked),
            "reasons": self.reasons,
            "audit": {
                "rows": self.audited,
                "agreement": {name: each.to_json() for name, each in self.agreement.items()},
                "gold_rows": self.gold_rows,
                "macro_f1": {name: each.to_json() for name, each in self.quality.items()},
            },
            "saved": figure_json(self.saved),
            "saved_cost": self.saved_cost,
        }


def told_cascade(report: CascadeReport) -> str:
    """The report in a few lines."""
    share = report.share_asked
    asked = "" if isinstance(share, Undefined) else f" ({share:.1%})"
    why = ", ".join(f"{name} {count:,}" for name, count in sorted(report.reasons.items()))
    match, f1 = report.agreement["exact_match"], report.agreement["macro_f1"]
    named = f"Cascade {report.task} in {report.taxonomy}, {report.first} then {report.second}"
    sample = f"{report.audited:,} rows of the audit sample"
    lines = [
        f"{named}: {report.asked:,} of {report.rows:,} rows asked{asked}; {why}.",
        f"  Agreement on {sample}: exact match {match}, macro-F1 of one against the other {f1}.",
        f"  {_told_saved(report)}",
    ]
    if report.gold_rows:
        told = ", ".join(f"{name} {each}" for name, each in report.quality.items())
        lines.append(f"  Macro-F1 on {report.gold_rows:,} rows of it with gold: {told}.")
    else:
        lines.append("  Quality: undefined, because there is no gold in the audit sample.")
    return "\n".join(lines)


def _told_saved(report: CascadeReport) -> str:
    if isinstance(report.saved, Undefined):
        return f"Cost saved against asking about all: undefined, because {report.saved.because}."
    shown = {"price": "price", "seconds": "s of the servers", "prompt_tokens": "prompt tokens"}
    told = ", ".join(
        f"{short(report.saved_cost[name])} {word}"
        if name != "price"
        else f"price {report.saved_cost[name]:,.4g}"
        for name, word in shown.items()
        if report.saved_cost.get(name)
    )
    return f"Cost saved against asking about all: {report.saved:.1%} ({told})."
