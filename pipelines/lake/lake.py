"""A lake: the folder (or prefix of an object store) with all datasets, and where in it things lie.

lake.json                                             format and key id
restricted/records/<corpus>/<partition>/shard-*.parquet
restricted/quarantine_raw/<corpus>/<day>/shard-*.parquet  first bytes of what could not be read
ingest/<corpus>/<file id>/chunk-*.json                manifests of ingest
quarantine/<corpus>/<day>/shard-*.parquet
clean/<corpus>/<partition>/shard-*.parquet + .json    data and manifests, side by side
dedup, contexts, restricted/signatures                 likewise, beside clean
labels/<task>/<taxonomy>/<labeler>/<corpus>/<partition>/shard-*.parquet + .json
selection/<task>/<taxonomy>/<labeler>/<corpus>/…      of a cascade: what goes on to that labeler
annotations/<corpus>/<partition>/shard-*.parquet + .json   what people answered
marts/<name>/*.parquet + .json                         tables over all labels, of one published state
answers, restricted/answers                           cached answers of language models; answers.lock
snapshots/00000001.json                               what is published
runs/<run id>/                                        journals, gates
catalog.duckdb                                        views over the newest snapshot
forgotten.json, restricted/records/**/erased-*.json   who was forgotten, and which rows went
forget.json, care.lock                                while that goes on
"""

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from pipelines.lake.object_store import refuse_without_conditions
from pipelines.lake.place import Place
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.store import create, disk_trouble, read_json
from schemas.datasets import DATASETS
from schemas.errors import ConfigError, TerminalError

FORMAT = 1


@dataclass(frozen=True)
class Lake:
    """The root folder, and the rules for names below it."""

    root: Place

    def folder(self, dataset: str, corpus: str, partition: str, variant: str = "") -> Place:
        """Where the shards of one partition lie."""
        base = self.root / "restricted" if DATASETS[dataset].restricted else self.root
        return base / dataset / variant / corpus / partition

    def ingest_folder(self, corpus: str, file_id: str) -> Place:
        """Where the manifests of one source file's chunks lie."""
        return self.root / "ingest" / corpus / file_id

    @property
    def snapshots(self) -> Place:
        """Where the numbered publications lie."""
        return self.root / "snapshots"

    @property
    def runs(self) -> Place:
        """Where the journals of runs lie."""
        return self.root / "runs"

    def relative(self, path: Place) -> str:
        """The name of `path` inside the lake."""
        return path.relative_to(self.root).as_posix()

    def path(self, name: str) -> Place:
        """The path of a name inside the lake."""
        return self.root / name


def create_lake(root: Place, key_id: str) -> Lake:
    """The lake at `root`, made if there is none.

    Raises ConfigError if it was made with another key: pseudonyms would no longer match.
    """
    lake = _at(root)
    content = {"format": FORMAT, "key_id": key_id, "created_at": now()}
    marker = lake.root / "lake.json"
    if not marker.exists():
        if isinstance(lake.root, RemotePath):
            refuse_without_conditions(lake.root.url)
        elif lake.root.exists() and not lake.root.is_dir():
            raise ConfigError(f"The lake {root} is a file, not a folder.")
        create(marker, json.dumps(content).encode())
    # Raw text of people lies below: nobody else's business.
    restricted = lake.root / "restricted"
    restricted.mkdir(mode=0o700, exist_ok=True)
    check_key(lake, key_id)
    return lake


def check_key(lake: Lake, key_id: str) -> None:
    """Raises ConfigError when the lake was made with another key."""
    found = _marker(lake).get("key_id")
    if found != key_id:
        raise ConfigError(
            f"The lake {lake.root} was made with another pseudonym key (id {found}, "
            f"yours is {key_id}).",
            remedy="Set AFFECTMINE_KEY to the key of this lake, or choose another lake.",
        )


def open_lake(root: Place) -> Lake:
    """The existing lake at `root`. Raises ConfigError if there is none."""
    lake = _at(root)
    _marker(lake)
    return lake


def now() -> str:
    """The time, UTC, ISO 8601."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _marker(lake: Lake) -> dict[str, Any]:
    try:
        found = read_json(lake.root / "lake.json", "Restore it from a backup of the lake.")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no lake at {lake.root}.",
            remedy="Name its folder with --lake, or make one: affectmine demo, affectmine run CONFIG",
        ) from None
    except OSError as error:
        raise disk_trouble("read", lake.root / "lake.json", error) from None
    if found.get("format") != FORMAT:
        raise TerminalError(
            f"The lake {lake.root} has format {found.get('format')}; this affectmine knows {FORMAT}.",
            remedy="Use the affectmine version that made it, or a newer one.",
        )
    return found


def _at(root: Place) -> Lake:
    path = root.absolute()
    if set("*?[]") & set(str(path)):
        raise ConfigError(
            f"The lake's path {path} has one of the characters * ? [ ].",
            remedy="SQL would take it as a pattern: choose a path without them.",
        )
    return Lake(path)
