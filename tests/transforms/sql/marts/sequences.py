"""Turns of one conversation as the marts' base table has them, worked out in plain Python."""

from typing import Any

QUESTION = {"corpus": "k", "task": "emotion", "taxonomy": "goemotions", "labeler": "student"}


def conversation(
    turns: list[dict[str, Any]], name: str = "c", **question: str
) -> list[dict[str, Any]]:
    """The rows of `turns`, in order: every turn follows the one before; `own_*` are the speaker's turn before.

    A turn may tell its place; else it is the next one.
    """
    rows: list[dict[str, Any]] = []
    own: dict[str, dict[str, Any]] = {}
    for turn in turns:
        place = turn.get("place", rows[-1]["place"] + 1 if rows else 1)
        row = {
            **QUESTION,
            **question,
            "conversation_id": name,
            "record_id": f"{name}{place}",
        } | turn
        row["place"] = place
        if rows:
            before = rows[-1]
            row["previous_record"] = before["record_id"]
            for column in ("speaker", "role", "state", "valence", "hostile"):
                row[f"previous_{column}"] = before.get(column)
        speaker = turn.get("speaker")
        if speaker in own:
            for column in ("place", "state", "valence"):
                row[f"own_{column}"] = own[speaker].get(column)
        if speaker is not None:
            own[speaker] = row
        rows.append(row)
    return rows


def picked(row: dict[str, Any], *columns: str) -> tuple[Any, ...]:
    """Those columns of a mart's row."""
    return tuple(row[column] for column in columns)
