"""The dataset card of an export: what a hub shows, and what `datasets` reads of a folder."""

from __future__ import annotations

from typing import Any

import yaml

from pipelines.export.split import SPLITS
from pipelines.export.write import suffix
from schemas.export import ExportSpec

_CATEGORIES = {
    "classification": "text-classification",
    "sft": "text-generation",
    "preference": "text-generation",
    "reward": "text-classification",
    "instructions": "text-generation",
    "spans": "token-classification",
}
_SOURCES = {
    "gold": "labels that people gave",
    "labels": "labels that a labeler gave",
    "synthetic": "texts that a model wrote",
}
_KNOWN_LICENSES = {
    "apache-2.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-sa-3.0",
    "cc-by-sa-4.0", "cc0-1.0", "mit", "odc-by",
}  # fmt: skip
_NOT_STATED = "not stated"


def card(spec: ExportSpec, told: dict[str, Any]) -> str:
    """README.md of the folder: front matter, then what is in it, where it is from, and what to mind."""
    sections = [
        f"---\n{yaml.safe_dump(_front(spec, told), sort_keys=False, allow_unicode=True)}---",
        f"# {spec.name}",
        _about(spec, told),
        "## Examples",
        _table("split", "examples", told["examples"]),
        "No conversation, no author and no generated item is in two splits.",
        "## Rows",
        _table("source", "rows", {_SOURCES[k]: n for k, n in told["rows_by_source"].items()}),
        "Every example says in `synthetic` whether a model wrote it.",
        *_optional("label", "rows", told["rows_by_label"]),
        *_optional("recipe", "rows", told["rows_by_recipe"]),
        *_optional("generator", "rows", told["generators"]),
        *_optional("labeler", "rows", told["labelers"]),
        "## Left out",
        _table("reason", "rows", {k.replace("_", " "): n for k, n in told["left_out"].items()})
        if told["left_out"]
        else "Nothing.",
        *_contamination(spec, told),
        "## Sources, licenses, consent",
        _corpora(told),
        "## Agreement",
        _agreement(told),
        "## Limits",
        _limits(spec, told),
    ]
    return "\n\n".join(sections) + "\n"


def _about(spec: ExportSpec, told: dict[str, Any]) -> str:
    return (
        f"Training data of the format {spec.format} for the task {spec.task} in the taxonomy {spec.taxonomy}, exported "
        f"by affectmine from snapshot {told['snapshot']} of a lake."
    )


def _front(spec: ExportSpec, told: dict[str, Any]) -> dict[str, Any]:
    files = [
        {"split": name, "path": f"data/{name}-*.{suffix(spec)}"}
        for name in SPLITS
        if told["examples"][name]
    ]
    tags = ["affectmine", spec.task, spec.format]
    if "synthetic" in told["rows_by_source"]:
        tags.append("synthetic")
    return {
        "pretty_name": spec.name,
        "license": _license(told),
        "language": [lang for lang in told["languages"] if lang != "und"],
        "task_categories": [_CATEGORIES[spec.format]],
        "tags": tags,
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _license(told: dict[str, Any]) -> str:
    """The license of all sources, where they state the same one and hubs know it; else `other`: each stands below."""
    stated = {str(note.get("license") or "").lower() for note in told["corpora"].values()}
    (one, *more) = sorted(stated) or [""]
    return one if not more and one in _KNOWN_LICENSES else "other"


def _table(name: str, count: str, rows: dict[str, int]) -> str:
    lines = [f"| {name} | {count} |", "|---|---:|"]
    return "\n".join(lines + [f"| {key} | {n:,} |" for key, n in rows.items()])


def _optional(name: str, count: str, rows: dict[str, int]) -> list[str]:
    return [_table(name, count, rows)] if rows else []


def _contamination(spec: ExportSpec, told: dict[str, Any]) -> list[str]:
    if spec.contamination is None:
        return ["Nothing was compared with an evaluation set."]
    sets = ", ".join(
        each.file or f"the lake's gold of {', '.join(each.gold_splits)}"
        for each in spec.contamination.against
    )
    removed = told["left_out"].get("contamination", 0)
    listed = ", listed in removed.parquet" if removed else ""
    words, similarity = spec.contamination.words, spec.contamination.similarity
    text = (
        f"Compared with {sets}: rows with {words} words in a row of a text there, its whole text, or a similarity of "
        f"{similarity:g} were removed: {removed:,}{listed}."
    )
    return [text]


def _corpora(told: dict[str, Any]) -> str:
    lines = ["| corpus | rows | license | consent |", "|---|---:|---|---|"]
    for name, note in told["corpora"].items():
        license_, consent = note.get("license") or _NOT_STATED, note.get("consent") or _NOT_STATED
        if note.get("sources"):
            license_ = f"as its sources: {', '.join(note['sources'])}"
        lines.append(f"| {name} | {note['rows']:,} | {license_} | {consent} |")
    return "\n".join(lines)


def _agreement(told: dict[str, Any]) -> str:
    if told["agreement"] is None:
        return "Unknown: each text has one label source."
    return (
        f"{told['agreement']:.2f}: of gold the mean share of annotators behind a label, of synthetic texts whether the "
        "checker agreed (only those it agreed on are kept)."
    )


def _limits(spec: ExportSpec, told: dict[str, Any]) -> str:
    limits = [
        "Texts are redacted: placeholders such as [USER] stand for persons and addresses; authors are pseudonyms."
    ]
    if "labels" in told["rows_by_source"]:
        limits.append("Labels of a labeler have its mistakes; a model trained on them learns them.")
    if "synthetic" in told["rows_by_source"]:
        limits.append(
            "Synthetic texts are less varied than people's, and what a checker agrees on is what it knew already."
        )
    if spec.clinical:
        limits.append("Clinical texts are among them: whoever passes this on needs the right to.")
    return "\n".join(f"- {limit}" for limit in limits)
