"""The Spark session of a run, from the options of its config."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from pipelines.engines.java import java_home
from schemas.errors import ConfigError, MissingExtraError, TransientError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# One thread per Python worker: the slots are the parallelism. AFFECTMINE_WORKER as in a worker of the local engine.
_WORKER_ENVIRONMENT = {
    "POLARS_MAX_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "AFFECTMINE_WORKER": "1",
}
_LOG_BYTES = 200_000  # read of Spark's log to find out why it did not start


@contextmanager
def open_session(
    options: Mapping[str, str], *, workers: int, retries: int
) -> "Iterator[SparkSession]":
    """A Spark session with `options` (Spark's own configuration); by default on this machine, with `workers` slots.

    Stopped at the end. What Spark logs goes to no screen (spark.log.level and log4j's own settings can send it
    elsewhere). Raises ConfigError for options that Spark refuses and a Java that it cannot run on, TransientError for a
    master that does not answer, MissingExtraError without the extra.
    """
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise MissingExtraError("spark", "The engine spark") from None
    conf = settings(options, workers=workers, retries=retries)
    with (
        tempfile.TemporaryFile(prefix="affectmine-spark-") as log,
        # Else Spark makes a folder of that name wherever it is started. Nothing is put there.
        tempfile.TemporaryDirectory(prefix="spark-warehouse-") as warehouse,
    ):
        conf.setdefault("spark.sql.warehouse.dir", f"file:{warehouse}")
        try:
            with _environment(_around(conf)):
                session = _start(conf, log)
        except (ConfigError, MissingExtraError, TransientError):
            raise
        except Exception as error:  # noqa: BLE001 - py4j and PySpark tell everything by classes of their own
            raise _refused(error, log, conf["spark.master"]) from None
        try:
            yield session
        finally:
            with suppress(Exception):  # the JVM may have died: then there is nothing to stop
                session.stop()


def settings(options: Mapping[str, str], *, workers: int, retries: int) -> dict[str, str]:
    """All settings of the session: ours, and over them those of the config."""
    master = options.get("spark.master", f"local[{workers},{retries + 1}]")
    ours = {
        "spark.master": master,
        "spark.app.name": "affectmine",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
    }
    ours |= {f"spark.executorEnv.{name}": value for name, value in _WORKER_ENVIRONMENT.items()}
    if master.startswith("local"):
        ours["spark.driver.host"] = "127.0.0.1"
        ours["spark.driver.bindAddress"] = "127.0.0.1"
    return ours | dict(options)


def _start(conf: Mapping[str, str], log: IO[bytes]) -> "SparkSession":
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    wanted = SparkConf(loadDefaults=False).setAll(list(conf.items()))
    # A JVM lives as long as this process: a second session takes the one that is there.
    gateway = SparkContext._gateway or launch_gateway(  # type: ignore[no-untyped-call]
        wanted, popen_kwargs={"stdout": log, "stderr": log}
    )
    context = SparkContext(conf=wanted, gateway=gateway)
    try:
        return SparkSession(context, options=dict(conf))
    # A master that does not answer shows here: the next session must find no context.
    except BaseException:
        with suppress(Exception):
            context.stop()
        raise


def _around(conf: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the session is started."""
    found = {"JAVA_HOME": str(java_home())}
    # PySpark takes its workers' Python from the environment alone, not from the configuration.
    if "spark.pyspark.python" in conf:
        found["PYSPARK_PYTHON"] = conf["spark.pyspark.python"]
    elif conf["spark.master"].startswith("local"):
        found["PYSPARK_PYTHON"] = sys.executable
    return found


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _refused(error: Exception, log: IO[bytes], master: str) -> ConfigError | TransientError:
    log.seek(0)
    told = log.read(_LOG_BYTES).decode(errors="replace") + "\n" + str(error)
    if "Could not parse Master URL" in told or "Master must either be" in told:
        return ConfigError(
            f"Spark does not know the master {master!r}.",
            remedy="Set spark.master below engine.spark: local[4], spark://HOST:7077, yarn or k8s://HOST:PORT.",
        )
    lines = [line.strip() for line in told.splitlines() if "Exception" in line or "Error" in line]
    reason = lines[0][:300] if lines else type(error).__name__
    return TransientError(
        f"Spark did not start with the master {master!r}: {reason}",
        remedy="Check that the master answers, and the options below engine.spark; then run again.",
    )
