"""Tells Airflow's assets what was published: one event a day that is new or has changed."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException


class AnnounceOperator(BaseOperator):
    """Fires one event of the asset, unless publication changed nothing and the day was announced before.

    A task `publish` that was tried again may have published in the try before, whose answer was lost: then an event
    is fired, too. What is downstream hears of each publication at least once, and of none that failed.
    """

    template_fields = ("day",)

    def __init__(self, *, asset: Asset, day: str, **kwargs: Any) -> None:
        """`day`, a template: which partition of the asset the event is about; empty where there are none."""
        super().__init__(outlets=[asset], inlets=[asset], **kwargs)
        self.asset = asset
        self.day = day

    def execute(self, context: Any) -> dict[str, Any]:
        """Fires the event by succeeding, or is skipped."""
        told = context["ti"].xcom_pull(task_ids="publish")
        if not told["snapshot"]:
            raise AirflowSkipException("Nothing is published: no partition is complete.")
        if (
            not told["partitions_changed"]
            and told["try_number"] == 1
            and self._told_before(context)
        ):
            raise AirflowSkipException("What is published is as before: there is nothing to tell.")
        event = context["outlet_events"][self.asset]
        event.extra = {key: told[key] for key in ("lake", "snapshot", "partitions_changed")}
        if self.day:
            event.extra["day"] = self.day
            event.add_partitions(self.day)
        return dict(event.extra)

    def _told_before(self, context: Any) -> bool:
        events = context["inlet_events"][self.asset]
        return any(not self.day or each.extra.get("day") == self.day for each in events)
