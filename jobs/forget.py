"""Forget: people are erased from every dataset of a lake, as its owner asks for it by name, pseudonym or record."""

import json
import re
from collections.abc import Sequence

from pipelines.lake.forget import Report, Request, forget
from pipelines.lake.forget_intent import pending
from pipelines.lake.key import load_key, peek_key
from pipelines.lake.lake import Lake, check_key, open_lake
from pipelines.lake.place import Place
from pipelines.lake.snapshots import state
from schemas.errors import ConfigError
from transforms.ingest.keyed import KeyedHasher

_KEYED = re.compile(r"[0-9a-f]{32}")


def forget_people(
    lake_path: Place,
    *,
    corpus: str | None = None,
    speakers: Sequence[str] = (),
    records: Sequence[str] = (),
    pseudonyms: Sequence[str] = (),
    record_ids: Sequence[str] = (),
    dry_run: bool = False,
) -> Report:
    """Erases people. `speakers` and `records` are native names and ids in `corpus`; the others stand in the lake.

    Native names are hashed with the lake's key and go nowhere else. With nobody named, an interrupted `forget` is
    finished. Raises ConfigError for a request that cannot be meant, TransientError while a run is at work.
    """
    lake = open_lake(lake_path)
    if peek_key() is None:
        raise ConfigError(
            "There is no pseudonym key here, so names cannot be looked up in this lake.",
            remedy="Set AFFECTMINE_KEY to the key that the lake was made with.",
        )
    hasher = KeyedHasher(load_key()[0])
    check_key(lake, hasher.key_id())
    state(lake)  # one that a newer version wrote is refused before anything is changed
    asked = _request(lake, hasher, corpus, speakers, records, pseudonyms, record_ids)
    if not asked and pending(lake) is None:
        raise ConfigError(
            "Nobody is named.",
            remedy="Name whom to forget: --corpus NAME --speaker NAME, --corpus NAME --record ID, "
            "--pseudonym HEX or --record-id HEX.",
        )
    return forget(lake, asked, hasher, dry_run=dry_run, refresh=lambda: _refresh(lake))


def _request(
    lake: Lake,
    hasher: KeyedHasher,
    corpus: str | None,
    speakers: Sequence[str],
    records: Sequence[str],
    pseudonyms: Sequence[str],
    record_ids: Sequence[str],
) -> Request:
    for option, given in (("--pseudonym", pseudonyms), ("--record-id", record_ids)):
        # A native name given here by mistake must not be shown: how many there are says enough.
        wrong = sum(_KEYED.fullmatch(each) is None for each in given)
        if wrong:
            raise ConfigError(
                f"{wrong} of the values of {option} are not 32 hexadecimal digits.",
                remedy="Take them from the datasets; native names go with --speaker, native ids with --record.",
            )
    native = [*speakers, *records]
    if native and corpus is None:
        raise ConfigError(
            "Native names and ids mean something in a corpus only.",
            remedy=f"Add --corpus; this lake has: {_corpora(lake)}.",
        )
    if native and not (lake.root / "corpora" / f"{corpus}.json").exists():
        raise ConfigError(
            f"This lake has no corpus {corpus!r}.", remedy=f"It has: {_corpora(lake)}."
        )
    if "" in native:
        raise ConfigError("A name is empty.", remedy="Leave it out.")
    name = corpus or ""
    who = {hasher.token("speaker", name, each) for each in speakers} | set(pseudonyms)
    which = {hasher.token("record", name, each) for each in records} | set(record_ids)
    return Request(
        speakers=who,
        records=which,
        patterns={name: _pattern(native)} if native else {},
    )


def _corpora(lake: Lake) -> str:
    return ", ".join(sorted(path.stem for path in (lake.root / "corpora").glob("*.json"))) or "none"


def _pattern(native: Sequence[str]) -> bytes:
    """Bytes that hold one of the names as a word: in UTF-8, or as JSON escapes it."""
    spelled = {each.encode("utf-8", "surrogatepass") for each in native}
    spelled |= {json.dumps(each)[1:-1].encode() for each in native}
    words = b"|".join(re.escape(each) for each in sorted(spelled))
    return rb"(?<![0-9A-Za-z_])(?:" + words + rb")(?![0-9A-Za-z_])"


def _refresh(lake: Lake) -> None:
    from jobs.publish import refresh_catalog
    from pipelines.lake.snapshots import numbers

    if numbers(lake):
        refresh_catalog(lake)


def show_forgotten(report: Report, *, dry_run: bool, by_name: bool, as_json: bool) -> None:
    """Prints what was erased: counts, no names."""
    if as_json:
        found = {
            "dry_run": dry_run,
            "rows": report.rows,
            "mentions": report.mentions,
            "files_deleted": report.deleted,
            "raw_bytes_searched": by_name,
        }
        print(json.dumps(found))
        return
    did = "would erase" if dry_run else "erased"
    total = sum(report.rows.values())
    print(
        f"{did} {total:,} rows"
        + (":" if total else "; whoever was named is in no dataset of this lake.")
    )
    for dataset, rows in sorted(report.rows.items()):
        print(f"  {dataset}: {rows:,}")
    mentions = sum(report.mentions.values())
    if mentions:
        print(f"{did} mentions of these records in {mentions:,} rows of others.")
    if not dry_run:
        print("Ingest will skip them (reason: forgotten).")
    if not by_name:
        print(
            "Unreadable units kept under restricted/quarantine_raw were not searched: "
            "that needs the native name or id (--speaker, --record)."
        )
