"""Rows of a Stack Exchange dump to records: texts, threads and speakers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from transforms.read.chunk import POSITION, BadUnit, Parsed

NATIVE = (
    "Id",
    "PostTypeId",
    "ParentId",
    "PostId",
    "Title",
    "Body",
    "Text",
    "OwnerUserId",
    "UserId",
    "OwnerDisplayName",
    "UserDisplayName",
    "CreationDate",
    "LastEditDate",
    "Score",
    "Tags",
    "ContentLicense",
)
_WIKIS = ("3", "4", "5", "7", "8")
_ID = r"^-?\d{1,18}$"


@dataclass(frozen=True)
class Known:
    """What a chunk's header says: the question of a post, and by question the names in its thread."""

    questions: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


def empty() -> pl.DataFrame:
    """No rows, with the columns of a batch."""
    columns = dict.fromkeys((*NATIVE, POSITION), pl.String)
    return records(Parsed(pl.DataFrame(schema={**columns, POSITION: pl.Int64}), 0), Known()).frame


def records(batch: Parsed, known: Known) -> Parsed:
    """The batch, with native rows turned to records; what is neither post nor comment is bad or skipped."""
    frame = batch.frame
    # A comment has its text in Text and stands under a post.
    is_post = pl.col("PostTypeId").is_not_null()
    is_comment = pl.col("PostId").is_not_null() & pl.col("Text").is_not_null()
    kind = pl.col("PostTypeId")
    frame = frame.with_columns(
        pl.when(~pl.col("Id").str.contains(_ID).fill_null(value=False))
        .then(pl.lit("bad_id"))
        .when(is_post & ~kind.is_in(["1", "2"]))
        .then(pl.when(kind.is_in(_WIKIS)).then(pl.lit("wiki")).otherwise(pl.lit("other_post")))
        .when(~is_post & ~is_comment)
        .then(pl.lit("wrong_type"))
        .alias("why")
    )
    why = frame["why"]
    bad = [
        BadUnit(position, -1, 0, reason, _MESSAGES[reason])
        for position, reason in frame.filter(why.is_in(list(_MESSAGES)))
        .select(POSITION, "why")
        .rows()
    ]
    skipped = dict(batch.skipped)
    for reason in ("wiki", "other_post"):
        if count := int((why == reason).sum()):
            skipped[reason] = count
    kept = _threads(frame.filter(why.is_null()).drop("why"), known)
    return replace(batch, frame=kept, skipped=skipped, bad=batch.bad + bad)


_MESSAGES = {
    "bad_id": "the row has no Id that is a number",
    "wrong_type": "the row is neither a post (PostTypeId) nor a comment (PostId and Text)",
}


def _threads(frame: pl.DataFrame, known: Known) -> pl.DataFrame:
    is_post = pl.col("PostTypeId").is_not_null()
    over = pl.when(is_post).then("ParentId").otherwise("PostId")
    deleted = pl.coalesce("OwnerDisplayName", "UserDisplayName")
    asked = (
        pl.when(is_post)
        .then(pl.coalesce("ParentId", "Id"))
        .otherwise(_looked_up("PostId", known.questions).fill_null(pl.col("PostId")))
    )
    title = pl.when(pl.col("Title").fill_null("") != "").then(pl.col("Title") + "\n\n")
    body = pl.when(is_post).then(title.fill_null("") + pl.col("Body")).otherwise("Text")
    frame = frame.with_columns(over.alias("over"), asked.alias("asked"))
    frame = frame.join(_names(known), on="asked", how="left", maintain_order="left")
    return frame.select(
        (pl.when(is_post).then(pl.lit("p")).otherwise(pl.lit("c")) + pl.col("Id")).alias("id"),
        body.alias("text"),
        (pl.lit("p") + pl.col("asked")).alias("conversation"),
        (pl.lit("p") + pl.col("over")).alias("reply_to"),
        pl.coalesce("OwnerUserId", "UserId", deleted).alias("speaker"),
        "names",
        "CreationDate",
        "LastEditDate",
        "Score",
        "Tags",
        "PostTypeId",
        "ContentLicense",
        POSITION,
    )


def _names(known: Known) -> pl.DataFrame:
    asked = pl.Series("asked", list(known.names), pl.String)
    return pl.DataFrame([asked, pl.Series("names", known.names.values(), pl.List(pl.String))])


def _looked_up(column: str, values: Mapping[str, int]) -> pl.Expr:
    texts = [str(value) for value in values.values()]
    return pl.col(column).replace_strict(list(values), texts, default=None, return_dtype=pl.String)
