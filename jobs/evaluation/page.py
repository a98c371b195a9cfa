"""A page of an evaluation: one HTML file that works offline, on a phone and on paper.

Everything from outside (names of labels, files, languages) goes through the template's escaping, and by its own
content policy the page may load nothing and run nothing. There is no text of any row on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.evaluation.picture import reliability_svg, strip_svg
from jobs.evaluation.screen import visible
from jobs.evaluation.summary import asked_of, summary
from jobs.evaluation.table import HEAD, NAMES, Cell, Table
from jobs.evaluation.view import tables
from jobs.target import write_whole
from schemas.errors import MissingExtraError


def require_templates() -> None:
    """Raises MissingExtraError where pages cannot be made."""
    try:
        import jinja2  # noqa: F401
    except ImportError:
        raise MissingExtraError("evaluate", "The page of an evaluation") from None


def render_page(content: Mapping[str, Any], *, made_at: datetime | None = None) -> str:
    """The page of an evaluation (its JSON). `made_at` defaults to now; give it to get the same page again."""
    require_templates()
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.filters["strip"] = lambda strip: Markup(strip_svg(strip))  # noqa: S704 - numbers only
    made = (made_at or datetime.now(UTC)).astimezone(UTC)
    calibration = content.get("calibration")
    shown = tables(content)
    return environment.get_template("page.html.j2").render(
        title=f"{content['labeler']} against gold: {asked_of(content)}",
        gold=content.get("gold", "gold"),
        made_at=f"{made:%Y-%m-%d %H:%M} UTC",
        summary=summary(content),
        cards=_cards(content),
        tables=shown,
        picture=None if calibration is None else Markup(reliability_svg(calibration["bins"])),  # noqa: S704
        bins=None if calibration is None else _bins(calibration["bins"]),
        ece=None if calibration is None else calibration["ece"],
    )


def write_page(path: Path, content: Mapping[str, Any]) -> None:
    """Writes the page, whole or not at all. ConfigError or TransientError: it cannot be written."""
    write_whole(path, render_page(content))


def _cards(content: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The figures that count most, large: name, value, what stands below."""
    head = [name for name in HEAD[content["answer"]] if name in content]
    if content["answer"] == "labels":
        head = ["accuracy" if "accuracy" in content else "micro_f1", "macro_f1"][::-1]
    cards = []
    for name in head:
        value, bounds = content[name], content["intervals"].get(name)
        if isinstance(value, Mapping):
            cards.append((NAMES[name], "undefined", f"because {value['undefined']}"))
            continue
        low_high = f"{bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else "no interval"
        people = content["people"]["ceiling"].get(name) if "people" in content else None
        beside = f"; people {people:.3f}" if isinstance(people, float) else ""
        cards.append((NAMES[name], f"{value:.3f}", low_high + beside))
    counts = content["statuses"]
    cards.append(
        (
            "coverage",
            f"{content['coverage']:.1%}",
            f"{counts.get('labeled', 0):,} of {content['n']:,} rows",
        )
    )
    return cards


def _bins(bins: list[dict[str, Any]]) -> Table:
    table = Table("Bins", ["probability", "cases", "mean told", "share true"])
    for each in bins:
        if each["n"]:
            row = [table.cell(each[key]) for key in ("n", "mean_probability", "share_true")]
            name = table.cell(each["low"]).text[:-1], table.cell(each["high"]).text[:-1]
            table.rows.append([Cell(f"{name[0]} to {name[1]}", numeric=False), *row])
    return table
