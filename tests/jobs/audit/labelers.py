"""Labelers whose truth is known: they answer by a word, and by nothing else."""

import polars as pl

from jobs.audit.asking import Asked
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import ANSWER_SCHEMA

MOODS = Taxonomy.model_validate(
    {"name": "moods", "version": "1", "labels": [{"name": n} for n in ("glad", "gloomy", "flat")]}
)


class WordLabeler:
    """Gives a label where the text has its word (`exact`: in that case only); rejects texts that hold `refuse`."""

    name = "words"
    version = "1"
    languages = frozenset({"en"})

    def __init__(
        self,
        words: dict[str, str],
        *,
        refuse: str = "\0",
        any_order: bool = True,
        exact: bool = False,
    ) -> None:
        self.words, self.refuse, self.any_order, self.exact = words, refuse, any_order, exact

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        rows = []
        for text in batch["text_clean"].to_list():
            if text is None or self.refuse in text:
                rows.append(("rejected", None, None, "refused"))
                continue
            told = text if self.exact else text.lower()
            labels = [name for name in taxonomy.names if self.words[name] in told]
            scores = [
                {"label": name, "probability": 0.9 if name in labels else 0.1}
                for name in taxonomy.names
            ]
            rows.append(("labeled", labels, scores, None))
        return pl.DataFrame(rows, schema=ANSWER_SCHEMA, orient="row")


def asked(labeler: WordLabeler) -> Asked:
    return Asked(labeler, load_task("emotion"), MOODS)
