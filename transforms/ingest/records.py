"""Turns mapped native rows into records: keyed ids, pseudonyms, partition."""

from collections.abc import Set

import polars as pl

from schemas.config.corpus import CorpusConfig
from schemas.datasets import RECORDS
from transforms.arrow import polars_schema
from transforms.ingest.keyed import KeyedHasher, hex_ids, sample_keys
from transforms.read.names import is_name

VERSION = 3

_NO_SPEAKER = ("", "[deleted]", "[removed]")


def to_records(
    mapped: pl.DataFrame,
    *,
    corpus: CorpusConfig,
    hasher: KeyedHasher,
    file_id: str,
    first_ingest: str,
) -> pl.DataFrame:
    """Records of one batch, in input order, in the schema of `records`.

    `mapped` has the typed native columns of `transforms.read.mapping`. A row without a native id is known by
    its place in its file (`file_id`, position). A row without a time belongs to the partition `first_ingest`
    (YYYY-MM-DD), the day its file was first ingested. A turn without a conversation belongs to the conversation that
    is its file.
    """
    name = corpus.name
    position = pl.format("{}#{}", pl.lit(file_id), pl.col("_position"))
    native_id = mapped.select(pl.coalesce("id", position)).to_series()
    digests = hasher.digests("record", name, native_id.to_list())
    speaker = mapped["speaker"]
    named = mapped.select(
        pl.when(~pl.col("speaker").is_in(_NO_SPEAKER)).then("speaker").alias("speaker")
    ).to_series()
    is_bot = speaker.is_in(list(corpus.bots)).fill_null(value=False)
    created_at = pl.col("created_at")
    frame = mapped.with_columns(
        hex_ids(digests).alias("record_id"),
        sample_keys(digests).alias("sample_key"),
        pl.lit(name).alias("corpus"),
        pl.lit(corpus.domain).alias("domain"),
        created_at.dt.strftime("%Y-%m-%d").fill_null(first_ingest).alias("partition"),
        hasher.tokens("conversation", name, _conversations(mapped, file_id)).alias(
            "conversation_id"
        ),
        hasher.tokens("record", name, mapped["reply_to"]).alias("reply_to"),
        hints(mapped, named, corpus.domain).alias("pii_hints"),
        hasher.tokens("speaker", name, named).alias("speaker"),
        pl.when(is_bot).then(pl.lit("bot")).otherwise("role").alias("role"),
        pl.struct(pl.lit(file_id).alias("file"), pl.col("_position").alias("position")).alias(
            "source"
        ),
    )
    schema = polars_schema(RECORDS.schema)
    return frame.select(pl.col(column).cast(kind) for column, kind in schema.items())


def is_forgotten(
    records: pl.DataFrame, hasher: KeyedHasher, *, speakers: Set[str], ids: Set[str]
) -> pl.Series:
    """Which records (Boolean, in order) are of forgotten people.

    `speakers` and `ids` are keyed hashes (kind "forgotten") of pseudonyms and of record ids.
    """
    theirs = _marked(records["speaker"], hasher, speakers)
    return (theirs | _marked(records["record_id"], hasher, ids)).alias("forgotten")


def without_answers(records: pl.DataFrame, hasher: KeyedHasher, *, ids: Set[str]) -> pl.DataFrame:
    """The records, of which none says that it answers a forgotten one (`ids` as in `is_forgotten`)."""
    told = _marked(records["reply_to"], hasher, ids)
    return records.with_columns(records["reply_to"].set(told, None)) if told.any() else records


def _marked(column: pl.Series, hasher: KeyedHasher, marks: Set[str]) -> pl.Series:
    if not marks:
        return pl.repeat(value=False, n=len(column), eager=True)
    hashed = hasher.tokens("forgotten", "", column)
    return hashed.is_in(list(marks)).fill_null(value=False)


def hints(mapped: pl.DataFrame, speaker: pl.Series, domain: str) -> pl.Series:
    """The names to redact from each row's text: the reader's, and those of its conversation's speakers.

    Speakers are those of the batch. In posts a speaker is an account, whose name may be any word of the language:
    there only the reader's hints count (handles are found by how they are written).
    """
    if domain == "social":
        return mapped["pii_hints"]
    labels = speaker.drop_nulls().unique()
    names = labels.filter(pl.Series([is_name(label) for label in labels], dtype=pl.Boolean))
    frame = mapped.select(
        "conversation_id",
        "pii_hints",
        speaker.set(~speaker.is_in(names.implode()), None).alias("speaker"),
    )
    others = pl.col("speaker").drop_nulls().unique().sort().implode().over("conversation_id")
    own = pl.when(pl.col("speaker").is_not_null()).then(pl.concat_list("speaker"))
    known = pl.when(pl.col("conversation_id").is_not_null()).then(others).otherwise(own)
    both = pl.concat_list(pl.col("pii_hints").fill_null([]), known.fill_null([])).list.unique()
    return frame.select(
        pl.when(both.list.len() > 0).then(both.list.sort()).alias("pii_hints")
    ).to_series()


def _conversations(mapped: pl.DataFrame, file_id: str) -> pl.Series:
    """Native conversation ids: the source's own, else for a turn the file that it stands in."""
    here = pl.when(pl.col("turn").is_not_null()).then(pl.lit(f"file {file_id}"))
    return mapped.select(pl.coalesce("conversation_id", here).alias("conversation_id")).to_series()


def merge_annotations(mapped: pl.DataFrame) -> pl.DataFrame:
    """One row an id, at its first place: the values of its first row, the gold of all its rows."""
    if mapped["id"].is_unique().all():
        return mapped
    gold = pl.col("gold").list.explode(keep_nulls=False, empty_as_null=False).implode()
    rest = [pl.col(name).first() for name in mapped.columns if name not in ("id", "gold")]
    merged = mapped.group_by("id", maintain_order=True).agg(*rest, gold.alias("gold"))
    some = pl.when(pl.col("gold").list.len() > 0).then("gold").alias("gold")
    return merged.with_columns(some).select(mapped.columns)
