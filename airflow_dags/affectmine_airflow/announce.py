"""Tells Airflow's assets what was published: one event a day that is new or has changed."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

_LOOK_BACK = 1_000  # events; a day that was told longer ago is told again


class AnnounceOperator(BaseOperator):
    """Fires one event of the asset a day whose content is not that of the last event about it; skipped without any.

    So each content of a day is told once: also where the task `publish` was tried again after its answer was lost, or
    where somebody else published it. What has no day is told as a whole.
    """

    def __init__(self, *, asset: Asset, by_day: bool, **kwargs: Any) -> None:
        """`by_day`: events have a day as their partition."""
        super().__init__(outlets=[asset], inlets=[asset], **kwargs)
        self.asset = asset
        self.by_day = by_day

    def execute(self, context: Any) -> dict[str, Any]:
        """Fires the events by succeeding, or is skipped."""
        told = context["ti"].xcom_pull(task_ids="publish")
        if not told["snapshot"]:
            raise AirflowSkipException("Nothing is published: no partition is complete.")
        content = {day: told["content"][day] for day in told["content"] if bool(day) == self.by_day}
        last = self._last_contents(context)
        fresh = [day for day in content if content[day] != last.get(day)]
        if not fresh:
            raise AirflowSkipException("What is published is as before: there is nothing to tell.")
        event = context["outlet_events"][self.asset]
        event.extra = {"lake": told["lake"], "snapshot": told["snapshot"], "content": content}
        if self.by_day:
            event.add_partitions(fresh)
        return {**event.extra, "days": fresh}

    def _last_contents(self, context: Any) -> dict[str, str]:
        events = context["inlet_events"][self.asset].ascending(ascending=False).limit(_LOOK_BACK)
        found: dict[str, str] = {}
        for each in events:
            day = each.partition_key or ""
            found.setdefault(day, each.extra.get("content", {}).get(day, ""))
        return found
