"""What label stages by language models will cost: rows, tokens and price, before anything is spent."""

from pathlib import Path
from typing import Any

from jobs.costs import tokens
from jobs.plan_past import Past, past_of
from pipelines.lake.lake import Lake
from pipelines.stages.label import settings, variant
from pipelines.stages.row import OPERATIONAL
from schemas.config.run import LabelConfig
from schemas.config.select import SelectConfig
from schemas.label_task import load_task
from schemas.language_model import LanguageModel, is_language_model, load_language_model
from schemas.taxonomy import load_taxonomy

BYTES_PER_TOKEN = 4.0
"""A rule of thumb for English text."""

_ESTIMATED = "estimated from the length of the prompts and of the longest answer, 4 bytes a token"


def label_plan(
    lake: Lake, config: LabelConfig, base: Path, *, fresh: int, unit_bytes: float
) -> dict[str, Any]:
    """What is left to do of a label stage: `units_to_do` (rows), seconds, tokens, cost, and `told`: where that is from.

    `fresh`: native units that no run has read yet; `unit_bytes`: how long one is on average, in its source. Rows that
    were done under another fingerprint (a changed task or model) count as done: what of them is asked again is only
    known when it is run.
    """
    told = settings(config, base)
    past = past_of(lake, variant(told))
    share, how = _share(config.select, past)
    rows = round(share * (fresh + past.rows_left))
    speed = past.rows_per_second
    found: dict[str, Any] = {
        "stage": f"label {variant(told)}",
        "units_to_do": rows,
        "seconds": round(rows / speed, 1) if speed else None,
        "tokens": 0,
        "cost": 0.0,
        "told": how,
    }
    if not is_language_model(config.labeler) or not rows:
        return found
    model = load_language_model(told[OPERATIONAL]["labeler"])
    each, source = _measured(past)
    if each is None:
        each, source = _estimated(config, told[OPERATIONAL], model, unit_bytes), _ESTIMATED
    prompt, completion, seconds = each
    price = model.price
    cost = rows * (
        prompt * price.per_million_prompt_tokens / 1e6
        + completion * price.per_million_completion_tokens / 1e6
        + seconds * price.per_hour / 3600
    )
    timeless = price.per_hour and not seconds
    why = f"{source}; without the price of hours, which no run has measured" if timeless else source
    return found | {
        "tokens": round(rows * (prompt + completion)),
        "cost": round(cost, 6),
        "told": "; ".join(part for part in (how, why) if part),
    }


def _share(select: SelectConfig | None, past: Past) -> tuple[float, str]:
    """The share of rows that a stage is asked about, and how that is known."""
    if select is None:
        return 1.0, ""
    if past.asked_share is not None:
        return past.asked_share, f"asks {past.asked_share:.1%} of the rows, as in the last run"
    if select.budget is None:
        return 1.0, "how many rows the cascade asks is not known before its first run: at most all"
    share = min(1.0, select.budget + select.audit)
    return share, f"asks at most {share:.1%} of the rows (budget and audit)"


def _measured(past: Past) -> tuple[tuple[float, float, float] | None, str]:
    """Prompt tokens, completion tokens and seconds of a row, as earlier runs had them."""
    sent = past.cost.get("requests", 0.0)
    if not past.paid_rows or not sent or not tokens(past.cost):
        return None, ""
    # Answers of the cache cost nothing: of the rows, only the share that was sent counts.
    rows = past.paid_rows * sent / (sent + past.cost.get("from_cache", 0.0))
    kinds = ("prompt_tokens", "completion_tokens", "seconds")
    prompt, completion, seconds = (past.cost.get(name, 0.0) / rows for name in kinds)
    return (prompt, completion, seconds), f"measured on {past.paid_rows:,} rows of earlier runs"


def _estimated(
    config: LabelConfig, where: dict[str, str], model: LanguageModel, unit_bytes: float
) -> tuple[float, float, float]:
    """The same, from the length of the prompts around a text of mean length; answers as long as can be."""
    from transforms.label.prompted.prompter import Prompter
    from transforms.label.prompted.row import Row

    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    prompter = Prompter(task, taxonomy, model, options=config.options)
    asked = prompter.messages(Row(text="x" * max(1, round(unit_bytes))))
    length = sum(len(message["content"].encode()) for each in asked for message in each)
    times = model.samples * model.variant.shuffles
    completion = float(prompter.answer_tokens * len(asked) * times)
    return length / BYTES_PER_TOKEN * times, completion, 0.0
