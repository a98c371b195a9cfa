"""Makes text harmless inside a prompt, and keeps every character in its place.

Servers take control tokens that stand in a user's text (`<|im_end|>`, `</s>`, `[INST]`) for real ones, and our own
blocks end where `</text>` stands. So the first character of what looks like one is replaced by a look-alike: a text
can then neither end its block nor pretend to be another speaker, and offsets into the original stay true.
"""

from __future__ import annotations

import re
from typing import Final

# `<` before anything that could be a tag or a control token; `[` before the words that some templates use.
_OPENS: Final = re.compile(
    r"<(?=[|/!?A-Za-z_\uff5c\u2581])|\[(?=/?(?:INST|SYS|AVAILABLE_|TOOL_|SYSTEM_|gMASK|sop|BOS|EOS|PAD|MASK|UNK|CLS|SEP))"
)
_LOOKALIKE: Final = {"<": "\u2039", "[": "\u27e6"}


def inert(text: str) -> str:
    """The text with its control tokens and tags broken; as long as before, character by character."""
    if "<" not in text and "[" not in text:
        return text
    return _OPENS.sub(lambda found: _LOOKALIKE[found.group()], text)
