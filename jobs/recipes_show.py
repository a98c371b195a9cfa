"""The recipes, as a list and one by one."""

import json

from rich.console import Console
from rich.table import Table

from schemas.recipe import Recipe, load_recipe, recipe_names
from schemas.recipe_steps import Converse, Judge, Likelihood


def show_recipes(name: str | None, *, as_json: bool) -> None:
    """Prints all recipes, or all of one. Raises ConfigError for an unknown one."""
    if name is not None:
        recipe = load_recipe(name)
        if as_json:
            print(json.dumps(recipe.model_dump(mode="json")))
        else:
            _show(recipe)
        return
    found = [load_recipe(each) for each in recipe_names()]
    if as_json:
        print(json.dumps([each.model_dump(mode="json") for each in found]))
        return
    table = Table("recipe", "what it makes", "roles", header_style="bold")
    for each in found:
        title = each.title + (" (experimental)" if each.experimental else "")
        table.add_row(each.name, title, ", ".join(each.roles))
    Console(highlight=False).print(table)


def _show(recipe: Recipe) -> None:
    console = Console(highlight=False)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = {
        "recipe": f"{recipe.name}, version {recipe.version}",
        "makes": recipe.description.strip(),
        "source": recipe.source.strip(),
        "labels": f"{recipe.task} in {recipe.taxonomy}",
        "from": "texts of the lake" if recipe.seeds is not None else "nothing",
        "tables": ", ".join(_tables(recipe)) or "none",
        "roles": ", ".join(recipe.roles),
        "steps": " → ".join(f"{step.id} ({step.kind})" for step in recipe.steps),
    }
    for step in recipe.steps:
        if isinstance(step, Converse) and step.review is not None:
            rows["turns of " + ", ".join(step.review.roles) + " from"] = _levels(step.review.least)
        if isinstance(step, Judge):
            rows[f"kept by {step.id} from"] = _levels(step.least)
        if isinstance(step, Judge) and step.against is not None:
            better = f"better than {step.against.parts[-1]} by"
            rows[better] = _levels(step.against.margin)
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)


def _levels(criteria: dict[str, float]) -> str:
    return ", ".join(f"{criterion} {level:g}" for criterion, level in criteria.items())


def _tables(recipe: Recipe) -> list[str]:
    names = [axis.table for axis in recipe.axes if axis.table is not None]
    return names + [step.followups for step in recipe.steps if isinstance(step, Likelihood)]
