"""Sources by day: which files a run over some days reads, and which days there are and are published."""

import datetime as dt
import glob
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.sources import Broken, Input, exists, inputs, tasks
from jobs.unserved import unserved
from pipelines.lake.commit import finished
from pipelines.lake.key import peek_key
from pipelines.lake.lake import Lake, check_key
from pipelines.lake.place import Place, place_in
from pipelines.lake.snapshots import State, state
from pipelines.stages.label import settings, variant
from schemas.config.corpus import CorpusConfig
from schemas.config.load import load_config
from schemas.config.run import RunConfig
from schemas.day_pattern import any_day, at_day, day_in, names_day
from schemas.errors import ConfigError
from schemas.manifest import DataFile
from transforms.ingest.keyed import KeyedHasher

_MOST = 3_660  # days: a slip of the year must not ask for ten thousand paths


def parse_days(text: str | None) -> tuple[dt.date, ...] | None:
    """`2026-03-02`, or `2026-03-01..2026-03-05` (both included), as days. Raises ConfigError for anything else."""
    if text is None:
        return None
    first, between, last = text.partition("..")
    try:
        days = [_day(each) for each in ([first, last] if between else [first])]
    except ValueError:
        raise ConfigError(
            f"--day {text!r} is no day.", remedy="Write 2026-03-02, or 2026-03-01..2026-03-05."
        ) from None
    count = (days[-1] - days[0]).days + 1
    if not 1 <= count <= _MOST:
        raise ConfigError(
            f"--day {text!r} has {'no day' if count < 1 else f'{count:,} days'}.",
            remedy=f"The first day comes first; at most {_MOST:,} days at once.",
        )
    return tuple(days[0] + dt.timedelta(number) for number in range(count))


def days_there(config: RunConfig, base: Path) -> list[dt.date]:
    """The days that have files; relative sources start at `base`. Raises ConfigError where no source names a day."""
    refuse_without_day(config)
    found: set[dt.date] = set()
    for corpus in config.corpora:
        for source in filter(names_day, corpus.sources):
            pattern = str(base / Path(source).expanduser())
            for path in glob.glob(any_day(pattern), recursive=True):
                day = day_in(pattern, path)
                if day is not None:
                    found.add(day)
    return sorted(found)


def refuse_without_day(config: RunConfig) -> None:
    """Raises ConfigError where no source of the config has a place for the day."""
    if not any(names_day(source) for corpus in config.corpora for source in corpus.sources):
        raise ConfigError(
            "No source of this config names a day, so none can be chosen.",
            remedy="Put {day} where the files have it, such as `sources: posts/{day}.jsonl`.",
        )


def days(
    config_path: Path,
    *,
    only: Sequence[dt.date] | None = None,
    lake_path: Place | None = None,
    data: Path | None = None,
) -> dict[str, Any]:
    """Which days have files, and of each whether all of it is published: plain JSON values.

    A day is `published` where all that its files hold now is in the newest snapshot, with the labels of every label
    stage; else `pending`. Files are cut into their chunks for that, not parsed. `only` leaves other days out.
    """
    config = load_config(config_path)
    base = config_path.absolute().parent
    folder = (data or base).absolute()
    hasher = KeyedHasher(peek_key() or b"no key yet")
    lake = Lake((lake_path or place_in(base, config.lake)).absolute())
    begun = (lake.root / "lake.json").exists()
    if begun:
        check_key(lake, hasher.key_id())
    # Without its labeler file a label stage has labeled nothing.
    begun = begun and not any(unserved(config, each, base) for each in config.label)
    newest = _Newest(state(lake)[1], config, base) if begun else None
    found = []
    for day in days_there(config, folder):
        if only is not None and day not in only:
            continue
        dated = config.model_copy(update={"corpora": tuple(_of_day(config.corpora, day, folder))})
        given = inputs(dated, folder, hasher, (day,))
        done = newest is not None and _published(lake, dated, hasher, given, newest)
        found.append(
            {
                "day": day.isoformat(),
                "files": len(given),
                "state": "published" if done else "pending",
            }
        )
    return {
        "lake": str(lake.root),
        "days": found,
        "pending": [each["day"] for each in found if each["state"] == "pending"],
    }


def show_days(found: dict[str, Any], *, as_json: bool) -> int:
    """Prints them."""
    if as_json:
        print(json.dumps(found))
        return 0
    table = Table("day", "files", "state", header_style="bold")
    for each in found["days"]:
        table.add_row(each["day"], f"{each['files']:,}", each["state"])
    Console(highlight=False).print(table)
    return 0


class _Newest:
    """What the newest snapshot has of which source file, by dataset, variant and partition."""

    def __init__(self, parts: State, config: RunConfig, base: Path) -> None:
        self._sources = {key: frozenset(part.sources) for key, part in parts.items()}
        self._made = [("records", ""), ("clean", "")]
        self._made += [("labels", variant(settings(each, base))) for each in config.label]

    def holds(self, file_id: str, file: DataFile) -> bool:
        """Whether it has all that is made of a records shard."""
        keys = ("|".join((*made, file.corpus, file.partition)) for made in self._made)
        return all(file_id in self._sources.get(key, ()) for key in keys)


def _of_day(corpora: Sequence[CorpusConfig], day: dt.date, base: Path) -> Iterator[CorpusConfig]:
    """What of the corpora has files of a day."""
    for corpus in corpora:
        dated = filter(names_day, corpus.sources)
        if sources := tuple(each for each in dated if exists(at_day(each, day), base)):
            yield corpus.model_copy(update={"sources": sources})


def _published(
    lake: Lake, config: RunConfig, hasher: KeyedHasher, given: Sequence[Input], newest: _Newest
) -> bool:
    broken: list[Broken] = []
    key_id = hasher.key_id()
    for task in tasks(
        lake, list(given), config, key_id=key_id, run_id="days", broken=broken, dry=True
    ):
        manifest = finished(lake, task.manifest_name)
        if manifest is None:
            return False
        records = [file for file in manifest.outputs if file.dataset == "records"]
        if not all(newest.holds(task.file_id, file) for file in records):
            return False
    return not any(each.lost for each in broken)


def _day(text: str) -> dt.date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is None:
        raise ValueError(text)
    return dt.date.fromisoformat(text)
