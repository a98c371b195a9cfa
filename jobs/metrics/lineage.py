"""OpenLineage events of a run: START and then COMPLETE, FAIL or ABORT, of the run and of each of its stages.

Only the event model and the HTTP transport of openlineage-python are used. Its client is not: by itself it looks for
configuration in the environment and in files, and adds the address of a git repository that it finds, environment
variables and tags to what is sent. Here, events hold what is built below and nothing else.
"""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.metrics import lineage_datasets as datasets
from jobs.metrics.lineage_facets import Facets
from jobs.metrics.lineage_names import PARENT, ROOT, job_name, run_uuid, started_by
from jobs.metrics.told import RunTold, StageTold
from schemas.config.metrics import OpenLineageConfig
from schemas.errors import EXIT_OK, MissingExtraError

if TYPE_CHECKING:
    from jobs.marts import Built


class Lineage:
    """Makes the events of one run and hands them to delivery."""

    def __init__(self, config: OpenLineageConfig, base: Path) -> None:
        """Raises MissingExtraError without the extra, ConfigError for a file that cannot be written."""
        try:
            import openlineage.client.facet_v2
            import openlineage.client.transport.http  # noqa: F401 - found out now, not after hours
        except ImportError:
            raise MissingExtraError("metrics", "metrics.openlineage of the config") from None
        from jobs.metrics.lineage_delivery import Delivery

        self._namespace = config.namespace
        self._facets = Facets()
        self._delivery = Delivery(config, base)
        self._open: dict[int, StageTold] = {}
        self._begun = False

    def run_began(self, told: RunTold) -> None:
        """START of the run."""
        self._begun = True
        self._send(told, "", "START", told.began, self._parameters(told))

    def stages_began(self, told: RunTold, stages: list[StageTold]) -> None:
        """START of stages that run together."""
        for stage in stages:
            self._open[id(stage)] = stage
            self._send(told, stage.name, "START", stage.began)

    def stages_ended(self, told: RunTold, stages: list[StageTold]) -> None:
        """The end of stages that ran together."""
        for stage in stages:
            self._stage_ended(told, stage)

    def _stage_ended(self, told: RunTold, stage: StageTold) -> None:
        """COMPLETE of a stage, FAIL where a shard failed or something stopped the stage, ABORT where somebody did."""
        self._open.pop(id(stage), None)
        facets = self._facets
        run: dict[str, Any] = {}
        kind = "COMPLETE"
        if stage.totals.failed:
            kind, run = "FAIL", facets.error(_failed(told, stage))
        elif stage.ended is None:
            kind = "ABORT" if told.aborted else "FAIL"
            run = facets.error(_stopped(told.error))
        manifests = stage.totals.manifests
        written = datasets.written(manifests)
        now = datasets.written(datasets.of_this_run(manifests, told.run_id))
        inputs = [
            facets.corpus(self._namespace, name, datasets.of_this_run(of, told.run_id))
            for name, of in datasets.corpora(manifests)
            if stage.totals.name == "ingest"
        ]
        assert told.lake is not None
        inputs += [
            facets.input(told.lake, name)
            for name in datasets.read(stage.totals.name, written, datasets.before(told, stage))
        ]
        outputs = [
            facets.output(told.lake, name, files, now.get(name, []))
            for name, files in written.items()
        ]
        self._send(told, stage.name, kind, stage.ended or told.ended, run, inputs, outputs)

    def checked(self, told: RunTold) -> None:
        """START and the end of check, with what its gates found."""
        if told.published is None or not told.published.gates:
            return
        assert told.lake is not None
        gates, blocked = told.published.gates, told.published.blocked
        inputs = [
            self._facets.gated(told.lake, name, gates)
            for name in datasets.all_written(told)
            if any(datasets.is_about(gate, name) for gate in gates)
        ]
        began = max([each.ended or told.began for each in told.stages], default=told.began)
        run = {} if blocked is None else self._facets.error(str(blocked))
        kind = "COMPLETE" if blocked is None else "FAIL"
        self._send(told, "check", "START", began)
        self._send(told, "check", kind, told.checked, run, inputs)

    def run_ended(self, told: RunTold) -> None:
        """The end of what is still open, of check and marts, and of the run."""
        if not self._begun:  # it failed before it had a journal
            self.run_began(told)
        for stage in list(self._open.values()):
            self._stage_ended(told, stage)
        if told.outcome is not None and told.outcome.marts is not None:
            self._marts(told, told.outcome.marts)
        kind = "COMPLETE" if told.exit_code == EXIT_OK else "ABORT" if told.aborted else "FAIL"
        run = self._parameters(told)
        if kind != "COMPLETE":
            run |= self._facets.error(_whole(told))
        self._send(told, "", kind, told.ended, run)

    def close(self) -> str | None:
        """Waits a little for what is on its way; what was not delivered, in words."""
        return self._delivery.close()

    def _marts(self, told: RunTold, built: "Built") -> None:
        assert told.lake is not None
        written = datasets.written([built.made[name] for name in sorted(built.fresh)])
        inputs = [
            self._facets.input(told.lake, name)
            for name in datasets.all_written(told)
            if name[0] in ("clean", "labels")
        ]
        outputs = [self._facets.output(told.lake, name, of, of) for name, of in written.items()]
        errors = sorted({type(each).__name__ for each in built.errors.values()})
        run = {} if built.exit_code == EXIT_OK else self._facets.error(
            f"{len(built.errors)} marts failed ({', '.join(errors)})."
        )  # fmt: skip
        kind = "COMPLETE" if built.exit_code == EXIT_OK else "FAIL"
        self._send(told, "marts", "START", told.checked)
        self._send(told, "marts", kind, told.ended, run, inputs, outputs)

    def _send(
        self,
        told: RunTold,
        stage: str,
        kind: str,
        at: float | None,
        run_facets: dict[str, Any] | None = None,
        inputs: list[Any] | None = None,
        outputs: list[Any] | None = None,
    ) -> None:
        from openlineage.client.event_v2 import Job, Run, RunEvent, RunState

        assert at is not None
        name = job_name(told, stage)
        facets = dict(run_facets or {}) | self._facets.engine()
        above = started_by(PARENT)
        if stage:
            parent = (self._namespace, job_name(told, ""), run_uuid(told, ""))
            facets |= self._facets.parent(*parent, root=started_by(ROOT) or above or parent)
        elif above is not None:
            facets |= self._facets.parent(*above, root=started_by(ROOT) or above)
        self._delivery.send(
            RunEvent(
                eventType=RunState[kind],
                eventTime=dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds"),
                run=Run(runId=run_uuid(told, stage), facets=facets),
                job=Job(self._namespace, name, self._facets.job("STAGE" if stage else "RUN")),
                inputs=inputs or [],
                outputs=outputs or [],
                producer=self._facets.producer,
            )
        )

    def _parameters(self, told: RunTold) -> dict[str, Any]:
        number = told.published.number if told.published else None
        named = {
            "run_id": told.run_id,
            "command": told.command,
            "engine": told.engine,
            "group": told.group,
            "snapshot": str(number or ""),
        }
        return self._facets.parameters({name: value for name, value in named.items() if value})


def _failed(told: RunTold, stage: StageTold) -> str:
    totals = stage.totals
    errors = [error for name, _, error in told.failures if name == totals.name]
    kinds = sorted({type(error).__name__ for error in errors})
    shards = totals.failed + totals.shards
    return f"{totals.failed} of {shards} shards failed ({', '.join(kinds)}). {_WHERE}"


def _stopped(error: BaseException | None) -> str:
    return f"Stopped by {type(error).__name__}. {_WHERE}"


def _whole(told: RunTold) -> str:
    if told.error is not None:
        return _stopped(told.error)
    if told.published is not None and told.published.blocked is not None:
        return str(told.published.blocked)
    kinds = sorted({type(error).__name__ for _, _, error in told.failures})
    return f"{len(told.failures)} failures ({', '.join(kinds)}). {_WHERE}"


# Messages of errors may name files of people: they stay on the screen and in the lake.
_WHERE = "The screen of the run and affectmine status tell more."
