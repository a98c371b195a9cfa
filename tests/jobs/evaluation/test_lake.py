"""Published labels against the gold of their records."""

import duckdb
import numpy as np
import polars as pl
import pytest

from jobs.evaluate import evaluate_lake
from pipelines.lake.lake import create_lake
from pipelines.lake.snapshots import publish
from schemas.datasets import CLEAN
from schemas.datasets.labels import labels_schema
from schemas.errors import ConfigError, TerminalError
from schemas.manifest import DataFile, Part
from tests.jobs.evaluation.made import OF_VAD, PLAIN
from tests.pipelines.gates.conftest import clean, labels
from transforms.arrow import polars_schema, to_arrow

NAMES = np.array(("joy", "anger", "fear"))


class MadeLake:
    """A lake whose clean and label rows a test writes; each publication is a snapshot."""

    def __init__(self, root):
        self.root = root / "lake"
        self.lake = create_lake(self.root, "0123456789abcdef")
        self.made = 0

    def part(self, dataset, rows, schema, variant="", corpus="c"):
        self.made += 1
        folder = self.lake.folder(dataset, corpus, "2024-05-01", variant)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.made}.parquet"
        frame = pl.DataFrame(rows, schema=polars_schema(schema))
        pl.from_arrow(to_arrow(frame, schema)).write_parquet(path)
        stored = self.lake.relative(path)
        file = DataFile(
            dataset=dataset, variant=variant, corpus=corpus, partition="2024-05-01", path=stored,
            rows=len(rows), bytes=1, checksum=str(self.made), schema_version=1,
        )  # fmt: skip
        return Part(
            dataset=dataset, variant=variant, corpus=corpus, partition="2024-05-01", files=(file,), stored=(stored,),
            manifests=(f"{self.made}.json",), sources=("f",),
        )  # fmt: skip

    def publish(self, *parts):
        publish(self.lake, "test", lambda _: (list(parts), []))


def entry(names, task="emotion", taxonomy="plain", **more):
    nothing = {"label_set": None, "split": None, "annotator": None, "value": None}
    return {"task": task, "taxonomy": taxonomy, "labels": names} | nothing | more


def posts(number, gold, corpus="c", **more):
    """Clean rows of one corpus; ids tell the corpus."""
    rows = []
    for n, entries in enumerate(gold):
        row = clean(1)[0] | {
            "record_id": f"{corpus}{n}", "corpus": corpus, "conversation_id": f"talk{n // 4}", "gold": entries,
            "role": "host" if n % 2 else "guest", "n_chars": 10 if n < number // 2 else 300,
        }  # fmt: skip
        rows.append(row | more)
    return rows


def answered(rows, given, labeler="student", status=None):
    made = []
    for n, row in enumerate(rows):
        is_labeled = status is None or status[n] == "labeled"
        keys = {k: v for k, v in row.items() if k in labels(1)[0]}
        made.append(
            labels(1)[0]
            | keys
            | {
                "taxonomy": "plain", "labeler": labeler, "labeler_version": f"{labeler}-7",
                "status": "labeled" if is_labeled else "rejected",
                "labels": list(NAMES[given[n]]) if is_labeled else None,
                "scores": [{"label": x, "probability": 0.9 if g else 0.1} for x, g in zip(NAMES, given[n], strict=True)]
                if is_labeled
                else None,
                "reason": None if is_labeled else "too_short",
            }
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    made = MadeLake(folder)
    (folder / "plain.yaml").write_text(PLAIN.model_dump_json(exclude_defaults=True))
    rng = np.random.default_rng(0)
    truth, given, other = (rng.random((80, 3)) < share for share in (0.4, 0.5, 0.5))
    entries = [
        [entry(list(NAMES[t]), split="dev" if n % 4 else "test")] for n, t in enumerate(truth)
    ]
    entries[3].append(entry(["joy"], taxonomy="ekman"))
    gold = posts(80, entries)
    gold[5] |= {"outcome": "dropped", "reason": "too_short"}
    bare = posts(60, [None] * 60, corpus="d")
    status = ["labeled" if n % 8 else "rejected" for n in range(80)]
    kept = [n for n in range(80) if n not in (5, 6)]  # 6: of a shard that is not labeled yet
    of_labels = labels_schema("labels", NAMES)
    rows = answered([gold[n] for n in kept], given[kept], status=[status[n] for n in kept])
    second = answered([gold[n] for n in kept[10:]], other[kept[10:]], labeler="own_x")
    variant = "emotion/plain"
    made.publish(
        made.part("clean", gold, CLEAN.schema),
        made.part("clean", bare, CLEAN.schema, corpus="d"),
        made.part("labels", rows, of_labels, f"{variant}/student"),
        made.part("labels", answered(bare, rng.random((60, 3)) < 0.5), of_labels, f"{variant}/student", "d"),
    )  # fmt: skip
    made.publish(made.part("labels", second, of_labels, f"{variant}/own_x"))
    return made


def found(lake, **kwargs):
    taxonomy = str(lake.root.parent / "plain.yaml")
    return evaluate_lake(lake.root, taxonomy=taxonomy, resamples=20, **kwargs).to_json()


def counted(lake, label, where="true"):
    """(both, gold, given) of one label, by a query of its own over all files."""
    return duckdb.execute(
        f"""SELECT count(*) FILTER (held AND given), count(*) FILTER (held), count(*) FILTER (given) FROM (
        SELECT list_contains(gold[1].labels, '{label}') AS held, c.* EXCLUDE (gold),
        coalesce(list_contains(labels, '{label}'), false) AS given, gold[1].split AS split
        FROM '{lake.root}/clean/c/*/*.parquet' c JOIN '{lake.root}/labels/emotion/plain/student/c/*/*.parquet'
        USING (record_id) WHERE c.outcome = 'kept') WHERE {where}"""
    ).fetchone()


def test_figures_are_those_of_a_count_over_all_files(lake):
    result = found(lake)
    assert (result["n"], result["dropped_before_labeling"], result["not_labeled_yet"]) == (78, 1, 1)
    assert result["statuses"] == {"labeled": 68, "rejected": 10}
    assert result["reasons"] == {"too_short": 10}
    assert (result["labeler"], result["labeler_version"]) == ("student", "student-7")
    assert (result["drawn"], result["groups"], result["snapshot"]) == ("conversations", 20, 2)
    for label in NAMES:
        both, gold, given = counted(lake, label)
        one = result["per_label"][label]
        assert (one["support"], one["predicted"]) == (gold, given)
        assert one["f1"] == pytest.approx(2 * both / (gold + given))
    assert isinstance(result["ece"], float)


def test_by_split_role_and_length(lake):
    result = found(lake, splits=["dev"], by=["role", "length", "corpus", "split"], min_rows=5)
    both, gold, given = counted(lake, "joy", "split = 'dev'")
    assert result["per_label"]["joy"]["f1"] == pytest.approx(2 * both / (gold + given))
    parts = {name: [p["value"] for p in of] for name, of in result["breakdown"].items()}
    assert parts["length"] == ["0-25 characters", "201-400 characters"]
    assert set(parts["role"]) == {"host", "guest"}
    assert (parts["corpus"], parts["split"]) == (["c"], ["dev"])


def test_another_labeler_and_an_earlier_snapshot(lake):
    result = found(lake, against="own_x")["against"]
    assert result["labeler"] == "own_x"
    assert result["statuses"] == {"failed": 10, "labeled": 68}
    assert set(result["differences"]) == {"macro_f1", "micro_f1", "subset_accuracy"}
    assert found(lake, as_of=1)["snapshot"] == 1
    with pytest.raises(
        ConfigError, match=r"no labels emotion/plain/own_x .*It has: emotion/plain/student"
    ):
        found(lake, as_of=1, labeler="own_x")


def test_a_corpus_without_gold(lake):
    result = found(lake, corpora=["d"])
    assert result["n"] == 0
    assert result["macro_f1"] == {"undefined": "no label occurs in gold or answers"}
    assert "corpora[].gold" in result["notes"][0]


def test_what_is_not_there(lake, tmp_path):
    with pytest.raises(ConfigError, match=r"no corpus e\. It has: c, d"):
        found(lake, corpora=["e"])
    with pytest.raises(ConfigError, match=r"no labels emotion/plain/gpt"):
        found(lake, labeler="gpt")
    with pytest.raises(ConfigError, match="by mood"):
        found(lake, by=["mood"])
    create_lake(tmp_path / "new", "0123456789abcdef")
    with pytest.raises(TerminalError, match="Nothing is published"):
        evaluate_lake(tmp_path / "new")


def test_numbers_of_several_annotators(tmp_path):
    made = MadeLake(tmp_path)
    rng = np.random.default_rng(1)
    truth, told = rng.random((40, 3)), rng.random((40, 3))
    gold = [
        [
            entry(None, "vad", "vad", value=1.2 + 3.6 * truth[n, i] + spread, label_set=name, annotator=who)
            for i, name in enumerate(OF_VAD.names)
            for who, spread in (("a", -0.2), ("b", 0.2))
        ]
        for n in range(40)
    ]  # fmt: skip
    rows = posts(40, gold)
    answer = [dict(zip(OF_VAD.names, row, strict=True)) for row in told.tolist()]
    given = [
        row | {"task": "vad", "taxonomy": "vad", "labels": [], "scores": None, "answer": answer[n]}
        for n, row in enumerate(answered(rows, np.zeros((40, 3), bool)))
    ]
    made.publish(
        made.part("clean", rows, CLEAN.schema),
        made.part("labels", given, labels_schema("scalars", OF_VAD.names), "vad/vad/student"),
    )
    result = evaluate_lake(made.root, task="vad", resamples=20).to_json()
    for place, name in enumerate(OF_VAD.names):
        expected = np.corrcoef(truth[:, place], told[:, place])[0, 1]
        assert result["per_dimension"][name]["pearson"] == pytest.approx(expected, abs=1e-6)
    assert result["people"]["rows_of_several"] == 40
    assert isinstance(result["people"]["ceiling"]["pearson"], float)
