"""The embedded labeler: a linear model over hashed n-grams with a compiled kernel."""
