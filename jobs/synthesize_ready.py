"""What a synthesis needs before it begins: its config, recipe, models and tables, all looked at."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.serving.spent import Spent
from schemas.config.synthesize import BudgetConfig, SynthesizeConfig
from schemas.errors import ConfigError, TerminalError
from schemas.language_model import LanguageModel, is_language_model, load_language_model
from schemas.recipe import Recipe, load_recipe
from schemas.recipe_steps import Likelihood
from schemas.recipe_steps import rubrics as rubrics_of
from schemas.recipe_table import Table, load_table
from schemas.rubric import Rubric, load_rubric
from schemas.spec_file import parse_spec
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.synthesize.judged import JUDGE_VERSION
from transforms.synthesize.written import WRITE_VERSION


@dataclass(frozen=True)
class Ready:
    """A synthesis that can begin. `checker` is a name, or an absolute path of a labeler file or of weights."""

    config: SynthesizeConfig
    base: Path
    recipe: Recipe
    taxonomy: Taxonomy
    models: dict[str, tuple[LanguageModel, ...]]
    checker: str
    tables: dict[str, Table]
    rubrics: dict[str, Rubric]

    def meaning(self) -> dict[str, Any]:
        """All that determines what is generated, but for the plan of an item."""
        return {
            "name": self.config.name,
            "recipe": self.recipe.model_dump(mode="json"),
            "taxonomy": [self.taxonomy.name, self.taxonomy.version],
            "models": {role: [m.meaning() for m in of] for role, of in self.models.items()},
            "checker": self._checker_meaning(),
            "rubrics": {
                name: rubric.model_dump(mode="json") for name, rubric in self.rubrics.items()
            },
            "followups": {
                step.followups: self.tables[step.followups]
                for step in self.recipe.steps
                if isinstance(step, Likelihood)
            },
            "copies": [self.config.copies.words, self.config.copies.share],
            "versions": [WRITE_VERSION, JUDGE_VERSION],
        }

    def _checker_meaning(self) -> Any:
        if is_language_model(self.checker):
            model = load_language_model(self.checker)
            if not model.members:
                return model.meaning()
        from pipelines.labelers import load_labeler
        from schemas.label_task import load_task

        return load_labeler(self.checker, load_task(self.recipe.task), self.taxonomy).version


def load_synthesis(path: Path) -> SynthesizeConfig:
    """The config at `path`. Raises ConfigError: unreadable, or every mistake of content at once."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The config {path} cannot be read: {error}.") from None
    return parse_spec(text, str(path), SynthesizeConfig, "synthesis")


def make_ready(path: Path) -> Ready:
    """Reads all that the config names. Raises ConfigError: for a role that no model plays, or a table that is none."""
    config, base = load_synthesis(path), path.absolute().parent
    recipe = load_recipe(_file(config.recipe, base))
    taxonomy = load_taxonomy(_file(config.taxonomy or recipe.taxonomy, base))
    missing = [role for role in recipe.roles if not config.models.get(role)]
    strange = sorted(set(config.models) - set(recipe.roles))
    if missing or strange:
        told = [f"nobody plays {role}" for role in missing]
        told += [f"{role} is no role of it" for role in strange]
        raise ConfigError(
            f"models: {'; '.join(told)}.",
            remedy=f"The recipe {recipe.name} has the roles {', '.join(recipe.roles)}: "
            "give each a labeler file (affectmine serve MODEL --labeler FILE writes one).",
        )
    models = {
        role: tuple(_model(base / file) for file in config.models[role]) for role in recipe.roles
    }
    _refuse_own_checker(_file(config.checker, base), models)
    axis = recipe.label_axis
    if config.plan == "fill" and axis is None:
        raise ConfigError(
            f"plan: fill needs an axis of labels; the recipe {recipe.name} has none.",
            remedy="Write plan: even, and leave counts out.",
        )
    return Ready(
        config=config,
        base=base,
        recipe=recipe,
        taxonomy=taxonomy,
        models=models,
        checker=_file(config.checker, base),
        tables=_tables(config, recipe, base),
        rubrics=rubrics(recipe, base),
    )


def _refuse_own_checker(checker: str, models: dict[str, tuple[LanguageModel, ...]]) -> None:
    """A model does not check what it wrote or judged: it would agree with itself."""
    for own in checking_models(checker):
        for role, of in models.items():
            if any((each.model, each.revision) == (own.model, own.revision) for each in of):
                raise ConfigError(
                    f"The checker {own.name} is the model that plays {role}: it would agree with itself.",
                    remedy="Name another one: the student, or the labeler file of another model.",
                )


def checking_models(checker: str) -> list[LanguageModel]:
    """The language models that a checker asks: none, one, or those of an ensemble."""
    if not is_language_model(checker):
        return []
    model = load_language_model(checker)
    if not model.members:
        return [model]
    files = [str(Path(checker).parent / name) for name in model.members if is_language_model(name)]
    return [load_language_model(file) for file in files]


def _tables(config: SynthesizeConfig, recipe: Recipe, base: Path) -> dict[str, Table]:
    names = [axis.table for axis in recipe.axes if axis.table is not None]
    names += [step.followups for step in recipe.steps if isinstance(step, Likelihood)]
    strange = sorted(set(config.tables) - set(names))
    if strange:
        raise ConfigError(
            f"tables: the recipe {recipe.name} draws from no table {', '.join(strange)}.",
            remedy=f"Its tables: {', '.join(names) or 'none'}.",
        )
    return {name: load_table(config.tables.get(name, name), base) for name in names}


def rubrics(recipe: Recipe, base: Path) -> dict[str, Rubric]:
    """The rubrics of a recipe, by its names for them. Raises ConfigError: unknown, or without a criterion asked for."""
    found: dict[str, Rubric] = {}
    for step in recipe.steps:
        for name, criteria in rubrics_of(step):
            rubric = load_rubric(_file(name, base))
            if strange := sorted(criteria - set(rubric.taxonomy.names)):
                raise ConfigError(
                    f"The step {step.id} of {recipe.name} asks for {', '.join(strange)}, which {name} does not have.",
                    remedy=f"The criteria of {rubric.name}: {', '.join(rubric.taxonomy.names)}.",
                )
            found[name] = rubric
    return found


def _model(path: Path) -> LanguageModel:
    model = load_language_model(path)
    if model.members:
        raise ConfigError(
            f"{path} is an ensemble, which labels and cannot write.",
            remedy="Name the labeler file of one model.",
        )
    if model.samples > 1:
        raise ConfigError(
            f"{path} asks for {model.samples} samples; a text is written once.",
            remedy="Leave samples out of this labeler file, or name another one.",
        )
    return model


def _file(name: str, base: Path) -> str:
    """A name as it is; a file as its path from the config."""
    is_file = "/" in name or name.endswith((".yaml", ".yml", ".safetensors"))
    return str(base / name) if is_file else name


class Budget:
    """What all shards together may spend. Thread-safe."""

    def __init__(self, limits: BudgetConfig) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._of: dict[int, tuple[Spent, float]] = {}  # by shard in work

    def check(self, spent: Spent, price: float) -> None:
        """Raises TerminalError when the budget is used up: what is beyond is left undone."""
        with self._lock:
            self._of[id(spent)] = (spent, price)
            requests = sum(each.requests for each, _ in self._of.values())
            tokens = sum(each.completion_tokens for each, _ in self._of.values())
            paid = sum(each for _, each in self._of.values())
        for name, used, limit in (
            ("requests", requests, self._limits.requests),
            ("completion_tokens", tokens, self._limits.completion_tokens),
            ("price", paid, self._limits.price),
        ):
            if limit is not None and used >= limit:
                raise TerminalError(
                    f"The budget is used up: {used:g} of {limit:g} {name}.",
                    remedy=f"Raise budget.{name} and run again: what was answered is not asked, or paid for, again.",
                )
