"""Metrics of a run, named after Prometheus' conventions. Their labels have few values: names of stages, corpora and
outcomes, never a shard, a file, a speaker or a text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from jobs.metrics.told import RunTold, StageTold, our_version
from pipelines.lake.snapshots import numbers
from schemas.errors import MissingExtraError, TransientError
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LAST_SUCCESS = "affectmine_last_success_timestamp_seconds"
_REASONS = 40  # of a stage at most; the rarer ones are `other`
# Reasons are words of ours, some with the code of a language behind; a declared language may be anything.
_REASON = re.compile(r"[a-z][a-z0-9_]{0,48}(:[a-z]{2,3}(-[a-zA-Z0-9]{2,8})?)?")
_NOT_OUTCOMES = {"in", "records"}

Values = Mapping[tuple[str, ...], float]


def _table() -> defaultdict[tuple[str, ...], float]:
    return defaultdict(float)


def families(told: RunTold, last_success: float | None) -> Iterator["Metric"]:
    """All metrics of what is known of a run. `last_success`: when a run last succeeded, seconds since 1970."""
    make = _Maker(told)
    yield from _of_run(told, last_success, make)
    yield from _of_stages([each for each in told.stages if each.ended or told.ended], told, make)
    yield from _of_failures(told, make)
    yield from _of_publication(told, make)


class _Maker:
    """Makes families of gauges that all say which pipeline they are of."""

    def __init__(self, told: RunTold) -> None:
        self._base = {"pipeline": told.pipeline} | ({"group": told.group} if told.group else {})

    def gauge(self, name: str, told: str, labels: str, values: Values) -> Iterator["Metric"]:
        """One family; `labels` are names with blanks between, and each key of `values` has one value for each."""
        from prometheus_client.core import GaugeMetricFamily

        if not values:
            return
        family = GaugeMetricFamily(
            f"affectmine_{name}", told, labels=[*self._base, *labels.split()]
        )
        for key in sorted(values):
            family.add_metric([*self._base.values(), *key], values[key])
        yield family


def _of_run(told: RunTold, last_success: float | None, make: _Maker) -> Iterator["Metric"]:
    def one(name: str, text: str, value: float | None) -> Iterator["Metric"]:
        return make.gauge(name, text, "", {} if value is None else {(): value})

    yield from make.gauge(
        "run_info", "What ran.", "version command engine",
        {(our_version(), told.command, told.engine): 1},
    )  # fmt: skip
    yield from one("run_in_progress", "1 while a run goes on.", float(told.ended is None))
    yield from one("run_start_timestamp_seconds", "When the newest run began.", told.began)
    yield from one("run_end_timestamp_seconds", "When it ended.", told.ended)
    length = None if told.ended is None else told.ended - told.began
    yield from one("run_duration_seconds", "How long it took.", length)
    code = (
        "What it returned: 0 ok, 1 terminal, 2 usage or config, 3 gate failed, 75 transient, "
        "130 Ctrl-C, 143 SIGTERM."
    )
    yield from one("run_exit_code", code, told.exit_code)
    yield from one(
        LAST_SUCCESS.removeprefix("affectmine_"),
        "When a run last went through to publication.",
        last_success,
    )


def _of_stages(stages: list[StageTold], told: RunTold, make: _Maker) -> Iterator["Metric"]:
    seconds, speed, shards, reasons = _table(), _table(), _table(), _table()
    rows_in, rows, out_rows, out_bytes = _table(), _table(), _table(), _table()
    for stage in stages:
        totals, fresh = stage.totals, 0
        key = (totals.name, totals.variant)
        seconds[key] += stage.seconds
        shards[(*key, "done")] += totals.shards - totals.skipped
        shards[(*key, "skipped")] += totals.skipped
        shards[(*key, "failed")] += totals.failed
        for reason, count in _few(totals.reasons).items():
            reasons[(*key, reason)] += count
        for manifest in totals.manifests:
            of = (*key, corpus_of(manifest))
            rows_in[of] += manifest.counts["in"]
            fresh += manifest.counts["in"] if manifest.run_id == told.run_id else 0
            for outcome in manifest.counts.keys() - _NOT_OUTCOMES:
                rows[(*of, outcome)] += manifest.counts[outcome]
            for file in manifest.outputs:
                out_rows[(*of, file.dataset)] += file.rows
                out_bytes[(*of, file.dataset)] += file.bytes
        if fresh and stage.seconds > 0:
            speed[key] = round(fresh / stage.seconds, 3)
    by, each = "stage variant", "stage variant corpus"
    gauge = make.gauge
    yield from gauge("stage_duration_seconds", "How long the stage took.", by, seconds)
    yield from gauge("stage_rows_per_second", "Rows of this run, not done before.", by, speed)
    yield from gauge("stage_shards", "Shards by state.", f"{by} state", shards)
    yield from gauge("stage_input_rows", "Rows that came in.", each, rows_in)
    yield from gauge("stage_rows", "Rows by what became of them.", f"{each} outcome", rows)
    why = "Rows that were quarantined, dropped, skipped or rejected, by reason."
    yield from gauge("stage_rows_by_reason", why, f"{by} reason", reasons)
    yield from gauge("stage_output_rows", "Rows written.", f"{each} dataset", out_rows)
    yield from gauge("stage_output_bytes", "Bytes written.", f"{each} dataset", out_bytes)
    yield from _of_language_models(stages, make)


def _of_language_models(stages: Iterable[StageTold], make: _Maker) -> Iterator["Metric"]:
    names = ("requests", "tokens", "reused_answers", "seconds", "price")
    spent = {name: _table() for name in names}
    kinds: dict[str, tuple[str, ...]] = {
        "prompt_tokens": ("tokens", "prompt"),
        "completion_tokens": ("tokens", "completion"),
        "cached_tokens": ("tokens", "cached"),
        "from_cache": ("reused_answers", "cache"),
        "shared": ("reused_answers", "shared"),
        "requests": ("requests",),
        "seconds": ("seconds",),
        "price": ("price",),
    }
    for stage in stages:
        for name, value in stage.totals.cost.items():
            if name in kinds:
                family, *kind = kinds[name]
                spent[family][(stage.totals.name, stage.totals.variant, *kind)] += value
    by = "stage variant"
    yield from make.gauge("llm_requests", "Requests sent in this run.", by, spent["requests"])
    tokens = "Tokens; those of the prompt that were cached count as prompt, too."
    yield from make.gauge("llm_tokens", tokens, f"{by} kind", spent["tokens"])
    reused = "Answers that were not asked for again."
    yield from make.gauge("llm_reused_answers", reused, f"{by} source", spent["reused_answers"])
    yield from make.gauge("llm_seconds", "Working time of the servers.", by, spent["seconds"])
    yield from make.gauge("llm_cost", "In the currency of the labeler file.", by, spent["price"])


def _of_failures(told: RunTold, make: _Maker) -> Iterator["Metric"]:
    errors: list[tuple[str, BaseException]] = [(stage, error) for stage, _, error in told.failures]
    if told.error is not None:
        errors.append(("run", told.error))
    found = _table()
    for where, error in errors:
        kind = "transient" if isinstance(error, TransientError) else "terminal"
        found[(where, type(error).__name__, kind)] += 1
    what = "Shards that failed, and what stopped the run as a whole (stage run)."
    yield from make.gauge("failures", what, "stage error_class kind", found)


def _of_publication(told: RunTold, make: _Maker) -> Iterator["Metric"]:
    if told.lake is not None and (there := numbers(told.lake)):
        what = "Number of the newest snapshot of the lake."
        yield from make.gauge("snapshot_number", what, "", {(): there[-1]})
    if (published := told.published) is not None:
        what = "Partitions that this run published anew."
        yield from make.gauge("partitions_changed", what, "", {(): published.changed})
        findings, blocked = _table(), _table()
        for gate in published.gates:
            key = (gate.kind, gate.dataset, gate.variant)
            blocked[key] = float(gate.blocked)
            for each in gate.findings:
                result = "held" if each.judged else "not_judged"
                findings[(*key, result if each.success else each.severity)] += 1
        by = "gate dataset variant"
        what = "Expectations: held, not_judged, or failed as warning or critical."
        yield from make.gauge("gate_expectations", what, f"{by} result", findings)
        yield from make.gauge("gate_blocked", "1 where nothing could be published.", by, blocked)
    built = told.outcome.marts if told.outcome else None
    if built is not None:
        missing = sum(isinstance(each, MissingExtraError) for each in built.errors.values())
        states: Values = {
            ("built",): len(built.fresh),
            ("there_already",): len(built.made) - len(built.fresh),
            ("missing_extra",): missing,
            ("failed",): len(built.errors) - missing,
        }
        yield from make.gauge("marts", "Marts by state.", "state", states)


def corpus_of(manifest: Manifest) -> str:
    """The corpus that a manifest is of: the folder before partition (of ingest: file) and name."""
    return manifest.name.split("/")[-3]


def _few(reasons: Mapping[str, int]) -> dict[str, int]:
    """Reasons that may be labels, the most frequent ones; the others together."""
    told: Counter[str] = Counter()
    for reason, count in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        fits = _REASON.fullmatch(reason) and len(told) < _REASONS
        told[reason if fits else "other"] += count
    return dict(told)
