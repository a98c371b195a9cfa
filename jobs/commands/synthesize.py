"""Commands that generate: synthesize, recipes."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.runs import Json, LakeOption

Synthesis = Annotated[
    Path, typer.Argument(help="The synthesis (YAML): recipe, models, items.", show_default=False)
]


def synthesize(
    config: Synthesis,
    lake: LakeOption = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Only show what would be asked: nothing is, or written.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Generate texts by a recipe: written, judged and checked by models, compared, published apart."""
    if plan:
        from jobs.synthesize_estimate import estimate, show_estimate

        return show_estimate(estimate(config, lake_path=lake), as_json=as_json)
    from jobs.screen import Screen
    from jobs.synthesize import synthesize as make
    from jobs.synthesize_show import show_made

    screen = Screen(quiet=as_json)
    return show_made(make(config, screen, lake_path=lake), screen, as_json=as_json)


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="A recipe's name, or a file.", show_default="all")
    ] = None,
    as_json: Json = False,
) -> int:
    """List the recipes, or show one: what it makes, from what, by which roles and tables."""
    from jobs.recipes_show import show_recipes

    show_recipes(name, as_json=as_json)
    return 0
