"""What readers of released tables share: they parse as CSV or TSV, and make other columns of each batch."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from transforms.read.chunk import POSITION, Chunk, Limits, Parsed
from transforms.read.delimited import Delimited
from transforms.read.pieces import oversize
from transforms.read.source import SourceFile


def parse_released(
    table: Delimited,
    source: SourceFile,
    chunk: Chunk,
    limits: Limits,
    options: Mapping[str, Any],
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
    made: Callable[[Parsed], Parsed],
) -> Iterator[Parsed]:
    """The batches that `table` parses, as `made` converts them.

    What has no row (a unit that is too long, blank lines alone) has no rows of `schema` either.
    """
    if chunk.oversize:
        yield replace(oversize(chunk, limits, []), frame=pl.DataFrame(schema=schema))
        return
    for batch in table.parse(source, chunk, limits, options):
        if batch.frame.columns == [POSITION]:  # blank lines only
            yield replace(batch, frame=pl.DataFrame(schema=schema))
        else:
            yield made(batch)
