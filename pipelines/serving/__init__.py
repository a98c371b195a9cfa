"""Serving: how questions reach language models and answers come back."""
