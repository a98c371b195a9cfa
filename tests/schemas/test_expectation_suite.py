"""Suites as data: what a user may write, and how a mistake is told."""

import pytest
import yaml

from schemas.datasets import DATASETS
from schemas.errors import ConfigError
from schemas.expectation_suite import load_suite, suite_names

ITEM = {
    "id": "one", "type": "every_row", "parameters": {"rule": "true"}, "severity": "warning",
    "why": "a reason to be here",
}  # fmt: skip
SUITE = {"suite": "mine", "dataset": "clean", "version": 1, "expectations": [ITEM]}


@pytest.fixture
def load(tmp_path):
    def _load(content):
        path = tmp_path / "mine.yaml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return load_suite(path)

    return _load


@pytest.mark.parametrize("name", suite_names())
def test_shipped_suites_load(name):
    suite = load_suite(name)
    assert suite.dataset == name
    assert {e.severity for e in suite.expectations} == {"critical", "warning"}
    columns = set(DATASETS[name].schema.names)
    assert {e.column for e in suite.expectations if e.column} <= columns


def test_all_are_there():
    assert suite_names() == ["clean", "contexts", "dedup", "labels", "records", "selection"]


def test_a_file_of_its_own_replaces(load):
    assert [e.id for e in load(SUITE).expectations] == ["one"]


def test_extending_replaces_adds_and_removes(load):
    stricter = ITEM | {"id": "kept_share", "severity": "critical"}
    suite = load(SUITE | {
        "extends": "clean", "remove": ["lang_shape"], "derive": {"x": "1"},
        "expectations": [stricter, ITEM],
    })  # fmt: skip
    ours = load_suite("clean")
    ids = [e.id for e in suite.expectations]
    assert ids == [e.id for e in ours.expectations if e.id != "lang_shape"] + ["one"]
    assert next(e for e in suite.expectations if e.id == "kept_share").severity == "critical"
    assert suite.derive == {**ours.derive, "x": "1"}
    tables = load(SUITE | {"extends": "labels", "dataset": "labels"}).tables
    assert tables == ("taxonomy_labels", "free_words")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dataset": "cleen"}, "did you mean clean"),
        ({"version": 0}, "version"),
        ({"surprise": 1}, "surprise"),
        ({"expectations": []}, "needs expectations"),
        ({"expectations": [ITEM, ITEM]}, "'one' is used 2 times"),
        ({"remove": ["x"]}, "remove needs extends"),
        ({"extends": "clean", "remove": ["lang_shap"]}, "did you mean lang_shape"),
        ({"extends": "labels"}, "is for labels, not clean"),
        ({"extends": "nope"}, "no expectation suite named 'nope'"),
        ({"expectations": [{k: v for k, v in ITEM.items() if k != "severity"}]}, "severity"),
        ({"expectations": [ITEM | {"severity": "fatal"}]}, "severity"),
        ({"expectations": [ITEM | {"why": ""}]}, "why"),
        ({"expectations": [ITEM | {"id": "Not a name"}]}, "id"),
        ({"expectations": [ITEM | {"type": "every_rows"}]}, "did you mean every_row"),
        ({"expectations": [ITEM | {"parameters": {}}]}, "needs the parameter 'rule'"),
        ({"expectations": [ITEM | {"parameters": {"rule": 1}}]}, "must be SQL text"),
        ({"expectations": [ITEM | {"parameters": {"rule": "1", "mosty": 1}}]}, "you mean mostly"),
        ({"expectations": [ITEM | {"column": "lang"}]}, "takes no column"),
        ({"expectations": [ITEM | {"columns": ["a", "b"]}]}, "no list of columns"),
        ({"expectations": [ITEM | {"type": "expect_column_to_exist", "parameters": {}}]},
         "needs a column"),
        ({"expectations": [ITEM | {"type": "expect_column_pair_values_to_be_equal",
          "parameters": {}, "columns": ["a", "b", "c"]}]}, "needs two columns"),
        ({"expectations": [ITEM | {"type": "expect_column_values_to_match_regex"}]},
         "there is no expectation"),
    ],
)  # fmt: skip
def test_mistakes_are_told(change, told, load):
    with pytest.raises(ConfigError) as caught:
        load(SUITE | change)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_mistakes_come_at_once(load):
    with pytest.raises(ConfigError) as caught:
        load(SUITE | {"version": "x", "dataset": "y", "expectations": [ITEM | {"severity": 3}]})
    for told in ("version", "dataset", "severity", "3 mistake"):
        assert told in str(caught.value)


@pytest.mark.parametrize("text", ["", "a: [", "- x", "\x00"])
def test_files_that_are_no_suite(text, load):
    with pytest.raises(ConfigError):
        load(text)
