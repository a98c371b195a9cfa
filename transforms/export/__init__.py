"""From labeled rows to training examples: pure functions over a batch."""
