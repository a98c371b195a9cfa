"""Labelers: they answer a label task for a batch of records."""
