"""What all shards of a synthesis share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.serving.spent import Spent
from schemas.config.synthesize import CopiesConfig
from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel
from schemas.recipe import Recipe
from schemas.recipe_table import Table
from schemas.rubric import Rubric
from schemas.taxonomy import Taxonomy


@dataclass(frozen=True)
class Making:
    """`meaning` is all that determines what the shards give, but for the plans. `task` and `taxonomy` are those of
    targets; `models`: by role, of which items take turns, if there are several. `before` is called before anything is
    asked, with what a shard has spent so far and its price: it raises when no more may be. `partition` is that of the
    rows, `clinical` whether the seeds are.
    """

    name: str
    recipe: Recipe
    task: LabelTask
    taxonomy: Taxonomy
    models: dict[str, tuple[LanguageModel, ...]]
    checker: str
    tables: dict[str, Table]
    rubrics: dict[str, Rubric]
    meaning: dict[str, Any]
    partition: str
    clinical: bool
    copies: CopiesConfig
    memory_limit: str
    before: Callable[[Spent, float], None]
