"""The DAGs `affect_synthesis` and `affect_training_corpora`: what is made of a lake whenever something new is in it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable

from affectmine_airflow.announce import AnnounceOperator
from affectmine_airflow.operator import AffectmineOperator
from affectmine_airflow.settings import Settings
from affectmine_airflow.shared import asset, defaults

_SYNTHESIS = """Runs the syntheses of `{path}` when `{heard}` is announced, each on the newest snapshot of `{lake}`.

What is done is skipped, and answers come from the cache. A gate of diversity that blocks fails the task without another
try, and nothing is published. `{told}` is announced where the generated rows are others than before.
"""
_CORPORA = """Makes the training corpora of `{path}` when `{heard}` is announced, of the newest snapshot of `{lake}`.

A folder with another content is replaced as a whole; then `{told}` is announced.
"""


def synthesis_dag(settings: Settings) -> DAG:
    """The DAG of a config's syntheses."""
    its, told = asset(settings), _generated(settings)
    with _dag(settings, "affect_synthesis", its, _SYNTHESIS, heard=its.name, told=told) as dag:
        for name, file in settings["syntheses"].items():
            made = AffectmineOperator(
                task_id=f"synthesize_{name}",
                arguments=["synthesize", str(file), "--lake", settings.lake],
                passes=(
                    "run_id",
                    "lake",
                    "items",
                    "rows",
                    "control",
                    "cost",
                    "snapshot",
                    "content",
                ),
                pool=settings.language_model_pool,
            )
            made >> _announce(settings, name, made, told)
    return dag


def training_corpora_dag(settings: Settings) -> DAG:
    """The DAG of a config's exports. It also hears of what was generated."""
    its, told = asset(settings), asset(settings, "training_corpora")
    heard = [its, _generated(settings)] if settings["syntheses"] else [its]
    anyone: Any = heard[0] if len(heard) == 1 else heard[0] | heard[1]
    names = "` or `".join(each.name for each in heard)
    with _dag(settings, "affect_training_corpora", anyone, _CORPORA, heard=names, told=told) as dag:
        for name, file in settings["exports"].items():
            made = AffectmineOperator(
                task_id=f"export_{name}",
                arguments=["export", str(file), "--lake", settings.lake, "--replace"],
                passes=("lake", "folder", "snapshot", "examples", "left_out", "content"),
            )
            made >> _announce(settings, name, made, told)
    return dag


def _dag(
    settings: Settings, kind: str, condition: Any, doc: str, *, heard: str, told: Asset
) -> DAG:
    return DAG(
        dag_id=f"{kind}.{settings.name}",
        schedule=PartitionedAssetTimetable(assets=condition) if settings.by_day else condition,
        max_active_runs=1,
        default_args=defaults(settings),
        tags=list(settings.tags),
        doc_md=doc.format(path=settings.path, lake=settings.lake, heard=heard, told=told.name),
    )


def _announce(settings: Settings, name: str, made: AffectmineOperator, told: Asset) -> Any:
    return AnnounceOperator(
        task_id=f"announce_{name}",
        asset=told,
        of=made.task_id,
        days="run" if settings.by_day else None,
    )


def _generated(settings: Settings) -> Asset:
    return asset(settings, "synthetic")
