"""Quality gates of the run that published, and what it all cost."""

from __future__ import annotations

from functools import partial

from jobs.costs import told_cost
from jobs.report.charts.bars import bars
from jobs.report.funnel import Funnel, Step
from jobs.report.model import Absent, Item, Numbers, Picture, Section, Sheet
from jobs.report.source import Source
from jobs.report.words import cell, count, many, name, number, numbers
from pipelines.gates.result import Finding, GateResult, said


def gates_section(source: Source, gates: list[GateResult]) -> Section:
    """What the gates found: a line each, and everything that did not hold."""
    intro = "Expectations that the data had to meet before they were published. A critical one that fails blocks them."
    if not gates:
        marks = [part for part in source.parts.values() if part.gate]
        passed = sum(bool(part.gate.get("passed")) for part in marks)
        why = (
            f"The run of this snapshot left no results of gates; of {many(len(source.parts), 'partition')}, "
            f"{len(marks)} bear the mark of one, {passed} of them passed."
        )
        return Section("gates", "Quality gates", intro, [Absent("Gates", why)])
    rows = tuple(
        (gate.title, gate.rows, len(gate.findings), len(gate.failures("warning")), len(gate.failures("critical")),
         "passed" if gate.passed else "blocked" if gate.blocked else "warned")
        for gate in gates
    )  # fmt: skip
    columns: tuple[str, ...] = ("gate", "rows", "expectations", "warnings", "critical", "result")
    bad = [gate for gate in gates if not gate.passed]
    items: list[Item] = [
        Sheet(
            "Gates",
            Numbers(columns, rows[:50], max(0, len(rows) - 50)),
            "All gates passed." if not bad else f"{len(bad)} of {len(gates)} gates did not pass.",
        )
    ]  # fmt: skip
    failed = tuple(
        (gate.title, finding.id, finding.severity, what_was_found(finding), finding.why)
        for gate in gates
        for finding in gate.findings
        if not finding.success
    )
    if failed:
        columns = ("gate", "expectation", "severity", "found", "why it matters")
        items.append(
            Sheet("What did not hold", Numbers(columns, failed[:50], max(0, len(failed) - 50)))
        )
    return Section("gates", "Quality gates", intro, items)


def what_was_found(finding: Finding) -> str:
    """What was found, in words; a dash where nothing was observed."""
    told = (finding.error, finding.told, finding.unexpected_count, finding.observed)
    return "–" if all(each is None for each in told) else said(finding)


def cost_section(source: Source, funnel: Funnel) -> Section:
    """Time, throughput, money and calls."""
    intro = "Time is that of the work itself, summed over processes: several at once take less time on the clock."
    items: list[Item] = []
    steps = [step for step in funnel.steps if step.seconds > 0]
    if not steps:
        items.append(Absent("Throughput", "No manifest of this snapshot tells of time."))
    else:
        rows = [
            {
                "name": name(s.title),
                "value": s.came_in / s.seconds,
                "text": count(s.came_in / s.seconds),
            }
            for s in steps[:12]
        ]
        slowest = min(steps, key=lambda s: s.came_in / s.seconds)
        total = sum(step.seconds for step in steps)
        items.append(
            Picture(
                title="Throughput",
                chart=partial(bars, rows, unit="rows per second of one process"),
                reading=f"Slowest is {name(slowest.title)} with {count(slowest.came_in / slowest.seconds)} rows/s; "
                f"all stages took {_time(total)} of work.",
                caption=f"Rows in, by the seconds that the manifests tell.{_shared(steps)}",
                numbers=Numbers(
                    ("stage", "shards", "rows in", "seconds", "rows/s", "cost"),
                    tuple(
                        (s.title, s.shards, s.came_in, round(s.seconds, 2), s.came_in / s.seconds,
                         told_cost(s.cost, s.came_in))
                        for s in steps[:50]
                    ),
                ),
            )
        )  # fmt: skip
    paid = [(step.title, told) for step in steps if (told := told_cost(step.cost, step.came_in))]
    if paid:
        items.append(Sheet("Cost of language models", Numbers(("stage", "cost"), tuple(paid[:50]))))
    else:
        items.append(
            Absent("Cost of language models", "No language model was asked for this snapshot.")
        )
    return Section("cost", "Cost and throughput", intro, [*items, *_calls(source)])


def _shared(steps: list[Step]) -> str:
    """Manifests of one pass have equal parts of its seconds (`pipelines.stages.shard`): they add up."""
    together = sum(step.together for step in steps)
    if not together:
        return ""
    return (
        f" {together} labelings were made in one pass with others, which share its seconds evenly: the seconds add up, "
        "but none of them alone is as fast as it looks here."
    )


_CALLS = (
    "SELECT labeler, task, count(*) AS calls, sum(attempts)::BIGINT AS attempts,\n"
    "  sum(prompt_tokens)::BIGINT AS prompt_tokens, sum(cached_tokens)::BIGINT AS cached_tokens,\n"
    "  sum(completion_tokens)::BIGINT AS completion_tokens,\n"
    "  quantile_cont(latency_ms, 0.5) AS median_ms, quantile_cont(latency_ms, 0.95) AS p95_ms\n"
    "FROM calls GROUP BY labeler, task ORDER BY calls DESC, labeler, task LIMIT 50"
)


def _calls(source: Source) -> list[Item]:
    if "calls" not in source.views:
        return []
    calls = source.frame(_CALLS)
    if not calls.height:
        return []
    top = calls.row(0, named=True)
    half = f"half of the answers took less than {cell(top['median_ms'])} ms"
    reading = f"{name(top['labeler'])} was asked {count(top['calls'])} times; {half}."
    return [Sheet("Calls", numbers(calls), reading, _CALLS)]


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{number(seconds, 1)} s"
    return f"{number(seconds / 60, 1)} min" if seconds < 7200 else f"{number(seconds / 3600, 1)} h"
