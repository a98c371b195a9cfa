import re
from pathlib import Path

import pytest

from schemas.config.document import document, labeler_document
from schemas.config.load import load_config
from schemas.errors import ConfigError
from schemas.language_model import LanguageModel
from schemas.spec_file import parse_spec

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_keys_is_up_to_date_and_every_key_is_described() -> None:
    assert (ROOT / "docs" / "config.md").read_text() == document(), (
        "run: python -m schemas.config.document > docs/config.md"
    )
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if re.search(r"\|\s*\|$", row)] == []


def load(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return str(caught.value)


def test_a_corpus_named_twice_and_no_corpus(tmp_path: Path) -> None:
    corpus = "{name: a, domain: social, license: x, sources: f}"
    told = load(tmp_path, f"corpora: [{corpus}, {corpus}]\n")
    assert "1 mistake:" in told
    assert "given twice: a" in told
    assert "at least one corpus" in load(tmp_path, "corpora: []\n")


@pytest.mark.parametrize(
    "text", ["a: &x [*x]\n", "? [a]\n: b\n", "a: b: c\n", "\0\n", "a: !!python/object:os.x {}"]
)
def test_hostile_yaml_gives_a_message(tmp_path: Path, text: str) -> None:
    assert "config.yaml" in load(tmp_path, text)


def test_names_of_columns_are_kept_as_written(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "corpora:\n  - {name: a, domain: social, license: ' x ', sources: f, "
        "columns: {text: ' text', meta: ['m ']}, "
        "gold: [{task: emotion, taxonomy: ekman, labels: ' l', separator: ' '}]}\n"
    )
    [corpus] = load_config(path).corpora
    assert corpus.columns is not None
    assert (corpus.columns.text, corpus.columns.meta) == (" text", ("m ",))
    assert (corpus.gold[0].labels, corpus.gold[0].separator) == (" l", " ")
    assert corpus.license == "x"


def test_the_page_of_labeler_files_is_in_step() -> None:
    assert (ROOT / "docs" / "labeler.md").read_text() == labeler_document(), (
        "run: python -m schemas.config.document labeler > docs/labeler.md"
    )
    (example,) = re.findall(r"```yaml\n(.*?)```", labeler_document(), re.DOTALL)
    found = parse_spec(example, "docs/labeler.md", LanguageModel, "labeler")
    assert found.price.per_hour == 2.5
    rows = [line for line in labeler_document().splitlines() if line.startswith("| `")]
    assert not [row for row in rows if row.endswith("|  |")]
