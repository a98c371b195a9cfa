"""How a run tells other tools what it does: Prometheus metrics and OpenLineage events. Off unless configured."""
