"""The step that ranks two answers by how probable a pleased follow-up is after each."""

from __future__ import annotations

from pipelines.stages.synthesize_bench import Bench
from pipelines.stages.synthesize_items import FAILED, Item
from schemas.recipe_steps import Likelihood
from transforms.label.prompted.question import Question
from transforms.synthesize.followed import Following, follow_up


def likelihood(bench: Bench, step: Likelihood, items: list[Item]) -> None:
    """Sets the variables chosen, rejected, their scores and the margin of the step."""
    follow = [row["text"] for row in bench.making.tables[step.followups]]
    asked: list[tuple[Item, Question]] = []
    for item in items:
        following = Following(bench.model(step.model, item))
        prompt = item.variables[step.prompt]
        for answer in (step.first, step.second):
            turns = [prompt, item.variables[answer]]
            asked += [
                (item, following.question([*turns, *after]))
                for after in ([], *([text] for text in follow))
            ]
    told = bench.ask(step.model, asked, Following, b"follow 1")
    each = 1 + len(follow)
    for place, item in enumerate(items):
        means = []
        for which in range(2):
            start = (2 * place + which) * each
            before, *after = told[start : start + each]
            found = [] if "failed" in before else [
                mean for one in after if "failed" not in one
                if (mean := follow_up(before, one)) is not None
            ]  # fmt: skip
            means.append(sum(found) / len(found) if len(found) == len(follow) else None)
        first, second = means
        if first is None or second is None:
            item.drop(FAILED)
            continue
        names = (step.first, step.second) if first >= second else (step.second, step.first)
        best, worst = max(first, second), min(first, second)
        item.variables |= {
            f"{step.id}.chosen": item.variables[names[0]],
            f"{step.id}.rejected": item.variables[names[1]],
            f"{step.id}.chosen_score": f"{best:.6f}",
            f"{step.id}.rejected_score": f"{worst:.6f}",
            f"{step.id}.margin": f"{best - worst:.6f}",
        }
