from pathlib import Path

import pytest

from schemas.errors import ConfigError
from schemas.lexicon import load_lexicon


def test_a_text_file_has_a_word_a_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# mine\nJoy\n\nfed up # two words\njoy\n")
    assert load_lexicon(path).forms == ("fed up", "joy")
    assert load_lexicon(str(path)).language is None


def test_a_yaml_file_has_families(tmp_path: Path) -> None:
    path = tmp_path / "words.yaml"
    path.write_text("name: mine\nversion: '1'\nlanguage: fi\nwords: {ilo: [ilo, Iloinen]}\n")
    found = load_lexicon(path)
    assert (found.forms, found.language) == (("ilo", "iloinen"), "fi")


@pytest.mark.parametrize(
    "content", ["words: {}", "words: {joy: []}", "words: {joy: ['']}", "- joy"]
)
def test_mistakes_are_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "words.yaml"
    path.write_text(f"name: mine\nversion: '1'\n{content}\n" if content[0] != "-" else content)
    with pytest.raises(ConfigError):
        load_lexicon(path)
    (tmp_path / "empty.txt").write_text("# none\n")
    for missing in (tmp_path / "empty.txt", tmp_path / "none.txt", "no_such_list"):
        with pytest.raises(ConfigError):
            load_lexicon(missing)
