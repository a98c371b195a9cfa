"""Clean: repair, mark-up, redaction, language, measures and one outcome per record."""

from transforms.clean.clean import VERSION, clean
from transforms.clean.outcome import REASONS
from transforms.clean.pii import PLACEHOLDERS, find_pii

__all__ = ["PLACEHOLDERS", "REASONS", "VERSION", "clean", "find_pii"]
