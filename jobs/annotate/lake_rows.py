"""Rows of a lake that a labeler has labeled: published clean and labels, and contexts where there are any."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.annotate.rows import Rows
from pipelines.lake.lake import open_lake
from pipelines.lake.place import Place
from pipelines.lake.snapshots import published, stored_paths
from pipelines.query.views import parquet, quoted
from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy

_KEPT = "outcome = 'kept' AND text_clean IS NOT NULL"  # of an id that repeats, one row is kept
_CHOSEN = "record_id IN (SELECT record_id FROM chosen)"


def lake_rows(
    folder: Place, task: LabelTask, taxonomy: Taxonomy, labeler: str, corpora: Sequence[str]
) -> Rows:
    """The rows of the newest snapshot. Only `text_clean`, which is redacted, and contexts made of it are read.

    ConfigError: no such lake, corpus or labels. TerminalError: nothing is published.
    """
    if not (folder / "lake.json").is_file():
        raise ConfigError(f"{folder} is no lake.", remedy="Give the folder of a lake with --lake.")
    lake = open_lake(folder)
    number, parts = published(lake)
    known = {part.corpus for part in parts.values()}
    if strange := sorted(set(corpora) - known):
        raise ConfigError(
            f"The lake has no corpus {', '.join(strange)}.",
            remedy=f"It has: {', '.join(sorted(known)) or 'none'}.",
        )
    clean = stored_paths(lake, parts, "clean", "", corpora)
    variant = f"{task.name}/{taxonomy.name}/{labeler}"
    labels = stored_paths(lake, parts, "labels", variant, corpora)
    if not clean or not labels:
        variants = {part.variant for part in parts.values() if part.dataset == "labels"}
        raise ConfigError(
            f"The lake has no labels {variant} (task/taxonomy/labeler) of these corpora.",
            remedy=f"It has: {', '.join(sorted(variants)) or 'none'}. "
            "Name one with --task, --taxonomy and --labeler.",
        )
    contexts = stored_paths(lake, parts, "contexts", "", corpora)
    return Rows(
        pool=_pool(clean, labels),
        texts=_texts(clean, labels, contexts, task, taxonomy),
        facets=frozenset({"corpus", "domain", "lang", "role"}),
        where=f"the lake {folder}",
        snapshot=number,
    )


def _pool(clean: Sequence[str], labels: Sequence[str]) -> str:
    return (
        "SELECT l.record_id, l.sample_key, l.corpus, l.domain, c.lang, l.role, l.status, l.labels, l.scores "
        f"FROM {parquet(labels)} AS l "
        f"INNER JOIN (SELECT record_id, lang FROM {parquet(clean)} WHERE {_KEPT}) AS c USING (record_id)"
    )


def _texts(
    clean: Sequence[str],
    labels: Sequence[str],
    contexts: Sequence[str],
    task: LabelTask,
    taxonomy: Taxonomy,
) -> str:
    numbers = "CAST(NULL AS DOUBLE[])"
    if task.answer != "labels":
        each = ", ".join(f"CAST(answer.{quoted(name)} AS DOUBLE)" for name in taxonomy.names)
        numbers = f"CASE WHEN answer IS NOT NULL THEN [{each}] END"
    # Materialized: each holds the rows that were chosen only, before anything is joined.
    named = {
        "texts": f"SELECT record_id, text_clean AS text, corpus, lang, role FROM {parquet(clean)} "
        f"WHERE {_KEPT} AND {_CHOSEN}",
        "told": f"SELECT record_id, labels, scores, {numbers} AS numbers, "
        f"concat(labeler, ' ', labeler_version) AS version FROM {parquet(labels)} WHERE {_CHOSEN}",
    }
    context, join = "CAST(NULL AS STRUCT(role VARCHAR, text VARCHAR)[])", ""
    if contexts:
        turns = "list_transform(context, lambda said: {'role': said.role, 'text': said.text})"
        named["before"] = (
            f"SELECT record_id, {turns} AS context FROM {parquet(contexts)} WHERE {_CHOSEN}"
        )
        context, join = "before.context", " LEFT JOIN before USING (record_id)"
    parts = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in named.items())
    return (
        f"WITH {parts} SELECT record_id, texts.text, {context} AS context, texts.corpus, texts.lang, texts.role, "
        "told.labels, told.scores, told.numbers, told.version "
        f"FROM texts INNER JOIN told USING (record_id){join}"
    )
