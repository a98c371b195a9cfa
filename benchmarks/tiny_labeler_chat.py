"""Tokenizer and chat template of the tiny labeler: what its prompts become.

A question in score format (transforms/label/prompted) is shortened by the chat template to

    <|im_start|> {text, in lower case}<|im_end|> {label}<|im_start|>

and answered by one token, `yes` or `no`. The system message, which says what the labels mean, is left out, as are
earlier messages and context: the model learned the labels by heart. Being a template, this happens where the model is
served, and whoever asks need not know. Every other conversation becomes plain ChatML; the answers to it mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD: Final = "<|endoftext|>"
START: Final = "<|im_start|>"
END: Final = "<|im_end|>"
YES: Final = "yes"
NO: Final = "no"

TEMPLATE: Final = """\
{%- set asked = messages[-1]['content'].rsplit('\\n\\nLabel: ', 1) -%}
{%- if asked|length == 2 and asked[1].endswith('\\nDoes this label hold? Answer yes or no.') -%}
{%- set text = asked[0].split('<text>\\n', 1)[-1].rsplit('\\n</text>', 1)[0]|lower|trim -%}
{{- '<|im_start|> ' + text + '<|im_end|> ' + asked[1].split('\\n', 1)[0] + '<|im_start|>' -}}
{%- else -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
{%- endif -%}
"""


def shown(text: str) -> str:
    """What the template makes of a text."""
    return f" {text.lower().strip()}"


def question(text: str, label: str) -> list[dict[str, str]]:
    """The conversation that asks whether a label holds, as our prompts have it."""
    asked = f"Label: {label}\nDoes this label hold? Answer yes or no."
    return [{"role": "user", "content": f"<text>\n{text}\n</text>\n\n{asked}"}]


def make_tokenizer(
    texts: Iterable[str], labels: Sequence[str], size: int
) -> PreTrainedTokenizerFast:
    """A byte-level BPE of `size` tokens, trained on texts in lower case.

    Labels (after a blank), yes and no are one token each, as are single letters and digits.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    found = Tokenizer(models.BPE())
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    often = 1_000  # so that they are merged for certain
    lines = [shown(text) for text in texts]
    lines += [word for word in (YES, NO, *(f" {label}" for label in labels)) for _ in range(often)]
    found.train_from_iterator(lines, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=found, eos_token=END, pad_token=PAD)
    tokenizer.chat_template = TEMPLATE
    single = [YES, NO, *(f" {label}" for label in labels), *"ABCXYZabcxyz0123456789"]
    split = [word for word in single if len(tokenizer.encode(word)) != 1]
    if split:
        raise ValueError(f"not one token each: {split}: take a larger vocabulary than {size}")
    return tokenizer
