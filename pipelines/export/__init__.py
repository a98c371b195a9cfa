"""Export: rows of a lake become a training corpus."""
