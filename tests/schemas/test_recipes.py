"""The recipes that ship: their tables, labels, rubrics and queries fit together; and what a wrong one is told."""

from pathlib import Path

import pytest
import yaml

from jobs.synthesize_ready import rubrics
from pipelines.query.catalog import open_catalog
from schemas.errors import ConfigError
from schemas.recipe import Recipe, load_recipe, recipe_names
from schemas.recipe_steps import VARIABLE, Converse, Judge, Likelihood, Write
from schemas.recipe_table import load_table, table_names
from schemas.spec_file import parse_spec
from schemas.taxonomy import load_taxonomy

NAMES = [
    "dialogues", "followup_reward", "grounded_utterances", "instructions", "minimal_pairs", "preference_pairs",
    "rebalance", "support_sessions",
]  # fmt: skip
HERE = Path()


@pytest.fixture(params=NAMES)
def recipe(request) -> Recipe:
    return load_recipe(request.param)


def test_those_of_the_literature_ship() -> None:
    assert recipe_names() == NAMES


def templates(recipe: Recipe) -> list[str]:
    found = [each.text for each in recipe.emit]
    for step in recipe.steps:
        if isinstance(step, Write):
            found += [step.system, step.prompt]
        if isinstance(step, Converse):
            found += [text for voice in step.voices for text in (voice.system, voice.prompt)]
            found += [step.review.prompt] if step.review is not None else []
        if isinstance(step, Judge) and step.refine is not None:
            found += [step.refine.system, step.refine.prompt]
    return found


def test_every_variable_has_a_value(recipe: Recipe) -> None:
    known = {"neutral", "history", "turn", "scores", "draft"}
    for axis in recipe.axes:
        if axis.table is not None:
            known |= {f"{axis.name}.{column}" for column in load_table(axis.table, HERE)[0]}
        else:
            known |= {axis.name, f"{axis.name}.definition", f"{axis.name}.opposite"}
    if recipe.seeds is not None:
        with open_catalog({}) as catalog:
            known |= {f"seed.{column}" for column in catalog.frame(recipe.seeds.sql).columns}
    for step in recipe.steps:
        if isinstance(step, Write):
            known |= {f"{step.id}.{field.name}" for field in step.fields}
            known |= {f"draft.{field.name}" for field in step.fields}
        if isinstance(step, Converse):
            assert set(step.over.values()) <= known
            known |= {f"turn.{name}" for name in step.over}
        if isinstance(step, Likelihood):
            assert {step.prompt, step.first, step.second} <= known
            known |= {
                f"{step.id}.{name}"
                for name in ("chosen", "rejected", "chosen_score", "rejected_score")
            }
    used = {name for text in templates(recipe) for name in VARIABLE.findall(text)}
    used |= {name for each in recipe.emit for name in (each.target, each.score) if name is not None}
    assert used <= known


def test_seeds_are_kept_rows_in_a_total_order(recipe: Recipe) -> None:
    if recipe.seeds is None:
        return
    with open_catalog({}) as catalog:
        assert {"record_id", "text"} <= set(catalog.frame(recipe.seeds.sql).columns)
    assert "outcome = 'kept'" in recipe.seeds.sql
    assert recipe.seeds.sql.rstrip().endswith("record_id")


def test_rubrics_have_the_criteria_that_are_asked_for(recipe: Recipe) -> None:
    for name, rubric in rubrics(recipe, HERE).items():
        assert rubric.name == name
        low, high = rubric.levels
        for step in recipe.steps:
            if isinstance(step, Judge) and step.rubric == name:
                assert all(low < least <= high for least in step.least.values())


def test_labels_that_are_named_are_in_the_taxonomy(recipe: Recipe) -> None:
    names = set(load_taxonomy(recipe.taxonomy).names)
    for axis in recipe.axes:
        assert set(axis.without) <= names
    for step in recipe.steps:
        if not isinstance(step, Converse):
            continue
        for variable in step.over.values():
            axis, column = variable.split(".")
            table = next(each.table for each in recipe.axes if each.name == axis)
            for row in load_table(table, HERE):
                listed = [each.strip() for each in row[column].split(">")]
                assert set(listed) <= names | {"-"}
                assert len(listed) <= step.turns


@pytest.mark.parametrize("name", table_names())
def test_a_table_has_no_empty_cell_and_no_row_twice(name: str) -> None:
    rows = load_table(name, HERE)
    assert all(value for row in rows for value in row.values())
    assert len({tuple(row.items()) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1\n", "another number of columns in line 2"),
        ("a,b\n1,2,3\n", "another number of columns"),
        ("a,b\n", "has no rows"),
        ('a\n"x\n', "no CSV"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "mine.csv").write_text(content)
    with pytest.raises(ConfigError, match=told):
        load_table("mine.csv", tmp_path)
    with pytest.raises(ConfigError, match="Known: domains"):
        load_table("nothing", tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda r: r["steps"].pop(1), "no judge"),
        (lambda r: r["steps"].pop(2), "must be a check"),
        (lambda r: r["steps"][0].update(prompt="{nobody.knows}"), "names {nobody.knows}"),
        (lambda r: r["steps"][1].update(parts=["chosen"]), "judges 'chosen', which is not emitted"),
        (
            lambda r: r["steps"].insert(0, r["steps"].pop(1)),
            "which judges utterance, names {write.text}",
        ),
        (lambda r: r["steps"][1]["refine"].update(of="judge"), "no step that writes"),
        (lambda r: r["emit"][0].update(target="nobody"), "names {nobody}"),
        (lambda r: r.update(emit=[]), "either converses"),
        (
            lambda r: r["axes"].append({"name": "other", "labels": True}),
            "only one axis can be of labels",
        ),
    ],
)
def test_a_wrong_recipe_is_told_so(change, told: str) -> None:
    refused("rebalance", change, told)


def refused(name: str, change, told: str) -> None:
    tree = load_recipe(name).model_dump(mode="json", exclude_defaults=True)
    change(tree)
    with pytest.raises(ConfigError) as caught:
        parse_spec(yaml.safe_dump(tree), "mine.yaml", Recipe, "recipe")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.update(targeted=["nobody"]), "talk names the role 'nobody'"),
        (lambda s: s["review"].update(roles=["nobody"]), "talk names the role 'nobody'"),
        (lambda s: s["review"].update(prompt="{draft} {draf}"), "talk names {draf}"),
        (lambda s: s.update(target="turn.mood"), "the target of talk names {turn.mood}"),
        (lambda s: s.update(over={"strategy": "plane.s"}), "over of talk names {plane.s}"),
    ],
)
def test_a_wrong_conversation_is_told_so(change, told: str) -> None:
    refused("support_sessions", lambda tree: change(tree["steps"][0]), told)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.pop("against"), "no judge sees 'rejected'"),
        (lambda s: s["against"].update(margin={"fit": 0}), "greater than 0"),
        (lambda s: s["against"].update(parts=["output"]), "judges 'output', which is not emitted"),
    ],
)
def test_a_wrong_judge_is_told_so(change, told: str) -> None:
    refused("preference_pairs", lambda tree: change(tree["steps"][3]), told)


def test_a_criterion_that_no_rubric_has_is_told() -> None:
    tree = load_recipe("preference_pairs").model_dump(mode="json", exclude_defaults=True)
    tree["steps"][3]["against"]["margin"] = {"warmth": 1.0}
    recipe = parse_spec(yaml.safe_dump(tree), "mine.yaml", Recipe, "recipe")
    with pytest.raises(ConfigError, match="asks for warmth, which reply does not have"):
        rubrics(recipe, HERE)
