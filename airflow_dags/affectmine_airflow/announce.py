"""Tells Airflow's assets what was published: an event for each content that is new or has changed."""

from __future__ import annotations

from typing import Any, Literal

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

_LOOK_BACK = 1_000  # events; a content that was told longer ago is told again


class AnnounceOperator(BaseOperator):
    """Fires the asset where a content differs from that of the last event about it; skipped without any.

    The task `of` says what there is now: `lake`, `snapshot` and `content`, checksums by what they are about: a day, a
    synthesis, a training corpus. So each content is told once: also where that task was tried again after its answer
    was lost, or where somebody else published it.
    """

    def __init__(
        self, *, asset: Asset, of: str, days: Literal["content", "run"] | None, **kwargs: Any
    ) -> None:
        """`days`: events have a day as their partition, each day of the content or that of this run; None: none has."""
        super().__init__(outlets=[asset], inlets=[asset], **kwargs)
        self.asset = asset
        self.of = of
        self.days = days

    def execute(self, context: Any) -> dict[str, Any]:
        """Fires the events by succeeding, or is skipped."""
        told = context["ti"].xcom_pull(task_ids=self.of)
        if not told["snapshot"]:
            raise AirflowSkipException("Nothing is published: no partition is complete.")
        content = dict(told["content"])
        if self.days == "content":
            content.pop("", None)  # what has no day
        last = self._last_contents(context)
        fresh = [about for about in content if content[about] != last.get(about)]
        if not fresh:
            raise AirflowSkipException("What is published is as before: there is nothing to tell.")
        event = context["outlet_events"][self.asset]
        event.extra = {"lake": told["lake"], "snapshot": told["snapshot"], "content": content}
        if self.days == "content":
            event.add_partitions(fresh)
        elif self.days == "run" and (day := context["dag_run"].partition_key):
            event.add_partitions([day])
        return {**event.extra, "fresh": fresh}

    def _last_contents(self, context: Any) -> dict[str, str]:
        events = context["inlet_events"][self.asset].ascending(ascending=False).limit(_LOOK_BACK)
        found: dict[str, str] = {}
        for each in events:
            for about, content in each.extra.get("content", {}).items():
                found.setdefault(about, content)
        return found
