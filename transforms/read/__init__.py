"""Readers: from files as people have them to batches of native rows, nothing lost silently."""
