"""Prompts from templates: what people or models wrote goes in as inert text."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.errors import ConfigError
from schemas.recipe_steps import VARIABLE
from transforms.label.prompted.inert import inert


def render(template: str, variables: Mapping[str, str], where: str) -> str:
    """The template with the value of each `{name}`. Values are never read as templates, and can neither end a block of
    the prompt nor begin another one.

    Raises ConfigError for a name without a value; `where` says of which step.
    """

    def value(name: str) -> str:
        if name not in variables:
            known = ", ".join(sorted(variables))
            raise ConfigError(
                f"The step {where} names {{{name}}}, which has no value.",
                remedy=f"Known there: {known}.",
            )
        return inert(variables[name])

    return VARIABLE.sub(lambda found: value(found.group(1)), template)
