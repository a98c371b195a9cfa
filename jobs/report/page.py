"""The page of a report: one HTML file that works offline, on a phone and on paper, and runs nothing.

Everything from outside goes through the template's escaping or, in pictures, through `jobs.report.svg`; by its own
content policy the page may load nothing and run nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.evaluation.screen import visible
from jobs.report.charts.look import NARROW, WIDE
from jobs.report.model import Absent, Picture, Samples, Section, Sheet
from jobs.report.svg import draw
from jobs.report.words import cell

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Head:
    """The top of the page: title, a line below, and the figures that count most (name, value, below)."""

    title: str
    below: str
    cards: Sequence[tuple[str, str, str]]
    notes: Sequence[str] = ()


def render_page(head: Head, sections: Sequence[Section], *, made_at: datetime | None = None) -> str:
    """The page as text. `made_at` defaults to now; give it to get the same page again."""
    made = (made_at or datetime.now(UTC)).astimezone(UTC)
    text: str = (
        environment()
        .get_template("page.html.j2")
        .render(
            head=head,
            made_at=f"{made:%Y-%m-%d %H:%M} UTC",
            style=inert_file("style.css"),
            sections=[_shown(section) for section in sections],
        )
    )
    return text


def environment() -> Any:
    """Templates of this folder: escaping, and strict about names."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["visible"] = visible
    made.filters["cell"] = cell
    made.filters["visible_lines"] = lambda text: "\n".join(map(visible, text.split("\n")))
    made.filters["numeric"] = lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool)
    )
    return made


def inert_file(name: str) -> Any:
    """A file of this folder that stands on the page as it is."""
    from markupsafe import Markup

    return Markup((_FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def svg_pair(picture: Picture, ids: str) -> dict[str, Any]:
    """The picture in both widths, as inert markup."""
    from markupsafe import Markup

    return {
        "wide": Markup(draw(picture.chart(WIDE), f"{ids}w")),  # noqa: S704 - made inert
        "narrow": Markup(draw(picture.chart(NARROW), f"{ids}n")),  # noqa: S704 - made inert
    }


def _shown(section: Section) -> dict[str, Any]:
    items: list[dict[str, Any]] = []
    for place, item in enumerate(section.items):
        ids = f"{section.slug}-{place}"
        shown: dict[str, Any] = {"item": item, "ids": ids, "kind": _KINDS[type(item)]}
        if isinstance(item, Picture):
            shown |= svg_pair(item, ids)
        items.append(shown)
    return {"slug": section.slug, "title": section.title, "intro": section.intro, "items": items}


_KINDS = {Picture: "picture", Sheet: "sheet", Absent: "absent", Samples: "samples"}
