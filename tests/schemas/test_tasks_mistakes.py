"""Mistakes in a user's files: all at once, each with its line and what to do."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, model_validator

from schemas.config.load import load_config
from schemas.errors import ConfigError
from schemas.label_task import load_task
from schemas.spec_file import parse_spec
from schemas.taxonomy import load_taxonomy
from schemas.yaml_mistakes import SeveralError

TASK = """# ten mistakes
name: My task
version: 1.0
description: x
unit: sentense
taxonomy: ekman
multi_label: perhaps
instructions: {labels}
modus: score
fields:
  - {name: a, kind: level}
  - {name: b, kind: span, max_chars: 9999}
  - kind: flag
  - name: c
    kind: choice
    choices: [low, high, no]
description: y
"""
EXPECTED = [
    (2, "name: must be small letters, digits and underscores"),
    (3, 'version: must be text, but YAML reads 1.0 as a number: write "1.0", in quotes'),
    (5, "did you mean 'sentence'?"),
    (7, "multi_label: input should be a valid boolean"),
    (8, "instructions: must be text, but YAML reads brackets as a list or as keys and values"),
    (9, "modus: unknown key; did you mean 'mode'?"),
    (11, "fields.0: a field of kind level needs range"),
    (12, "fields.1.max_chars: input should be less than or equal to 4000"),
    (13, "fields.2.name: this key is missing"),
    (16, 'fields.3.choices.2: must be text, but YAML reads no as true or false: write "no"'),
    (17, "description: this key stands already on line 4; keep one"),
]


def told(load, path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def lines(message: str) -> list[tuple[int, str]]:
    return [(int(at), text) for at, text in re.findall(r"^  line (\d+): (.*)$", message, re.M)]


def test_planted_mistakes_are_told_by_line(tmp_path: Path) -> None:
    message = told(load_task, tmp_path / "mine.yaml", TASK)
    assert f"mine.yaml has {len(EXPECTED)} mistake(s)" in message
    found = lines(message)
    assert [at for at, _ in found] == [at for at, _ in EXPECTED]
    for (_, text), (_, expected) in zip(found, EXPECTED, strict=True):
        assert expected in text


@pytest.mark.parametrize(
    ("labels", "line", "expected"),
    [
        ("  - name: joy\n  - name: no", 5, 'YAML reads no as true or false: write "no", in quotes'),
        ("  - name: joy\n  - name: on", 5, 'write "on", in quotes'),
        ("  - name: 3", 4, 'YAML reads 3 as a number: write "3"'),
        ("  - name: 2026-01-31", 4, 'YAML reads 2026-01-31 as a date: write "2026-01-31"'),
        ("  - name:", 4, "nothing is here"),
        ("  - joy", 4, "must hold keys and values; known keys: name, definition"),
        ("  - {name: joy, defintion: x}", 4, "unknown key; did you mean 'definition'?"),
    ],
)
def test_traps_of_yaml(tmp_path: Path, labels: str, line: int, expected: str) -> None:
    text = f"name: moods\nversion: '1'\nlabels:\n{labels}\n"
    [(at, said)] = lines(told(load_taxonomy, tmp_path / "moods.yaml", text))
    assert at == line
    assert expected in said


def test_traps_in_keys(tmp_path: Path) -> None:
    text = "name: m\nversion: v\nlabels: [{name: 'no'}]\nmappings:\n  other:\n    no: x\n"
    [(at, said)] = lines(told(load_taxonomy, tmp_path / "m.yaml", text))
    assert (at, said) == (6, 'mappings.other.no: this key must be text: write "no", in quotes')


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("name: m\nlabels:\n\t- name: a\n", 3, "a tab stands in the indentation; use blanks"),
        ("name: m\nsource: a: b\n", 2, "put the value in quotes"),
        ("name: m\nsource: @home\n", 2, "put the value in quotes"),
        ("name: m\nlabels:\n  - name: a\n - name: b\n", 4, "the indentation"),
    ],
)
def test_what_is_not_yaml(tmp_path: Path, text: str, line: int, expected: str) -> None:
    message = told(load_taxonomy, tmp_path / "m.yaml", text)
    assert f"m.yaml is not valid YAML, line {line}: " in message
    assert expected in message


@pytest.mark.parametrize(
    "text", ["a: &x [*x]\n", "? [a]\n: b\n", "\0", "a: !!python/object:os.x {}"]
)
def test_hostile_yaml_gives_a_message(tmp_path: Path, text: str) -> None:
    assert "m.yaml" in told(load_taxonomy, tmp_path / "m.yaml", text)


def test_mistakes_between_keys_have_the_line_of_what_they_name(tmp_path: Path) -> None:
    text = (
        "name: t\nversion: '1'\ndescription: x\ntaxonomy: ekman\nmulti_label: true\n"
        "instructions: |\n  Decide.\n  As {who}.\n"
    )
    [(at, said)] = lines(told(load_task, tmp_path / "t.yaml", text))
    assert at == 8
    assert "{who}, which is not among the options; known: labels" in said


class _Spec(BaseModel):
    neutral: str
    labels: tuple[str, ...]

    @model_validator(mode="after")
    def _consistent(self) -> "_Spec":
        raise SeveralError(["neutral is 'z', which is no label", "label 'a' is listed twice"])


def test_each_of_several_mistakes_of_a_validator_has_its_line() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_spec("labels:\n  - a\n  - a\nneutral: z\n", "s.yaml", _Spec, "spec")
    assert lines(str(caught.value)) == [
        (3, "label 'a' is listed twice"),
        (4, "neutral is 'z', which is no label"),
    ]


def test_a_name_that_is_nearly_right(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"named 'emotoin'\. Did you mean 'emotion'\? Known: "):
        load_task("emotoin")


def test_a_key_twice_in_a_config(tmp_path: Path) -> None:
    corpus = "{name: a, domain: social, license: x, sources: f}"
    message = told(load_config, tmp_path / "c.yaml", f"corpora:\n  - {corpus}\nlake: x\nlake: y\n")
    assert lines(message) == [(4, "lake: this key stands already on line 3; keep one")]
