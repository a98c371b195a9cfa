"""Small runs with metrics: the demo's social posts, and a talk in whose every corner a canary sits."""

import json
import shutil
from collections import Counter
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.corpus import ROOT, START

PAGE = (ROOT / "docs" / "metrics.md").read_text()
NAMES = ("Ottilie", "Brandvold", "Zebulon", "Quaxley")
SENTENCES = ("cassowaries keep me awake", "marmalade in the attic")
CANARIES = (*NAMES, *SENTENCES, "native-canary", "talk-canary", "555-0142")
SOURCE = "interview_with_Ottilie_Brandvold.jsonl"
CONFIG = """lake: lake
corpora:
  - name: demo_social
    domain: social
    license: CC0-1.0
    sources: social.jsonl
    reader: reddit
  - name: talk
    domain: clinical
    license: CC0-1.0
    consent: Zebulon Quaxley said yes
    sources: {source}
    columns:
      {{text: said, id: id, conversation_id: talk, turn: turn, speaker: who, created_at: at, lang: spoken}}
ingest: {{shard_records: 300}}
label: [{{taxonomy: ekman}}]
dedup: {{}}
windows: {{}}
engine: {{workers: 1}}
metrics:
{metrics}
"""


def write(folder: Path, metrics: str, *, source: str = SOURCE) -> Path:
    """A config `watched.yaml` and its sources; `metrics` is the indented content of that section."""
    rows = [
        {
            "id": f"native-canary-{number}",
            "talk": "talk-canary",
            "turn": number,
            "who": ("Ottilie Brandvold", "Zebulon Quaxley")[number % 2],
            "said": f"{SENTENCES[number % 2]}, said Zebulon, call 555-0142 ({number})",
            "at": START + 60 * number,
            "spoken": "Ottilie" if number == 3 else "en",
        }
        for number in range(12)
    ]
    broken = json.dumps(rows[4])[:-9]
    lines = [*(json.dumps(row) for row in rows), broken]
    if source == SOURCE:
        (folder / SOURCE).write_text("\n".join(lines) + "\n")
    config = folder / "watched.yaml"
    shutil.copy(ROOT / "jobs" / "demo" / "corpus" / "social.jsonl", folder)
    config.write_text(CONFIG.format(source=source, metrics=metrics))
    return config


def on_page(name: str) -> bool:
    """Whether the page lists a metric, by its whole name or by what it differs in from the one before."""
    return any(f"`{start}{name}`" in PAGE for start in ("affectmine_", "…_")) or any(
        f"`…_{name[at:]}`" in PAGE for at in range(len(name)) if name[at - 1] == "_"
    )


def samples(path: Path) -> dict[str, Counter[tuple[tuple[str, str], ...]]]:
    """The values of a textfile by metric and labels (without that of the pipeline), as Prometheus' parser reads it."""
    found: dict[str, Counter[tuple[tuple[str, str], ...]]] = {}
    for family in text_string_to_metric_families(path.read_text()):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "pipeline"}
            key = tuple(sorted(labels.items()))
            values = found.setdefault(sample.name.removeprefix("affectmine_"), Counter())
            assert key not in values, (sample.name, key)
            values[key] = sample.value
    return found


def by(values: Counter[tuple[tuple[str, str], ...]], *names: str, **fixed: str) -> Counter:
    """Sums by the labels `names`, of the samples that have the labels `fixed`."""
    found: Counter = Counter()
    for key, value in values.items():
        labels = dict(key)
        if all(labels.get(name) == wanted for name, wanted in fixed.items()):
            found[tuple(labels[name] for name in names)] += int(value)
    return found
