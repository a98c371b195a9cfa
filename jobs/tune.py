"""Tries variants of a prompt on gold within a budget, and writes the best labeler file: `affectmine tasks tune`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.measured import Compared, Draw, Figures
from jobs.evaluation.table import HEAD
from jobs.target import check_target
from jobs.tune_answers import Asking, Cost, Load, Part, key_of
from jobs.tune_gold import TuningGold, tuning_gold
from jobs.tune_halving import Halving, Standing, halve
from jobs.tune_variants import DEMONSTRATIONS, PLAIN, Arm, arms_of, default_names
from jobs.tune_write import absolute, write_winner
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import LanguageModel, load_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.figures import Undefined
from transforms.evaluate.paired import Difference, paired_test
from transforms.label import registry

_KEPT: Final = 0.4  # of the budget, for the report
_STUDENT: Final = "student"
_FIGURE: Final = {"labels": "macro_f1", "scalars": "ccc", "ordinals": HEAD["ordinals"][0]}


@dataclass(frozen=True)
class Tried:
    """A variant on the rows that it was tuned on."""

    name: str
    rows: int
    figure: float | None
    interval: tuple[float, float] | None
    cost: Cost


@dataclass(frozen=True)
class Report:
    """The winner and the plain prompt on rows that no variant was chosen by; `difference` is winner less plain."""

    rows: int
    winner: float | None
    winner_interval: tuple[float, float] | None
    plain: float | None
    plain_interval: tuple[float, float] | None
    difference: Difference | None


@dataclass(frozen=True)
class Tuned:
    """What was tried (the winner first), what the winner is worth, and what was written. `figure`: by which."""

    figure: str
    tried: list[Tried]
    report: Report | None
    written: list[Path]
    requests: int
    tokens: int
    budget: int
    notes: list[str]


@dataclass(frozen=True)
class Question:
    """What is tuned: the labeler file (paths in it absolute), for which task and taxonomy."""

    model: LanguageModel
    task: LabelTask
    taxonomy: Taxonomy


def tune(
    gold: Path,
    *,
    labeler: str,
    task: str = "emotion",
    taxonomy: str | None = None,
    budget: int = 2000,
    variants: Sequence[str] = (),
    splits: Sequence[str] = (),
    output: Path = Path("best.yaml"),
    text_column: str = "text",
    labels_column: str = "labels",
    seed: int = 0,
    load: Load | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Tuned:
    """Successive halving over `variants` (default: each that applies) with at most about `budget` requests.

    Rows are tuned on or reported on, never both. `load` makes a labeler of a model (default: vLLM). Raises ConfigError
    for what cannot be tuned or is too small a budget, SourceError for gold that cannot be read or is too little.
    """
    check_target(output, (".yaml", ".yml"))
    asked = _question(labeler, task, taxonomy)
    names = list(variants) or default_names(
        asked.model, asked.task, hints=_has_student(asked.task, asked.taxonomy)
    )
    wanted = Wanted(text_column, labels_column)
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "demonstrations.parquet"
        arms = arms_of(asked.model, asked.task, names, shown, _STUDENT)
        needed = any(DEMONSTRATIONS in arm.uses for arm in arms)
        rows = tuning_gold(
            gold, asked.task, asked.taxonomy, splits, wanted, shown=needed, seed=seed
        )
        if needed:
            rows.shown.write_parquet(shown)
        asking = Asking(load or _loader(asked), rows.tune, rows.report, progress)
        standings, cost = _halved(arms, asking, rows, budget)
        by_name = {arm.name: arm for arm in arms}
        winner = by_name[standings[0].name]
        report = _report(winner, by_name[PLAIN], standings[0].rows, asking, cost, budget, seed)
        written = write_winner(
            winner, output, asking, standings[0].rows, rows.shown, _remark(winner, report, asked), gold
        )  # fmt: skip
        tried = [_tried(by_name[one.name], one, asking, seed) for one in standings]
    total = asking.costs.values()
    return Tuned(
        figure=_FIGURE[asked.task.answer],
        tried=tried,
        report=report,
        written=written,
        requests=sum(each.requests for each in total),
        tokens=sum(each.tokens for each in total),
        budget=budget,
        notes=_notes(winner, report, standings),
    )


def _question(labeler: str, task: str, taxonomy: str | None) -> Question:
    of_task = load_task(task)
    if of_task.answer not in _FIGURE:
        raise ConfigError(
            f"The task {of_task.name} is answered by {of_task.answer}, which cannot be tuned against gold.",
            remedy="Tune a task that is answered by labels, levels or numbers.",
        )
    model = load_language_model(labeler)
    if model.members:
        raise ConfigError(f"{labeler} is an ensemble.", remedy="Tune its members one by one.")
    return Question(
        absolute(model, Path(labeler).resolve().parent),
        of_task,
        load_taxonomy(taxonomy or of_task.taxonomy),
    )


def _loader(asked: Question) -> Load:
    from pipelines.serving.labeler import LanguageModelLabeler

    return lambda model: LanguageModelLabeler(
        model, asked.task, asked.taxonomy, base=Path.cwd(), calibrated=False
    )


def _has_student(task: LabelTask, taxonomy: Taxonomy) -> bool:
    try:
        registry.load_labeler(_STUDENT, task, taxonomy)
    except ConfigError:
        return False
    return True


def _halved(
    arms: Sequence[Arm], asking: Asking, rows: TuningGold, budget: int
) -> tuple[list[Standing], dict[str, float]]:
    by_name = {arm.name: arm for arm in arms}
    how = Halving(
        ask=lambda name, n: asking.upto(by_name[name], n),
        judge=lambda name, n: _figure(asking.compared(by_name[name], n), Draw(0))[0],
        key=lambda name: key_of(by_name[name]),
        rows=rows.tune.rows.height,
    )
    return halve(list(by_name), how, int(budget * (1 - _KEPT)))


def _figure(compared: Compared, draw: Draw) -> tuple[float | None, tuple[float, float] | None]:
    figures: Figures
    intervals: Intervals
    figures, intervals = compared.overall(draw)
    name = _head(figures)
    value = figures[name]
    return (None, None) if isinstance(value, Undefined) else (float(value), intervals.get(name))


def _head(figures: Figures | dict[str, Any]) -> str:
    return next(name for name in ("macro_f1", "quadratic_kappa", "ccc") if name in figures)


def _tried(arm: Arm, standing: Standing, asking: Asking, seed: int) -> Tried:
    part = asking.tune.first(standing.rows)
    value, interval = _figure(
        asking.compared(arm, standing.rows), Draw(seed=seed, groups=part.groups)
    )
    return Tried(arm.name, standing.rows, value, interval, asking.costs[key_of(arm)])


def _report(
    winner: Arm,
    plain: Arm,
    tuned: int,
    asking: Asking,
    cost: dict[str, float],
    budget: int,
    seed: int,
) -> Report | None:
    """On as many rows as the rest of the budget allows; None: on none."""
    left = budget - sum(each.requests for each in asking.costs.values())
    keys = {key_of(arm): cost[arm.name] for arm in (winner, plain)}
    a_row = sum(keys.values())
    height = asking.report.rows.height
    n = height if a_row == 0 else min(height, int(left / a_row))
    if n < 2:
        return None
    one, other = (asking.reported(arm, n, tuned) for arm in (plain, winner))
    part: Part = asking.report.first(n)
    draw = Draw(seed=seed, groups=part.groups)
    (p, p_interval), (w, w_interval) = _figure(one, draw), _figure(other, draw)
    difference = None
    if winner.name != plain.name:
        shared = one.shared(other)
        found = paired_test(shared[0].statistic(), shared[1].statistic(), **draw.arguments)
        difference = found[_head(found)]
    return Report(n, w, w_interval, p, p_interval, difference)


def _remark(winner: Arm, report: Report | None, asked: Question) -> str:
    told = f"affectmine tasks tune: {winner.name}, for {asked.task.name} in {asked.taxonomy.name}"
    if report is None or report.winner is None:
        return told
    return f"{told}; {_FIGURE[asked.task.answer]} {report.winner:.3f} on {report.rows} rows that were kept back"


def _notes(winner: Arm, report: Report | None, standings: Sequence[Standing]) -> list[str]:
    notes = []
    if winner.name == PLAIN:
        notes.append("No variant was better than the plain prompt.")
    if report is None:
        notes.append("Nothing of the budget was left to report on rows that were kept back.")
    elif (
        report.difference is not None
        and not isinstance(report.difference.p, Undefined)
        and report.difference.p > 0.05
    ):
        notes.append(
            "On rows that were kept back the difference may be chance: keep the plain prompt, or tune with more gold."
        )
    if standings[-1].rows < 100:
        notes.append(
            f"The first round had {standings[-1].rows} rows a variant: one that was left there may be good."
        )
    return notes
