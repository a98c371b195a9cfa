"""Texts that say that their source has deleted them: marks such as `[deleted]` or `[removed by moderator]`."""

import re

from transforms.clean.outcome import REMOVAL_MARK

DELETED = REMOVAL_MARK
"""The mark, as a regular expression (RE2 and Python) for a text of which `bare` took what surrounds it."""

_MARK = re.compile(DELETED)


def bare(text: str) -> str:
    """The text without space around it, and without the backslashes of Markdown."""
    return text.strip().replace("\\", "")


def is_deleted(text: str) -> bool:
    """Whether all that is left of a post is its source's mark that it was deleted or removed."""
    return _MARK.search(bare(text)) is not None
