"""The step in which another labeler than the maker labels what was made; only what it agrees with is kept."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipelines.labelers import load_labeler
from pipelines.serving.ensemble import Ensemble
from pipelines.serving.labeler import LanguageModelLabeler
from pipelines.serving.spent import Spent
from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import Item, Piece, emitted
from schemas.recipe_steps import Check
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import LABELED
from transforms.synthesize.outside import brought_inside


def check(bench: Bench, step: Check, items: list[Item]) -> None:
    """Labels all texts; an item of which one does not show its target to the checker is dropped."""
    checker = load_labeler(bench.making.checker, bench.making.task, bench.making.taxonomy)
    for item in items:
        item.pieces = emitted(bench.making.recipe, item)
        item.checker = checker.name
        _bring_inside(bench, item)
        if bench.making.recipe.outside != "aside" and all(p.target is None for p in item.pieces):
            item.drop("unchecked")
    pairs = [(item, piece) for item in items for piece in item.pieces]
    batch = _batch([piece for _, piece in pairs])
    if isinstance(checker, LanguageModelLabeler | Ensemble):
        bench.making.before(bench.spent, bench.price)
        spent = Spent()
        try:
            answers = pl.concat(
                [each.labels for each in checker.label_stream([batch], bench.cache, spent)]
            )
        finally:
            bench.pay(spent, checker.model.price)
    else:
        answers = checker.label(batch, bench.making.task, bench.making.taxonomy)
    for (item, piece), (status, labels) in zip(
        pairs, answers.select("status", "labels").iter_rows(), strict=True
    ):
        if status != LABELED:
            item.drop("unchecked")
            continue
        piece.checked = list(labels)
        if piece.target is None:
            continue
        piece.agreed = _agrees(str(piece.target), piece.checked, bench.making.taxonomy, step.rule)
        if not piece.agreed:
            item.drop("disagreement")


def _bring_inside(bench: Bench, item: Item) -> None:
    """Targets that a model wrote may be outside the taxonomy: the recipe's rule decides."""
    for piece in item.pieces:
        if piece.target is None or piece.target in bench.making.taxonomy.names:
            continue
        piece.target, reason = brought_inside(
            piece.target, bench.making.taxonomy, bench.making.recipe.outside
        )
        if reason is not None:
            item.drop(reason)


def _agrees(target: str, labels: Sequence[str], taxonomy: Taxonomy, rule: str) -> bool:
    if rule == "exact":
        return list(labels) == [target]
    if rule == "overlap":
        return target in labels
    parents = taxonomy.parents
    return parents.get(target, target) in {parents.get(label, label) for label in labels}


def _batch(pieces: Sequence[Piece]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "text_clean": [piece.text for piece in pieces],
            "lang": None,
            "lang_confidence": None,
            "lang_source": "unknown",
            "role": [piece.role for piece in pieces],
        },
        schema={
            "text_clean": pl.String,
            "lang": pl.String,
            "lang_confidence": pl.Float32,
            "lang_source": pl.String,
            "role": pl.String,
        },
    )
