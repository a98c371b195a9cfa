"""What a variant shows beside a text: rows of gold that are similar, and what a student says."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import polars as pl

from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.demonstration_gold import read_demonstrations
from transforms.label.prompted.demonstrations import Retriever
from transforms.label.prompted.hints import hints
from transforms.label.registry import load_labeler


class Shown:
    """Adds the columns `demonstrations` and `hint` to a batch, where the labeler file asks for them."""

    def __init__(
        self, model: LanguageModel, task: LabelTask, taxonomy: Taxonomy, base: Path
    ) -> None:
        """`base` is where relative paths start. Raises ConfigError for gold or a student that cannot be used."""
        self._task, self._taxonomy = task, taxonomy
        variant = model.variant
        self._wanted = variant.demonstrations
        self._gold = None if self._wanted is None else base / self._wanted.gold
        self._student = (
            None
            if variant.hints is None
            else load_labeler(_student(variant.hints, base), task, taxonomy)
        )

    @cached_property
    def version(self) -> str:
        """What stands for all that is shown."""
        gold = (
            ""
            if self._gold is None
            else blake2b(self._gold.read_bytes(), digest_size=8).hexdigest()
        )
        return f"{gold}|{'' if self._student is None else self._student.version}"

    @cached_property
    def _retriever(self) -> Retriever | None:
        if self._gold is None or self._wanted is None:
            return None
        gold = read_demonstrations(self._gold, self._task, self._taxonomy)
        return Retriever(gold, self._task, self._taxonomy, self._wanted.n)

    def beside(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The batch with what is shown."""
        if self._student is not None:
            told = hints(self._student.label(batch, self._task, self._taxonomy), self._taxonomy)
            batch = batch.with_columns(told.alias("hint"))
        if self._retriever is not None:
            found = self._retriever.find(batch["text_clean"].fill_null(""))
            batch = batch.with_columns(found.alias("demonstrations"))
        return batch


def _student(name: str, base: Path) -> str:
    return str(base / name) if name.endswith(".safetensors") else name
