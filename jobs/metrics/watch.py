"""The one that a run tells what it does, and who passes it on to whom the config names.

Semantics: what cannot be told never fails or holds up a run; it is one warning at the end. What is wrong with the
section itself (a library that is missing, a folder that is not there) is an error before anything is read.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.metrics.terminated import terminable
from jobs.metrics.told import RunTold, StageTold
from jobs.screen import Screen
from pipelines.lake.lake import Lake
from schemas.config.run import RunConfig

if TYPE_CHECKING:
    from jobs.metrics.lineage import Lineage
    from jobs.metrics.prometheus import TextFile
    from jobs.publish import Published
    from jobs.run import Outcome
    from jobs.session import Session, StageTotals


class Watch:
    """Hears of a run in progress. Does nothing where the config has no section `metrics`."""

    def __init__(
        self, told: RunTold, file: "TextFile | None", lineage: "Lineage | None", screen: Screen
    ) -> None:
        self._told, self._file, self._lineage, self._screen = told, file, lineage, screen
        self._trouble: str | None = None

    def opened(self, lake: Lake, run_id: str) -> None:
        """The run has its journal."""
        self._told.lake, self._told.run_id = lake, run_id
        self._pass(lambda lineage: lineage.run_began(self._told))

    def began(self, session: "Session", totals: "Sequence[StageTotals]") -> None:
        """A stage begins: one entry a variant, filled while it goes on."""
        self._told.failures = session.failures
        stages = [StageTold(each, time.time()) for each in totals]
        self._told.stages += stages
        self._pass(lambda lineage: lineage.stages_began(self._told, stages))

    def ended(self, totals: "Sequence[StageTotals]") -> None:
        """The stage is over."""
        over = [each for each in self._told.stages if any(each.totals is one for one in totals)]
        for each in over:
            each.ended = time.time()
        self._pass(lambda lineage: lineage.stages_ended(self._told, over))

    def checked(self, published: "Published") -> None:
        """The gates have been asked, and where none blocks, the run has published."""
        self._told.published, self._told.checked = published, time.time()
        self._pass(lambda lineage: lineage.checked(self._told))

    def came_to(self, outcome: "Outcome") -> None:
        """What the run came to."""
        self._told.outcome = outcome

    def close(self, error: BaseException | None) -> None:
        """The run is over, by an error that stopped it as a whole where there is one."""
        self._told.error, self._told.ended = error, time.time()
        self._pass(lambda lineage: lineage.run_ended(self._told))
        if self._lineage is not None and (lost := self._lineage.close()) is not None:
            self._trouble = self._trouble or lost
        if self._trouble is not None:
            self._screen.warn(f"{self._trouble} The run itself is not affected.")

    def _pass(self, tell: "Callable[[Lineage], object]") -> None:
        lineage, file = self._lineage, self._file
        if lineage is not None:
            self._try("OpenLineage events", lambda: tell(lineage))
        if file is not None:
            self._try("Metrics", lambda: file.write(self._told))

    def _try(self, what: str, tell: Callable[[], object]) -> None:
        try:
            tell()
        except Exception as error:  # noqa: BLE001 - who only watches must not stop the run
            why = getattr(error, "strerror", None) or type(error).__name__
            self._trouble = self._trouble or f"{what} of this run could not be written ({why})."


@contextmanager
def watched(
    config: RunConfig,
    config_path: Path,
    screen: Screen,
    *,
    command: str,
    group: tuple[int, int] | None,
    publishes: bool,
) -> Iterator[Watch]:
    """Whom a run tells what it does; told of its end, too, whichever way that comes.

    Raises MissingExtraError without the extra, ConfigError for a place that cannot be written.
    """
    wanted = config.metrics
    told = RunTold(
        pipeline=(wanted and wanted.name) or config_path.stem,
        command=command,
        engine=config.engine.name,
        group=f"{group[0]}/{group[1]}" if group else "",
        publishes=publishes,
        began=time.time(),
    )
    file, lineage = None, None
    base = config_path.absolute().parent
    if wanted is not None and wanted.prometheus is not None:
        from jobs.metrics.prometheus import TextFile

        file = TextFile(base / wanted.prometheus, told)
    if wanted is not None and wanted.openlineage is not None:
        from jobs.metrics.lineage import Lineage

        lineage = Lineage(wanted.openlineage, base)
    watch = Watch(told, file, lineage, screen)
    with nullcontext() if wanted is None else terminable():
        try:
            yield watch
        except BaseException as error:
            watch.close(error)
            raise
        watch.close(None)
