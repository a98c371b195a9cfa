"""The figures of student_figures.py as Markdown tables. A cell without a figure names its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import mean
from typing import Any

LANGUAGES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "arq": "Algerian Arabic", "ary": "Moroccan Arabic",
    "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "ha": "Hausa", "hi": "Hindi",
    "ig": "Igbo", "mr": "Marathi", "om": "Oromo", "pcm": "Nigerian Pidgin", "pt": "Portuguese",
    "pt-BR": "Portuguese, Brazil", "pt-MZ": "Portuguese, Mozambique", "ro": "Romanian", "ru": "Russian",
    "rw": "Kinyarwanda", "so": "Somali", "su": "Sundanese", "sv": "Swedish", "sw": "Swahili",
    "ti": "Tigrinya", "tt": "Tatar", "uk": "Ukrainian", "vmw": "Emakhuwa", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip
NAMES = {
    "macro_f1": "macro-F1", "micro_f1": "micro-F1", "pearson": "Pearson", "ccc": "CCC", "rmse": "RMSE",
    "quadratic_kappa": "quadratic kappa", "accuracy": "accuracy",
}  # fmt: skip
OF_KIND = {
    "labels": ("macro_f1", "micro_f1"),
    "exclusive": ("macro_f1", "accuracy"),
    "scalars": ("pearson", "ccc", "rmse"),
    "ordinals": ("pearson", "quadratic_kappa", "accuracy", "rmse"),
}
NO_INTERVAL = "the weights hold no interval of this figure: train them again"


class Reasons:
    """Why cells have no figure: a number in the cell, the words below the table."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def of(self, reason: str) -> str:
        """What stands in the cell."""
        if reason not in self.told:
            self.told.append(reason)
        return f"none ({self.told.index(reason) + 1})"

    def figure(self, place: Mapping[str, Any], name: str, *, interval: bool = True) -> str:
        """A figure of a part of the JSON, with its interval."""
        if "none" in place:
            return self.of(place["none"])
        value = place.get(name, {"undefined": "it was not computed"})
        if isinstance(value, Mapping):
            return self.of(f"undefined, because {value['undefined']}")
        if not interval:
            return f"{value:.3f}"
        bounds = place.get("intervals", {}).get(name)
        if bounds is None:
            return f"{value:.3f} [{self.of(NO_INTERVAL)}]"
        return f"{value:.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"

    def lines(self) -> list[str]:
        """The reasons, one a line."""
        numbered = [f"- ({place}) {reason}" for place, reason in enumerate(self.told, 1)]
        return ["", *numbered] if numbered else []


def table(titles: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table."""
    head = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    return head + [f"| {' | '.join(row)} |" for row in rows]


def heads(models: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, dict[str, Any]]]:
    """Each head: name of the model, the model, taxonomy, the head."""
    for name, model in models.items():
        for taxonomy, head in model.get("heads", {}).items():
            yield name, model, taxonomy, head


def overview(found: Mapping[str, Any]) -> list[str]:
    """Every head: cross-validation, dev, people, speed, size."""
    models = found["models"]
    kinds = {head["kind"] for _, _, _, head in heads(models)}
    lines = []
    if kinds & {"labels", "exclusive"}:
        lines += ["", "Heads that answer with labels:", "", *_labels_table(models)]
    for kind, what in (("scalars", "numbers"), ("ordinals", "levels")):
        if kind in kinds:
            lines += ["", f"Heads that answer with {what}, by dimension:", ""]
            lines += _numbers_table(models, kind)
    for name, model in models.items():
        if "none" in model:
            lines += ["", f"{name}: no figures, because {model['none']}."]
    if found.get("speed"):
        lines += ["", _speed_line(found["speed"])]
    return lines[1:]


def _labels_table(models: Mapping[str, Any]) -> list[str]:
    told = Reasons()
    titles = ["model, taxonomy", "languages"]
    titles += [
        f"{side} {figure}"
        for side in ("CV", "dev")
        for figure in ("macro-F1", "micro-F1 or accuracy")
    ]
    titles += ["people: alpha", "people: macro-F1", "people: micro-F1 or accuracy", *_COSTS]
    rows = []
    for name, model, taxonomy, head in heads(models):
        if head["kind"] not in ("labels", "exclusive"):
            continue
        figures = OF_KIND[head["kind"]]
        sides = [head["cross_validation"], head["dev"]]
        cells = [told.figure(side, figure) for side in sides for figure in figures]
        rows.append(
            [f"{name}, {taxonomy}", _codes(model), *cells, *_people_labels(head, told),
             *_costs(model, head, told)]
        )  # fmt: skip
    return table(titles, rows) + told.lines()


def _people_labels(head: Mapping[str, Any], told: Reasons) -> list[str]:
    if "none" in head["human"]:
        return [told.of(head["human"]["none"])] * 3
    (human,) = head["human"].values()
    kind = "category_alpha" if "category_alpha" in human["agreement"] else "mean_alpha"
    alpha = told.figure(human["agreement"], kind, interval=False)
    units = human["agreement"]["shared_units"]
    ceiling = [told.figure(human["ceiling"], figure) for figure in OF_KIND[head["kind"]]]
    return [f"{alpha} ({units:,} texts)", *ceiling]


def _numbers_table(models: Mapping[str, Any], kind: str) -> list[str]:
    told, figures = Reasons(), OF_KIND[kind]
    titles = ["model, dimension"]
    titles += [f"{side} {NAMES[figure]}" for side in ("CV", "dev") for figure in figures]
    titles += ["people: alpha", "people: Pearson", *_COSTS]
    rows = []
    for name, model, _, head in heads(models):
        if head["kind"] != kind:
            continue
        for label in head["labels"]:
            dev = head["dev"] if "none" in head["dev"] else head["dev"]["per_dimension"][label]
            sides = [head["cross_validation"][label], dev]
            cells = [told.figure(side, figure) for side in sides for figure in figures]
            rows.append(
                [f"{name}, {label}", *cells, *_people_values(head, label, told),
                 *_costs(model, head, told)]
            )  # fmt: skip
    return table(titles, rows) + told.lines()


def _people_values(head: Mapping[str, Any], label: str, told: Reasons) -> list[str]:
    if "none" in head["human"]:
        return [told.of(head["human"]["none"])] * 2
    mine = {
        name.split(", ")[1]: each
        for name, each in head["human"].items()
        if name.endswith(f", {label}")
    }
    alpha = [
        f"{who} {told.figure(each['agreement'], 'mean_alpha', interval=False)}"
        for who, each in mine.items()
    ]
    ceiling = [f"{who} {told.figure(each['ceiling'], 'pearson')}" for who, each in mine.items()]
    return ["; ".join(alpha), "; ".join(ceiling)]


_COSTS = ["texts/s, one core", "MB", "features x columns", "training rows"]


def _costs(model: Mapping[str, Any], head: Mapping[str, Any], told: Reasons) -> list[str]:
    speed = head["speed"]
    rate = told.of(speed["none"]) if "none" in speed else f"{speed['texts_per_second']:,.0f}"
    size = f"{model['features']:,} x {model['columns']}"
    return [rate, f"{model['megabytes']:.1f}", size, f"{model['rows']:,}"]


def _codes(model: Mapping[str, Any]) -> str:
    codes = model["languages"]
    return " ".join(codes) if len(codes) < 4 else f"{len(codes)} codes"


def _speed_line(speed: Mapping[str, Any]) -> str:
    rate = speed["texts_per_second"]["all heads"]
    return (
        f"All heads in one pass: {rate:,.0f} texts/s on one core, {speed['all_to_default']:.2f} times the cost of "
        f"the GoEmotions head alone and {speed['all_to_sum']:.2f} times the sum of all alone "
        f"(`benchmarks/student_speed.py`: {speed['rows']:,} texts of {speed['mean_bytes']:.0f} bytes on average, "
        f"processor time, median of {speed['rounds']} rounds in turns)."
    )


def by_language(found: Mapping[str, Any]) -> list[str]:
    """Figures by language of each head that has several."""
    lines: list[str] = []
    for name, model, taxonomy, head in heads(found["models"]):
        if len(model["gold_languages"]) < 2:
            continue
        lines += ["", f"By language: {name}, {taxonomy}.", ""]
        if head["kind"] in ("labels", "exclusive"):
            lines += labels_by_language(model, head)
        else:
            lines += numbers_by_language(head)
    return lines[1:]


def labels_by_language(model: Mapping[str, Any], head: Mapping[str, Any]) -> list[str]:
    """Cross-validation and dev of each language; F1 over all labels but neutral, and over all."""
    told, dev = Reasons(), head["dev"]
    parts = {
        part["value"]: part for part in dev.get("emotions", {}).get("breakdown", {}).get("lang", [])
    }
    stored = head["cross_validation"].get("languages", {})
    titles = ["language", "CV rows", "CV macro-F1", "CV micro-F1", "CV macro-F1, all labels"]
    titles += ["dev rows", "dev macro-F1", "dev micro-F1"]
    rows, averages = [], []
    for tag in model["gold_languages"]:
        code = tag.split("-")[0]
        shared = sum(other.split("-")[0] == code for other in model["gold_languages"]) > 1
        cv = stored.get(code, {"none": "the weights hold no figures by language: train them again"})
        some = {"none": cv["none"]} if "none" in cv else emotions(cv["per_label"])
        part = parts.get(tag, {"none": dev.get("none", "no row of this language in dev")})
        count = told.of(cv["none"]) if "none" in cv else f"{cv['n']:,}"
        rows.append(
            [f"{LANGUAGES.get(tag, tag)} ({tag})", count + (f" (all {code})" if shared else ""),
             *(told.figure(some, figure, interval=False) for figure in OF_KIND["labels"]),
             told.figure(cv, "macro_f1"),
             told.of(part["none"]) if "none" in part else f"{part['n']:,}",
             *(told.figure(part, figure) for figure in OF_KIND["labels"])]
        )  # fmt: skip
        averages.append((code, some.get("macro_f1"), part.get("macro_f1")))
    lines = table(titles, rows) + told.lines()
    return [*lines, "", _average(averages)]


def _average(found: list[tuple[str, Any, Any]]) -> str:
    trained = {code: value for code, value, _ in found if isinstance(value, float)}
    dev = [value for _, _, value in found if isinstance(value, float)]
    told = []
    if trained:
        told.append(f"{mean(trained.values()):.3f} cross-validated ({len(trained)} languages)")
    if dev:
        told.append(f"{mean(dev):.3f} on dev ({len(dev)} languages)")
    average = " and ".join(told) or "none, because the weights hold no figures by language"
    return (
        "F1 without the label neutral, if there is one, and without labels that were not asked for in a language "
        f"(in BRIGHTER no disgust in English, no surprise in Afrikaans). Average of macro-F1 over languages: {average}."
    )


def emotions(per_label: Mapping[str, Any]) -> dict[str, Any]:
    """Macro- and micro-F1 over the labels but neutral, from the counts of each."""
    kept = [each for name, each in per_label.items() if name != "neutral"]
    f1 = [each["f1"] for each in kept if not isinstance(each["f1"], Mapping)]
    right = sum(
        each["recall"] * each["support"] for each in kept if not isinstance(each["recall"], Mapping)
    )
    total = sum(each["support"] + each["predicted"] for each in kept)
    if not f1:
        nothing = {"undefined": "no label occurs in gold or answers"}
        return {"macro_f1": nothing, "micro_f1": nothing}
    return {"macro_f1": mean(f1), "micro_f1": 2 * right / total}


def numbers_by_language(head: Mapping[str, Any]) -> list[str]:
    """Pearson and quadratic kappa (or CCC), cross-validated, of each dimension and language."""
    told, stored = Reasons(), head["cross_validation"].get("languages", {})
    lines = []
    for figure in OF_KIND[head["kind"]][:2]:
        rows = [
            [f"{LANGUAGES.get(code, code)} ({code})", f"{part['n']:,}",
             *(told.figure(_asked(part[label]), figure) for label in head["labels"])]
            for code, part in stored.items()
        ]  # fmt: skip
        titles = [f"CV {NAMES[figure]}", "rows", *head["labels"]]
        lines += [*table(titles, rows), ""]
    if not stored:
        return ["None: the weights hold no figures by language; train them again."]
    return lines[:-1] + told.lines()


def _asked(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figures of a dimension, or that it was never asked for."""
    if part.get("pearson") == {"undefined": "there are no rows"}:
        return {"none": "not asked for in this language"}
    return part


def by_label(head: Mapping[str, Any]) -> list[str]:
    """Each label of a head: cross-validation, dev, people, threshold."""
    told, dev, human = Reasons(), head["dev"], head["human"]
    per_label = head["cross_validation"].get("per_label", {})
    titles = ["label", *(f"CV {of}" for of in ("precision", "recall", "F1", "rows", "given"))]
    titles += ["dev F1", "dev rows", "people: F1", "threshold"]
    rows = []
    for label in head["labels"]:
        cv = per_label.get(
            label, {"none": "the weights hold no figures by label: train them again"}
        )
        here = dev if "none" in dev else dev["per_label"][label]
        people = human
        if "none" not in human:
            people = next(iter(human.values()))["ceiling"]["per_label"][label]
        threshold = head["thresholds"].get(label)
        rows.append(
            [label, *(told.figure(cv, of, interval=False) for of in ("precision", "recall", "f1")),
             *(told.of(cv["none"]) if "none" in cv else f"{cv[of]:,}" for of in ("support", "predicted")),
             told.figure(here, "f1"),
             told.of(here["none"]) if "none" in here else f"{here['support']:,}",
             told.figure(people, "f1", interval=False),
             told.of(_no_threshold(head)) if threshold is None else f"{threshold:.3f}"]
        )  # fmt: skip
    return table(titles, rows) + told.lines()


def _no_threshold(head: Mapping[str, Any]) -> str:
    if head["kind"] == "exclusive":
        return "the label of the greatest weighted probability is given, without a threshold"
    return "each language has thresholds of its own"
