"""A labeler as a function for Spark's mapInArrow, for jobs of other people."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from pipelines.label_input import batch_of_frame
from pipelines.portable_labeler import PortableLabeler
from schemas.errors import ConfigError, MissingExtraError
from transforms.arrow import to_arrow

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


class SparkLabeler:
    """Labels the rows of a Spark frame: `frame.mapInArrow(labeler.label, labeler.schema)`; made by
    `affectmine.spark_labeler`.
    """

    schema: StructType
    """The columns that are kept, then those of `affectmine.label`."""

    def __init__(
        self,
        portable: PortableLabeler,
        schema: StructType,
        *,
        text_column: str,
        keep: Sequence[str],
    ) -> None:
        """`schema` is that of the frame. Raises ConfigError where it lacks columns, or they hold something else."""
        try:
            from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
            from pyspark.sql.types import StructType
        except ImportError:
            raise MissingExtraError("spark", "A function for mapInArrow") from None
        self._portable = portable
        self._text_column = text_column
        self._keep = list(keep)
        names = ["lang", "record_id", "role", "context"] if portable.asked else ["lang"]
        self._read = [text_column, *(n for n in names if n in schema.names and n != text_column)]
        self._check(schema.names)
        read = StructType([schema[name] for name in self._read])
        self._batch(to_arrow_schema(read).empty_table())
        answers = from_arrow_schema(portable.schema)
        self.schema = StructType([*(schema[name] for name in self._keep), *answers.fields])

    def label(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The kept columns of each batch with the answers to its texts: one row per row, in order.

        Runs in Spark's workers. Raises TransientError where the servers of a language model do not answer: Spark tries
        the task again then. Messages hold no text.
        """
        given: deque[pa.RecordBatch] = deque()  # whose rows are not all answered

        def read() -> Iterator[pl.DataFrame]:
            for batch in batches:
                given.append(batch)
                yield self._batch(batch.select(self._read))

        done = 0  # rows of the first of them that are answered
        for answers in self._portable.loaded().label_stream(read()):
            kept = given[0].slice(done, answers.height).select(self._keep)
            told = to_arrow(answers, self._portable.schema)
            columns = [*kept.columns, *(column.combine_chunks() for column in told.columns)]
            yield pa.RecordBatch.from_arrays(
                columns, schema=pa.schema([*kept.schema, *self._portable.schema])
            )
            done += answers.height
            if done == given[0].num_rows:
                given.popleft()
                done = 0

    def _batch(self, columns: pa.Table | pa.RecordBatch) -> pl.DataFrame:
        return batch_of_frame(
            pl.DataFrame(columns), self._text_column, context=self._portable.asked
        )

    def _check(self, names: Sequence[str]) -> None:
        wanted = [*self._read, *self._keep]
        missing = sorted(set(wanted) - set(names))
        if missing:
            raise ConfigError(
                f"The frame has no column {', '.join(map(repr, missing))}.",
                remedy=f"There are: {', '.join(names)}.",
            )
        twice = sorted({n for n in wanted if names.count(n) > 1 or self._keep.count(n) > 1})
        if twice:
            raise ConfigError(
                f"The column {', '.join(map(repr, twice))} is there twice.",
                remedy="Rename or drop one of them; name each column of keep once.",
            )
        taken = sorted(set(self._keep) & set(self._portable.schema.names))
        if taken:
            raise ConfigError(
                f"The kept column {', '.join(map(repr, taken))} has the name of an answer's column.",
                remedy="Rename it before it is labeled.",
            )
