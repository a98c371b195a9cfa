"""Judges an evaluation of candidate labels: the limit of a config against what was found."""

from collections.abc import Mapping
from typing import Any

from pipelines.gates.result import Finding
from schemas.config.check import EvaluateConfig
from transforms.evaluate.limits import Limit, find_figure, judge

_WHY = (
    "Against gold the labels are not good enough to be published. Look at the figures per label (affectmine "
    "evaluate), at the gold and at its label set; train or choose another labeler, or set a limit in check.evaluate "
    "that this one can keep."
)


def limit_of(config: EvaluateConfig) -> Limit:
    """The limit that a config sets."""
    if config.min is not None:
        return Limit(config.figure, "min", config.min, config.bound)
    assert config.max is not None  # the config says so
    return Limit(config.figure, "max", config.max, config.bound)


def judge_evaluation(config: EvaluateConfig, content: Mapping[str, Any]) -> Finding:
    """The finding of one gate. `content` is the evaluation as JSON, with its rows with gold as `n`."""
    limit = limit_of(config)
    rows = int(content["n"])
    where = _where(config)
    if rows < config.min_rows:
        told = f"{where}not judged, {rows:,} rows with gold: under min_rows ({config.min_rows:,})"
        return _finding(config, limit, told=told, judged=False)
    verdict = judge(limit, content)
    if verdict.error is not None:
        return _finding(config, limit, error=verdict.error)
    value = find_figure(content, config.figure)
    return _finding(
        config,
        limit,
        success=verdict.holds,
        observed=value if isinstance(value, float) else None,
        told=f"{where}{verdict.told} ({rows:,} rows with gold)",
    )


def broken(config: EvaluateConfig, error: str) -> Finding:
    """The finding of a gate that could not be evaluated."""
    return _finding(config, limit_of(config), error=error)


def _where(config: EvaluateConfig) -> str:
    parts = [", ".join(config.corpora), ", ".join(config.splits)]
    told = ", split ".join(part for part in parts if part)
    if config.splits and not config.corpora:
        told = f"split {told}"
    return f"{told}: " if told else ""


def _finding(
    config: EvaluateConfig,
    limit: Limit,
    *,
    success: bool | None = None,
    observed: float | None = None,
    told: str | None = None,
    error: str | None = None,
    judged: bool = True,
) -> Finding:
    bound = "" if limit.bound == "estimate" else f"_{limit.bound}"
    return Finding(
        id=f"{limit.figure}{bound}_at_{'least' if limit.side == 'min' else 'most'}_{limit.value:g}",
        type="evaluation",
        column=_where(config).removesuffix(": ") or None,
        severity=config.severity,
        success=not judged if success is None else success,
        observed=observed,
        unexpected_count=None,
        why=_WHY,
        error=error,
        told=told,
        judged=judged,
    )
