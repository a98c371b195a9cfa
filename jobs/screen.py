"""What a person sees while a run goes on: one line a stage, with rows per second and time left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from schemas.manifest import Manifest


class Screen:
    """Writes to stderr, so that stdout stays for results; silent with `--json`."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._rows, self._started = 0, 0.0

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[None]:
        """Shows one stage; `total` is its number of shards, None while unknown."""
        self._rows, self._started = 0, time.perf_counter()
        columns = (
            TextColumn("{task.description:>16}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.fields[of]} shards"),
            TextColumn("{task.fields[rows]:,} rows"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
        )
        with Progress(
            *columns,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        ) as progress:
            of = "?" if total is None else str(total)
            task = progress.add_task(name, total=total, of=of, rows=0, speed="")
            self._progress, self._task = progress, task
            try:
                yield
            finally:
                elapsed = time.perf_counter() - self._started
                self._progress = self._task = None
        speed = f", {self._rows / elapsed:,.0f} rows/s" if elapsed > 0.5 and self._rows else ""
        self.say(f"{name:>16}  {self._rows:,} rows in {elapsed:.1f} s{speed}")

    def advance(self, manifest: Manifest) -> None:
        """A shard is done."""
        self._rows += manifest.counts.get("in", 0)
        if self._progress is None or self._task is None:
            return
        elapsed = time.perf_counter() - self._started
        speed = f"{self._rows / elapsed:,.0f} rows/s" if elapsed > 0.5 else ""
        self._progress.update(self._task, advance=1, rows=self._rows, speed=speed)

    def say(self, text: str) -> None:
        """One line, as it is."""
        self.console.print(text, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """One line that wants attention."""
        self.console.print(f"warning: {text}", style="yellow", markup=False, soft_wrap=True)
