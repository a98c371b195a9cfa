"""Social conventions: hashtags, and what a policy removes instead of masking."""

import re

from transforms.clean.edits import Step, substitution

HASHTAG = r"\B#+\w*\p{L}\w*"  # for Polars; #1 is a rank
_HASHTAG = re.compile(r"(?<!\w)#+(\w*[^\W\d_]\w*)")


def hashtags(policy: str) -> Step:
    """Make the step of `hashtags: word` or `remove`; `keep` does nothing."""
    if policy == "word":
        return substitution(_HASHTAG, lambda match: match.group(1))
    if policy == "remove":
        return substitution(_HASHTAG, lambda _: "")
    return lambda _: []


def removal(placeholder: str) -> Step:
    """Make a step that takes a placeholder out of the text."""
    return substitution(re.compile(re.escape(placeholder)), lambda _: " ")
