"""Spark's SQL under the jobs of one stage, whose units run in this process."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from pyspark.sql import SparkSession

from pipelines.engines.scratch import lake_scratch
from pipelines.engines.spark_database import SparkDatabase, open_spark_database
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from tests.jobs.dedup_runs import HereEngine


class SparkHere(HereEngine):
    """The database is Spark's, and scratch lies in the lake."""

    def __init__(self, session: SparkSession, lake: Lake | None = None) -> None:
        self.session = session
        self.lake = lake

    @contextmanager
    def database(self, memory_limit: str, threads: int, doing: str) -> Iterator[SparkDatabase]:
        assert self.lake is not None
        with (
            lake_scratch(self.lake, "run") as scratch,
            open_spark_database(self.session, scratch, doing) as database,
        ):
            yield database

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:
        return lake_scratch(lake, run_id)
