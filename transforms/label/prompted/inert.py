"""Makes text harmless inside a prompt, and keeps every character in its place.

Servers take control tokens that stand in a user's text (`<|im_end|>`, `</s>`, `[INST]`) for real ones, and our own
blocks end where `</text>` stands. So the first character of what looks like one is replaced by a look-alike: a text
can then neither end its block nor pretend to be another speaker, and offsets into the original stay true. Where each
line is a turn or an observation, line breaks inside one become blanks: else a text could bring turns of its own.
"""

from __future__ import annotations

import re
from typing import Final

# `<` before anything that could be a tag or a control token; `[` before what some templates use: the words of Mistral,
# Llama 2, GLM and BERT, and the bar of EXAONE (`[|endofturn|]`).
_OPENS: Final = re.compile(
    r"<(?=[|/!?A-Za-z_\uff5c\u2581]|0x)|\[(?=\||/?(?:INST|SYS|AVAILABLE_|TOOL_|SYSTEM_|MODEL_|gMASK|sMASK|sop|eop|BOS|EOS"
    r"|PAD|MASK|UNK|CLS|SEP|IMG|THINK|ARGS|CALL_ID|BEGIN_|AUDIO|PREFIX|MIDDLE|SUFFIX|control_|CONTROL_|unused))"
)
_LOOKALIKE: Final = {"<": "\u2039", "[": "\u27e6"}
_BREAKS: Final = str.maketrans(dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def inert(text: str) -> str:
    """The text with its control tokens and tags broken; as long as before, character by character."""
    if "<" not in text and "[" not in text:
        return text
    return _OPENS.sub(lambda found: _LOOKALIKE[found.group()], text)


def one_line(text: str) -> str:
    """The text with a blank for each line break; as long as before."""
    return text.translate(_BREAKS)
