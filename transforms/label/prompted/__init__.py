"""Labels by language models: what is asked, and how answers are read; no network."""
