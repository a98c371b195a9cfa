"""What every labeler promises: one answer per row, in order, and never a guessed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import polars as pl

if TYPE_CHECKING:
    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy

LABELED: Final = "labeled"
REJECTED: Final = "rejected"
FAILED: Final = "failed"

SCORES_TYPE: Final = pl.List(pl.Struct({"label": pl.String, "probability": pl.Float32}))
ANSWER_SCHEMA: Final = pl.Schema(
    [
        ("status", pl.String()),
        ("labels", pl.List(pl.String)),
        ("scores", SCORES_TYPE),
        ("reason", pl.String()),
    ]
)

MIN_CONFIDENCE: Final = 0.8
MIN_LETTERS: Final = 20
_NO_LANGUAGE: Final = frozenset(["und", "mul", "zxx", "un", ""])  # undetermined, several, none


@runtime_checkable
class Labeler(Protocol):
    """Answers a label task.

    `version` changes whenever an answer could; `languages` are ISO 639-1 codes.
    """

    @property
    def name(self) -> str:
        """What configs call it."""
        ...

    @property
    def version(self) -> str:
        """Identifies the weights or the model behind the answers."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Languages it was made for."""
        ...

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """One answer per row of `batch`, in order.

        In: `text_clean` (string or null) and, where known, `lang`, `lang_confidence` and
        `lang_source` (declared | detected | unknown). Out: exactly `ANSWER_SCHEMA`. `labels` and
        `scores` are null unless the status is labeled; `scores` hold every label of the taxonomy,
        in
        its order. A task or taxonomy that the labeler cannot answer raises ConfigError.
        """
        ...


def language_reason(batch: pl.DataFrame, languages: frozenset[str]) -> pl.Series:
    """`language:<code>` for each row in a language the labeler does not know, else null.

    The declared language decides. A detected one rejects only when it is trustworthy: confidence at
    least .8 and at least 20 letters of text (short posts are detected badly). Regional codes count
    as their language (`en-GB` as `en`).
    """
    if "lang" not in batch.columns or batch["lang"].null_count() == len(batch):
        return pl.Series("reason", [None] * len(batch), dtype=pl.String)
    strange = [tag for tag in batch["lang"].unique() if _is_foreign(tag, languages)]
    if not strange:
        return pl.Series("reason", [None] * len(batch), dtype=pl.String)
    code = pl.col("lang").str.to_lowercase().str.split_exact("-", 1).struct.field("field_0")
    foreign = pl.col("lang").is_in(strange).fill_null(value=False)
    source = pl.col("lang_source") if "lang_source" in batch.columns else pl.lit("unknown")
    sure = (
        pl.col("lang_confidence") >= MIN_CONFIDENCE
        if "lang_confidence" in batch.columns
        else pl.lit(value=False)
    )
    candidates = (
        batch.lazy()
        .select(
            "text_clean",
            code=code,
            declared=foreign & (source == "declared"),
            detected=foreign & (source == "detected") & sure,
        )
        .collect()
    )
    # Counting letters is dear; only rows in a trusted foreign language need it.
    unsure = candidates["detected"].fill_null(value=False)
    letters = pl.col("text_clean").str.count_matches(r"\p{L}") >= MIN_LETTERS
    if unsure.any():
        candidates = candidates.with_columns(
            detected=pl.when(pl.col("detected")).then(letters).otherwise(statement=False)
        )
    reason = pl.when(pl.col("declared") | pl.col("detected")).then("language:" + pl.col("code"))
    return candidates.select(reason=reason)["reason"]


def language_code(tag: str) -> str:
    """The language of a BCP 47 tag, without its region: `en` of `en-GB`."""
    return tag.lower().partition("-")[0]


def _is_foreign(tag: str | None, languages: frozenset[str]) -> bool:
    return tag is not None and language_code(tag) not in languages | _NO_LANGUAGE
