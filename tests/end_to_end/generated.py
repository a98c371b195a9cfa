"""A synthesis for tests: a lake of posts, the tiny model in all roles, a recipe of ours that asks for little."""

import re
from importlib.resources import files
from pathlib import Path

from schemas.recipe import load_recipe
from tests.end_to_end.corpus import command, write_corpus

SEEDED = ("grounded_utterances", "rebalance", "preference_pairs", "instructions")


def write_lake(folder: Path, rows: int = 80) -> None:
    """A published lake of posts with labels in ekman."""
    config = write_corpus(folder, rows, shard_records=100)
    config.write_text(config.read_text() + "label:\n  - {task: emotion, taxonomy: ekman}\n")
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err


def write_synthesis(folder: Path, url: str, recipe: str, *, items: int = 24, more: str = "") -> str:
    """The config of a synthesis named as its recipe; returns its file's name.

    The recipe is ours, with the least levels that let gibberish through: of a random model, nothing else would be kept.
    """
    text = files("schemas.recipes").joinpath(f"{recipe}.yaml").read_text()
    (folder / "recipe").mkdir(exist_ok=True)
    path = folder / "recipe" / f"{recipe}.yaml"
    text = re.sub(r"(?<=: )[34]\.0(?=[,}])", "1.0", text)
    path.write_text(text.replace("margin: {fit: 1.0}", "margin: {fit: 0.000001}"))
    for name, revision in (("tiny", "r1"), ("other", "r2")):
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\nmodel: tiny\nrevision: {revision}\nurls: ['{url}']\ntemperature: 1.0\nseed: 5\n"
            "deadline: 30\nprice: {per_million_completion_tokens: 2}\n"
        )
    roles = load_recipe(recipe).roles
    checker = "other.yaml" if recipe == "support_sessions" else "student"
    (folder / f"{recipe}.yaml").write_text(
        f"name: made_{recipe}\nrecipe: ./recipe/{recipe}.yaml\nitems: {items}\nshard_items: 6\n"
        f"models: {{{', '.join(f'{role}: tiny.yaml' for role in roles)}}}\nchecker: {checker}\n{more}"
    )
    return f"{recipe}.yaml"
