"""The synthesize stage: the items of one shard, generated, judged and checked, become rows of drafts.

Semantics: as every stage: an item is a function of the plan, the recipe, the models and its seed; what was answered
lies in the answer cache, so that a shard that was killed asks only what had not been answered. What compares all rows
(near-duplicates, caps, diversity) is done after that: pipelines.stages.control.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.lake.answer_files import answers_folder
from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, now
from pipelines.lake.store import new_attempt
from pipelines.serving.answer_cache import AnswerCache
from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import Item, Plan, row_values
from pipelines.stages.synthesize_making import Making
from pipelines.stages.synthesize_steps import run_steps
from schemas.config.synthesize import CopiesConfig
from schemas.datasets import DRAFTS
from schemas.language_model import Price
from schemas.manifest import Manifest
from transforms.ingest.keyed import KeyedHasher, hex_ids, sample_keys
from transforms.synthesize.screened import screened

VERSION = 2
"""The stage version: raise it when the same plan and answers give other rows."""

STAGE = "synthesize"


@dataclass(frozen=True)
class SynthesizeTask:
    """One shard: its number, and the plans of its items."""

    lake: Lake
    run_id: str
    key_id: str
    making: Making
    number: int
    plans: tuple[Plan, ...] = field(repr=False)

    @property
    def shard(self) -> str:
        """The id of the shard."""
        return shard_id(self.making.name, self.making.partition, STAGE, self.number)

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives."""
        plans = [[p.number, p.variables, p.seed_record_id, p.domain] for p in self.plans]
        meaning = {**self.making.meaning, "plans": plans, "schema": DRAFTS.version}
        return fingerprint(
            stage=STAGE, version=VERSION, inputs=(), meaning=meaning, key_id=self.key_id
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.lake.folder(DRAFTS.name, self.making.name, self.making.partition)
        return self.lake.relative(folder / f"shard-{self.shard}-{self.fingerprint}.json")


def run_synthesize_task(task: SynthesizeTask) -> Manifest:
    """Makes and commits one shard; returns its manifest (skips what is done)."""
    done = finished(task.lake, task.manifest_name)
    if done is not None:
        return done
    started = time.perf_counter()
    making, attempt = task.making, new_attempt()
    folder = answers_folder(task.lake, clinical=making.clinical)
    key = load_key()[0]
    cache = AnswerCache(folder, key, memory_limit=making.memory_limit, threads=1)
    bench = Bench(making, cache)
    items = [Item(plan, dict(plan.variables)) for plan in task.plans]
    run_steps(bench, items)
    _screen(items, making.copies)
    table = _table(making, items, KeyedHasher(key))
    writer = DataWriter(
        task.lake, DRAFTS.name, corpus=making.name, partition=making.partition,
        stem=f"shard-{task.shard}-{task.fingerprint}-{attempt}",
    )  # fmt: skip
    try:
        writer.write(table)
        file = writer.close()
    except BaseException:
        writer.abandon()
        raise
    outcomes = Counter(table["outcome"].to_pylist())
    return commit(
        task.lake,
        Manifest(
            name=task.manifest_name,
            stage=STAGE,
            stage_version=VERSION,
            shard=task.shard,
            source_file=making.name,
            source_chunk=task.number,
            fingerprint=task.fingerprint,
            inputs=(),
            outputs=(file,),
            counts={"in": table.num_rows, "kept": outcomes["kept"], "dropped": outcomes["dropped"]},
            reasons=dict(Counter(each for each in table["reason"].to_pylist() if each is not None)),
            attempt=attempt,
            run_id=task.run_id,
            created_at=now(),
            seconds=round(time.perf_counter() - started, 4),
            cost=bench.spent.cost(Price()) | {"price": round(bench.price, 6)},
        ),
    )


def _screen(items: list[Item], copies: CopiesConfig) -> None:
    """Drops items with a text that may not be, whatever was asked."""
    alive = [(item, piece) for item in items if item.reason is None for piece in item.pieces]
    reasons = screened(
        pl.Series([piece.text for _, piece in alive], dtype=pl.String),
        pl.Series([item.plan.variables.get("seed.text") for item, _ in alive], dtype=pl.String),
        words=copies.words,
        share=copies.share,
    )
    for (item, _), reason in zip(alive, reasons.to_list(), strict=True):
        if reason is not None:
            item.drop(reason)


def _table(making: Making, items: list[Item], hasher: KeyedHasher) -> pa.Table:
    """The rows of the dataset drafts, items in their order."""
    recipe = making.recipe
    rows: list[dict[str, Any]] = []
    for item in items:
        name = hasher.token("synthetic", making.name, f"{recipe.name}/{item.plan.number}")
        writer = next(iter(item.models.values()), ("none", ""))[0]
        rows.extend(
            {
                **values,
                "corpus": making.name,
                "domain": item.plan.domain or "synthetic",
                "partition": making.partition,
                "conversation_id": name,
                "speaker": hasher.token("synthetic", making.name, f"{name}/{values['role']}"),
                "recipe": recipe.name,
                "recipe_version": recipe.version,
                "item": name,
                "task": recipe.task,
                "taxonomy": making.taxonomy.name,
                "generator": writer,
                "parameters": _parameters(item),
            }
            for values in row_values(recipe, item)
        )
    ids = [f"{row['item']}/{row['part']}/{row['turn']}" for row in rows]
    digests = hasher.digests("synthetic", making.name, ids)
    return pa.Table.from_pylist(
        [
            row | {"record_id": record_id, "sample_key": key}
            for row, record_id, key in zip(
                rows, hex_ids(digests).to_list(), sample_keys(digests).to_list(), strict=True
            )
        ],
        schema=DRAFTS.schema,
    )


def _parameters(item: Item) -> list[dict[str, str]]:
    """What the item was made with that is no text of people: its draws from tables and labels."""
    told = {
        name: value
        for name, value in item.plan.variables.items()
        if not name.startswith("seed.") and not name.endswith(".definition")
    }
    return [{"key": name, "value": value} for name, value in sorted(told.items())]
