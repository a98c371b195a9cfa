"""Turns mapped native rows into records: keyed ids, pseudonyms, partition."""

import polars as pl

from schemas.config.corpus import CorpusConfig
from schemas.datasets import RECORDS
from transforms.arrow import polars_schema
from transforms.ingest.keyed import KeyedHasher, hex_ids, sample_keys

VERSION = 1

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
    (YYYY-MM-DD), the day its file was first ingested.
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
        hasher.tokens("conversation", name, mapped["conversation_id"]).alias("conversation_id"),
        hasher.tokens("record", name, mapped["reply_to"]).alias("reply_to"),
        hasher.tokens("speaker", name, named).alias("speaker"),
        pl.when(is_bot).then(pl.lit("bot")).otherwise("role").alias("role"),
        pl.lit(None, dtype=pl.List(pl.String)).alias("pii_hints"),
        pl.lit(None).alias("cues"),
        pl.struct(pl.lit(file_id).alias("file"), pl.col("_position").alias("position")).alias(
            "source"
        ),
    )
    schema = polars_schema(RECORDS.schema)
    return frame.select(pl.col(column).cast(kind) for column, kind in schema.items())
