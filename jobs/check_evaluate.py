"""The evaluation gates of a run: its candidate labels against the gold of its records."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import polars as pl

from jobs.check_memory import Memory, key_of
from jobs.check_stages import Stage
from jobs.evaluation.answers import Answers
from jobs.evaluation.gold import gold_of
from jobs.evaluation.measured import Draw, plain_figures, plain_intervals
from jobs.session import Session
from pipelines.gates.errors import safe_error
from pipelines.gates.evaluation import broken, judge_evaluation
from pipelines.gates.evaluation_rows import rows_with_gold
from pipelines.gates.result import Finding, GateResult
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.snapshots import state
from schemas.config.base import semantic
from schemas.config.check import EvaluateConfig
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.manifest import Part
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import SCORES_TYPE

VERSION = 1


def evaluation_gates(
    session: Session, stages: Sequence[Stage], parts: Sequence[Part], memory: Memory
) -> Iterator[GateResult]:
    """A result for each label stage that an evaluation gate is about.

    Evaluated are all candidate rows of the corpora of this run, those that are published already included.
    """
    for stage in stages:
        gates = [
            gate
            for gate in session.config.check.evaluate
            if stage.fits(gate) and gate.figure in stage.figures
        ]
        labels = [p for p in parts if p.dataset == "labels" and p.variant == stage.variant]
        if gates and labels:
            clean = [part for part in parts if part.dataset == "clean"]
            yield _result(session, stage, gates, labels, clean, _answers(session, clean), memory)


def _answers(session: Session, clean: Sequence[Part]) -> list[Part]:
    """What people answered about records of these corpora: a run publishes none, so that it is what is published."""
    corpora = {part.corpus for part in clean}
    newest = state(session.lake)[1].values()
    return [part for part in newest if part.dataset == "annotations" and part.corpus in corpora]


def _result(
    session: Session,
    stage: Stage,
    gates: Sequence[EvaluateConfig],
    labels: Sequence[Part],
    clean: Sequence[Part],
    people: Sequence[Part],
    memory: Memory,
) -> GateResult:
    started = time.perf_counter()
    answered, annotated, later = (
        sorted(name for part in of for name in part.stored) for of in (labels, clean, people)
    )
    key = key_of(
        "evaluation", VERSION, [semantic(gate) for gate in gates], stage.variant, answered, annotated,
        *([later] if later else []),
    )  # fmt: skip
    known = memory.find(key)
    if known is not None:
        return replace(known, seconds=0.0)
    try:
        rows = rows_with_gold(
            [str(session.lake.path(name)) for name in answered],
            [str(session.lake.path(name)) for name in annotated],
            task=stage.task.name,
            taxonomy=stage.taxonomy.name,
            numbers=stage.task.answer != "labels",
            memory_limit=session.config.engine.memory_limit,
            threads=session.config.engine.workers,
            annotations=[str(session.lake.path(name)) for name in later],
        )
        findings = _findings(gates, rows, stage)
        found: int | None = rows.height
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise_store_trouble(error)
        findings = [broken(gate, safe_error(error)) for gate in gates]
        found = None
    return GateResult(
        suite="evaluation",
        version=VERSION,
        dataset="labels",
        rows=found,
        files=len(answered),
        seconds=round(time.perf_counter() - started, 3),
        findings=tuple(findings),
        kind="evaluation",
        variant=stage.variant,
        key=key,
    )


def evaluate_rows(
    rows: pl.DataFrame,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    splits: Sequence[str] = (),
    resamples: int = 1000,
) -> dict[str, Any]:
    """Figures and intervals of the rows with gold (of the `splits`), as `affectmine evaluate --json` names them.

    `rows` as pipelines.gates.evaluation_rows gives them. Without any gold only `n` is there, 0. SourceError: gold
    outside the taxonomy.
    """
    if splits:
        split = pl.element().struct.field("split")
        rows = rows.with_columns(
            pl.col("gold").list.eval(pl.element().filter(split.is_in(list(splits))))
        )
    gold = gold_of(rows["gold"], task, taxonomy)
    there = gold.annotated
    if not there.any():
        return {"n": 0}
    columns = ["status", "labels", "scores", "reason"]
    columns += ["answer"] if "answer" in rows.columns else []
    frame = rows.select(columns).with_columns(pl.col("scores").cast(SCORES_TYPE))
    answers = Answers("", "", frame).take(there)
    units = rows.filter(pl.Series(there))["unit"].to_numpy()
    measured = gold.take(there).compared(answers).measure(Draw(resamples=resamples, groups=units))
    return {
        "n": answers.frame.height,
        "coverage": float(answers.labeled.mean()),
        **plain_figures(measured.figures),
        "intervals": plain_intervals(measured.intervals),
        measured.section: {name: one.to_json() for name, one in measured.per_name.items()},
    }


def _findings(gates: Sequence[EvaluateConfig], rows: pl.DataFrame, stage: Stage) -> list[Finding]:
    """Gates about the same rows share one evaluation."""
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, Any] | str] = {}
    findings = []
    for gate in gates:
        which = (gate.corpora, gate.splits)
        if which not in known:
            known[which] = _evaluate(gate, rows, stage)
        content = known[which]
        findings.append(
            broken(gate, content) if isinstance(content, str) else judge_evaluation(gate, content)
        )
    return findings


def _evaluate(gate: EvaluateConfig, rows: pl.DataFrame, stage: Stage) -> dict[str, Any] | str:
    """The evaluation, or why there is none."""
    chosen = rows.filter(pl.col("corpus").is_in(list(gate.corpora))) if gate.corpora else rows
    try:
        return evaluate_rows(chosen, stage.task, stage.taxonomy, splits=gate.splits)
    except SourceError:
        # Its message names the strange labels, which may be texts where a column was mistaken.
        return (
            f"gold of {stage.task.name} has labels or levels that {stage.taxonomy.name} does not have; compare "
            "corpora[].gold in the config with the taxonomy"
        )
