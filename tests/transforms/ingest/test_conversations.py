"""Names of a conversation, annotations of one record, and turns without a conversation."""

import polars as pl

from schemas.config.corpus import CorpusConfig
from transforms.ingest.keyed import KeyedHasher
from transforms.ingest.records import merge_annotations, to_records
from transforms.read.mapping import MAPPED


def mapped(**columns: list) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    given = {"_position": list(range(height)), "text": ["x"] * height, "revision": [0] * height}
    frame = pl.DataFrame(
        given | columns, schema_overrides={name: MAPPED[name] for name in {**given, **columns}}
    )
    missing = [
        pl.lit(None).cast(kind).alias(name)
        for name, kind in MAPPED.items()
        if name not in frame.columns
    ]
    return frame.with_columns(missing).select(list(MAPPED))


def records(frame: pl.DataFrame, domain: str) -> pl.DataFrame:
    corpus = CorpusConfig.model_validate(
        {"name": "talk", "domain": domain, "license": "x", "sources": "x"}
    )
    hasher = KeyedHasher(b"k" * 32)
    return to_records(frame, corpus=corpus, hasher=hasher, file_id="f1", first_ingest="2026-01-01")


def test_names_of_a_conversations_speakers_are_hints_of_all_its_turns() -> None:
    frame = mapped(
        conversation_id=["a", "a", "b", None],
        speaker=["Ann Lee", "Doctor", "Speaker 1", "Zed"],
        pii_hints=[None, ["Bo"], None, None],
    )
    found = records(frame, "clinical")["pii_hints"].to_list()
    assert found == [["Ann Lee"], ["Ann Lee", "Bo"], None, ["Zed"]]


def test_names_of_accounts_are_no_hints() -> None:
    frame = mapped(conversation_id=["a", "a"], speaker=["happy", "cat"], pii_hints=[None, ["Bo"]])
    assert records(frame, "social")["pii_hints"].to_list() == [None, ["Bo"]]


def test_a_turn_without_conversation_belongs_to_its_file() -> None:
    frame = mapped(turn=[0, 1, None], conversation_id=[None, None, None])
    found = records(frame, "podcast")["conversation_id"].to_list()
    assert found[0] is not None
    assert found[0] == found[1]
    assert found[2] is None


def test_annotators_of_one_utterance_become_one_record() -> None:
    def entry(annotator: str) -> dict:
        return {"task": "t", "annotator": annotator, "labels": [annotator]}

    frame = mapped(id=["a", "a", "b"], gold=[[entry("1")], [entry("2")], None], turn=[5, 6, 7])
    merged = merge_annotations(frame)
    assert merged["id"].to_list() == ["a", "b"]
    assert merged["turn"].to_list() == [5, 7]
    assert [each["annotator"] for each in merged["gold"][0]] == ["1", "2"]
    assert merged["gold"].to_list()[1] is None
