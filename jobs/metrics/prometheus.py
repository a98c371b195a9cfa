"""The textfile of a run, for node_exporter's textfile collector: written whole whenever something is new.

All values are gauges of the newest run: a counter would start again with each run, and between two runs nobody could
tell which of them it counts.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.metrics.families import LAST_SUCCESS, families
from jobs.metrics.told import RunTold
from schemas.errors import EXIT_OK, ConfigError, MissingExtraError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_SUFFIX = ".prom"


class TextFile:
    """The file of one pipeline."""

    def __init__(self, place: Path, told: RunTold) -> None:
        """`place` is a file *.prom or a folder; a run of a part of the shards (`--group`) gets a file of its own.

        Writes it once. Raises MissingExtraError without the extra, ConfigError where it cannot be written.
        """
        try:
            import prometheus_client  # noqa: F401 - found out now, not after hours
        except ImportError:
            raise MissingExtraError("metrics", "metrics.prometheus of the config") from None
        self._path = _file(place, told)
        self._success = last_success(self._path)
        try:
            self.write(told)
        except OSError as error:
            raise ConfigError(
                f"metrics.prometheus: {self._path} cannot be written ({error.strerror}).",
                remedy="Check the rights of its folder, or name another place.",
            ) from None

    def write(self, told: RunTold) -> None:
        """Writes what is known so far. Readers see the old file or the new one, never half of it."""
        from prometheus_client import CollectorRegistry, write_to_textfile

        if told.exit_code == EXIT_OK and told.publishes:
            self._success = told.ended
        # A registry of our own: that of the library also tells of this process and its platform.
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(list(families(told, self._success))))
        write_to_textfile(str(self._path), registry)


class _Collected:
    """Families as the library collects them."""

    def __init__(self, found: "list[Metric]") -> None:
        self._found = found

    def collect(self) -> "Iterator[Metric]":
        yield from self._found


def last_success(path: Path) -> float | None:
    """When the last run succeeded, as the file says that earlier runs left; None without one."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        found = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    values = [s.value for family in found if family.name == LAST_SUCCESS for s in family.samples]
    return values[0] if values else None


def _file(place: Path, told: RunTold) -> Path:
    part = f"_{told.group.replace('/', '_of_')}" if told.group else ""
    if place.is_dir():
        name = re.sub(r"[^\w.-]", "_", told.pipeline)
        return place / f"affectmine_{name}{part}{_SUFFIX}"
    if place.suffix != _SUFFIX:
        raise ConfigError(
            f"metrics.prometheus: {place} is no folder, and no file that ends with {_SUFFIX}.",
            remedy=f"node_exporter reads only files *{_SUFFIX}: name one, or an existing folder.",
        )
    if not place.parent.is_dir():
        raise ConfigError(
            f"metrics.prometheus: there is no folder {place.parent}.", remedy="Make it."
        )
    return place.with_name(f"{place.stem}{part}{_SUFFIX}")
