"""The report of a snapshot: opens it, asks its sections, writes the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.check_memory import results_of
from jobs.report.funnel import Funnel, read_funnel
from jobs.report.model import Picture, Section
from jobs.report.opening import open_source
from jobs.report.page import Head, render_page
from jobs.report.sections.counseling import counseling_section
from jobs.report.sections.funnel import funnel_section, languages_section
from jobs.report.sections.gates import cost_section, gates_section
from jobs.report.sections.influence import influence_section
from jobs.report.sections.labels import labels_section
from jobs.report.sections.people import people_section
from jobs.report.sections.roles import roles_section
from jobs.report.sections.samples import samples_section
from jobs.report.sections.time import time_section
from jobs.report.sections.trajectories import trajectories_section
from jobs.report.sections.words import words_section
from jobs.report.source import MOST_CORPORA, Source
from jobs.report.words import cell, count, listed, many, name
from jobs.target import write_whole
from pipelines.gates.result import GateResult
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place


@dataclass(frozen=True)
class Report:
    """The head and sections of a page."""

    head: Head
    sections: Sequence[Section]

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return sum(isinstance(item, Picture) for section in self.sections for item in section.items)

    def render(self) -> str:
        """The page."""
        return render_page(self.head, self.sections)


def make_report(source: Source) -> Report:
    """Asks everything that the page tells of a snapshot."""
    assert source.lake is not None
    funnel = read_funnel(source.lake, source.parts.values())
    gates = [] if source.snapshot is None else results_of(source.lake.runs / source.snapshot.run_id)
    sections = [
        funnel_section(funnel),
        languages_section(source),
        labels_section(source),
        time_section(source),
        roles_section(source),
        trajectories_section(source),
        influence_section(source),
        words_section(source),
        counseling_section(source),
        people_section(source, gates),
        gates_section(source, gates),
        cost_section(source, funnel),
        samples_section(source),
    ]
    return Report(_head(source, funnel, gates), sections)


def _head(source: Source, funnel: Funnel, gates: Sequence[GateResult]) -> Head:
    assert source.lake is not None
    assert source.snapshot is not None
    number, made = source.snapshot.number, source.snapshot.created_at
    corpora = sorted({part.corpus for part in source.parts.values()})
    kept = sum(step.went_on for step in funnel.of("clean"))
    labels = funnel.of("label")
    most = max((step.went_on for step in labels), default=0)
    bad = sum(not gate.passed for gate in gates)
    cards = [
        ("snapshot", str(number), f"published {made[:16].replace('T', ' ')} UTC"),
        ("corpora", count(len(corpora)), name(listed([name(each) for each in corpora[:3]]))),
        ("records", count(kept), _span(source)),
        ("labeled", count(most), f"by the labeler with most rows; {many(len(labels), 'question')}"),
        ("gates", "passed" if gates and not bad else "warned" if gates else "unknown",
         f"{bad} of {many(len(gates), 'gate')} did not pass" if gates else "the run left no results"),
    ]  # fmt: skip
    return Head(
        title=f"{name(source.lake.root.name)}: report of snapshot {number}",
        below=f"What the labels of {many(len(corpora), 'corpus', 'corpora')} say.",
        cards=cards,
        notes=[_terms(source, corpora)],
    )


def _span(source: Source) -> str:
    """From when to when the labeled records are. Partitions do not tell: without a time they are days of ingest."""
    if "mart_label_counts" not in source.views:
        return "kept by cleaning"
    found = source.frame(
        "SELECT min(day) AS first, max(day) AS last, count(*) AS n, count(day) AS timed FROM mart_label_counts"
    )
    first, last, n, timed = found.row(0)
    if not n:
        return "kept by cleaning"
    if first is None:
        return "no times"
    told = cell(first) if first == last else f"{cell(first)} to {cell(last)}"
    return told if timed == n else f"{told}, some without a time"


def _terms(source: Source, corpora: Sequence[str]) -> str:
    """License and consent of each corpus, as its reader was told."""
    assert source.lake is not None
    told = []
    for corpus in corpora[:MOST_CORPORA]:
        known = _notes(source.lake.root / "corpora" / f"{corpus}.json")
        what = [str(known[key]) for key in ("domain", "license", "consent") if known.get(key)]
        told.append(f"{name(corpus)} ({'; '.join(name(each) for each in what) or 'nothing noted'})")
    left = len(corpora) - MOST_CORPORA
    return "Corpora: " + ", ".join(told) + (f", and {left} more." if left > 0 else ".")


def _notes(path: Place) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Written:
    """A page that was written."""

    page: Path
    snapshot: int
    sections: int
    pictures: int
    bytes: int

    @property
    def told(self) -> str:
        """In words."""
        size = f"{self.bytes / 1e6:,.1f} MB"
        return f"{self.page}: snapshot {self.snapshot}, {many(self.pictures, 'picture')}, {size}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"page": str(self.page)}


def write_report(lake: Lake, output: Path, as_of: int | None = None) -> Written:
    """Writes the page of the newest snapshot, or of `as_of`; whole or not at all.

    Raises ConfigError or TransientError when it cannot be written, TerminalError when nothing is published.
    """
    with open_source(lake, as_of) as source:
        assert source.snapshot is not None
        number = source.snapshot.number
        report = make_report(source)
    text = report.render()
    write_whole(output, text)
    return Written(output, number, len(report.sections), report.pictures, len(text.encode()))
