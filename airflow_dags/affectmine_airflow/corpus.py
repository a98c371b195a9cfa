"""The DAG `affect_corpus`: one config, from plan to publication, day by day."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Param, chain

from affectmine_airflow.announce import AnnounceOperator
from affectmine_airflow.operator import AffectmineOperator
from affectmine_airflow.settings import Settings
from affectmine_airflow.shared import DAY, asset, defaults, start_date, timetable

_TOLD = ("run_id", "lake", "seconds", "stages")
_DOC = """Mines the corpora of `{path}`{days}.

Each task runs one command of affectmine; what is done already is skipped, so any task, and any run, may be run again.
A gate that blocks fails `check` without another try, and nothing is published. `announce` fires the asset
`{asset}` where something new was published, and is skipped otherwise. See docs/airflow.md and docs/on-call.md.
"""


def corpus_id(settings: Settings) -> str:
    """The DAG's id."""
    return f"affect_corpus.{settings.name}"


def corpus_dag(settings: Settings) -> DAG:
    """The DAG of a config. Of one that cannot be read only the task `plan`, which says what is wrong."""
    with DAG(
        dag_id=corpus_id(settings),
        schedule=timetable(settings),
        start_date=start_date(settings),
        catchup=settings.start is not None,
        max_active_runs=1,  # days in their order: later ones are compared with earlier ones
        default_args=defaults(settings),
        params={"day": Param(None, type=["null", "string"], format="date", description="UTC")},
        tags=list(settings.tags),
        doc_md=_doc(settings),
    ) as dag:
        plan = _task(settings, "plan", passes=("lake", "corpora"))
        if settings.problem is not None:
            return dag
        made = [_task(settings, stage) for stage in settings.stages if stage != "label"]
        label = _label(settings)
        published = ("run_id", "lake", "snapshot", "partitions_changed", "content")
        chain(
            plan,
            *made,
            label,
            _task(settings, "check"),
            _task(settings, "publish", passes=published),
            AnnounceOperator(
                task_id="announce",
                asset=asset(settings),
                of="publish",
                days="content" if settings.by_day else None,
            ),
        )
        if settings["serve"] is not None:
            _serve_around(settings, before=made[-1], label=label)
    return dag


def _doc(settings: Settings) -> str:
    if settings.problem is not None:
        return f"`{settings.path}` cannot be read: {settings.problem}. Run `affectmine plan` on it."
    days = " by the day of their files (UTC)" if settings.by_day else ""
    return _DOC.format(path=settings.path, days=days, asset=asset(settings).name)


def _arguments(settings: Settings, command: str) -> list[str]:
    found = [command, str(settings.path)]
    if settings.by_day:
        late = settings["late_days"]
        found += ["--day", f"{_before(late)}..{DAY}" if late else DAY]
    return found


def _before(days: int) -> str:
    inner = DAY.removeprefix("{{ ").removesuffix(" }}")
    return f"{{{{ macros.ds_add({inner}, -{int(days)}) }}}}"


def _task(
    settings: Settings, command: str, *, passes: tuple[str, ...] = _TOLD
) -> AffectmineOperator:
    return AffectmineOperator(
        task_id=command, arguments=_arguments(settings, command), passes=passes
    )


def _label(settings: Settings) -> Any:
    """The task `label`, one a group of shards."""
    template = settings["pod_template"]
    config = {"pod_template_file": str(settings.path.parent / template)} if template else None
    groups = settings["groups"]
    arguments = _arguments(settings, "label")
    return AffectmineOperator.partial(
        task_id="label",
        passes=_TOLD,
        pool=settings.label_pool,
        executor_config=config,
        map_index_template="{{ task.arguments[-1] }}",
    ).expand(
        arguments=[[*arguments, "--group", f"{number}/{groups}"] for number in range(1, groups + 1)]
    )


def _serve_around(settings: Settings, *, before: Any, label: Any) -> None:
    """Starts vLLM before the task `label`, and stops it after it, whatever became of it."""
    wanted = settings["serve"]
    labeler = str(settings.path.parent / (wanted["labeler"] or settings.labelers[0]))
    arguments = ["serve", wanted["model"], "--detach", "--labeler", labeler]
    arguments += ["--port", str(wanted["port"])]
    for name in ("revision", "python"):
        if wanted[name] is not None:
            arguments += [f"--{name}", str(wanted[name])]
    if wanted["flags"]:
        arguments += ["--json", "--", *map(str, wanted["flags"])]
    start = AffectmineOperator(task_id="serve", arguments=arguments, pool=settings.label_pool)
    stop = AffectmineOperator(task_id="stop_serving", arguments=["serve", "--stop", labeler])
    chain(before, start, label, stop.as_teardown(setups=start))
