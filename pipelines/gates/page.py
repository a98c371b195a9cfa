"""A page of gate results: one HTML file that works offline, on a phone and on paper.

Everything from outside (names, file names, errors) goes through the template's escaping, and the
page may load nothing and run nothing, by its own content policy.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pipelines.gates.result import Finding, GateResult, said
from pipelines.lake.place import Place, place
from pipelines.lake.store import replace


def render_page(
    results: Sequence[GateResult], *, title: str, made_at: datetime | None = None
) -> str:
    """The page as text. `made_at` defaults to now; give it to get the same page again."""
    import jinja2  # late: comes with the quality extra

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["found"] = _found
    made = (made_at or datetime.now(UTC)).astimezone(UTC)
    return environment.get_template("page.html.j2").render(
        title=title,
        made_at=f"{made:%Y-%m-%d %H:%M} UTC",
        results=sorted(results, key=lambda result: (not result.blocked, result.passed)),
        blocked=any(result.blocked for result in results),
        passed=all(result.passed for result in results),
        order=_order,
    )


def write_page(
    path: str | Place, results: Sequence[GateResult], *, title: str, made_at: datetime | None = None
) -> Place:
    """Writes the page, whole or not at all, and returns its path."""
    target = place(path)
    if not isinstance(target, Path):
        replace(target, render_page(results, title=title, made_at=made_at).encode())
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(render_page(results, title=title, made_at=made_at))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _order(findings: Sequence[Finding]) -> list[Finding]:
    """What failed first, critical before warning; the rest as in the suite."""
    return sorted(findings, key=lambda f: (f.success, f.severity != "critical"))


def _found(finding: Finding) -> str:
    if finding.error is not None or finding.unexpected_count is not None:
        return said(finding)
    if finding.told is not None:
        return finding.told
    if finding.observed is None:
        return "nothing to observe"
    if finding.type == "share_of_rows":
        return f"{finding.observed:.1%} of rows"
    if isinstance(finding.observed, int):
        return f"{finding.observed:,} observed"
    return f"{finding.observed:.4g} observed"
