"""A recognizer of another package: found by entry point, its spans led back to the raw text."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.stages.clean import NER_VERSION, build, ner_version
from schemas.config.base import semantic
from schemas.config.clean import CleanConfig
from schemas.errors import ConfigError, TerminalError
from tests.transforms.clean.rows import records
from transforms.clean import clean
from transforms.clean.ner import recognizer

PACKAGE = '''
import re

class Capitals:
    """Finds the words of a list: a model for this test."""
    version = "3.1"

    def find(self, texts):
        pattern = re.compile("Zanzibar|Ines|NAME")
        kinds = {"Zanzibar": "address"}
        return [[(*m.span(), kinds.get(m.group(), "name")) for m in pattern.finditer(text)] for text in texts]

class Short(Capitals):
    def find(self, texts):
        return []

class Odd(Capitals):
    def find(self, texts):
        return [[(0, 10_000, "name")] for _ in texts]

class Broken:
    def __init__(self):
        raise RuntimeError("no weights")

class Nothing:
    pass
'''
POINTS = "[affectmine.ner]\n" + "".join(
    f"{name} = stub_recognizer:{name.capitalize()}\n"
    for name in ("capitals", "short", "odd", "broken", "nothing")
)


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "stub_recognizer.py").write_text(PACKAGE)
    info = tmp_path / "stub_recognizer-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stub-recognizer\nVersion: 3.1\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    recognizer.cache_clear()
    yield
    recognizer.cache_clear()
    sys.modules.pop("stub_recognizer", None)


def test_its_spans_are_redacted_and_index_the_raw_text() -> None:
    raw = [
        "Ines flew to Zanzibar.",  # no suspect: the rules see nothing in it
        "  &amp; so  Ines wrote to a@b.example from **Zanzibar**",
        "[NAME] left, Dr. Rao stayed",  # a placeholder is nobody's name
        "nothing here",
    ]
    table = clean(records(raw, "social"), CleanConfig(ner="capitals"))
    assert table["text_clean"].to_list() == [
        "[NAME] flew to [ADDRESS].",
        "& so [NAME] wrote to [EMAIL] from [ADDRESS]",
        "[NAME] left, Dr. [NAME] stayed",
        "nothing here",
    ]
    found = [
        [(span["kind"], text[span["start"] : span["end"]]) for span in spans]
        for text, spans in zip(raw, table["pii"].to_list(), strict=True)
    ]
    assert found[0] == [("name", "Ines"), ("address", "Zanzibar")]
    assert found[1] == [("name", "Ines"), ("email", "a@b.example"), ("address", "Zanzibar")]
    assert found[2:] == [[("name", "Rao")], []]


def test_without_it_nothing_changes() -> None:
    table = clean(records(["Ines flew to Zanzibar."]), CleanConfig())
    assert table["text_clean"].item() == "Ines flew to Zanzibar."


def test_an_unknown_name_lists_those_installed() -> None:
    with pytest.raises(ConfigError, match=r"'spacy'.*capitals.*Install the package"):
        recognizer("spacy")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("short", "0 answers for 1"),
        ("odd", "does not lie"),
        ("broken", "RuntimeError"),
        ("nothing", "no find"),
    ],
)
def test_a_recognizer_that_does_not_keep_the_contract(name: str, complaint: str) -> None:
    with pytest.raises(TerminalError, match=complaint) as failure:
        clean(records(["Ines is a secret"]), CleanConfig(ner=name))
    assert "secret" not in str(failure.value)


def test_it_is_part_of_the_meaning_of_the_stage() -> None:
    config = CleanConfig(ner="capitals")
    assert semantic(config)["ner"] == "capitals"
    assert ner_version(config) == "3.1"
    assert ner_version(CleanConfig()) is None
    build(semantic(config) | {NER_VERSION: "3.1"})
    with pytest.raises(TerminalError, match="another version"):
        build(semantic(config) | {NER_VERSION: "3.0"})
