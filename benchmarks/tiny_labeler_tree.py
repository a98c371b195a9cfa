"""All questions about a text in one pass: the text once, and each label as a branch of it.

A branch sees the text and itself, not the other branches, and its positions go on where the text ends (tree attention,
Cai et al., Medusa, 2024, arXiv:2401.10774). What the model computes is what it would compute for each conversation
alone, for less than a quarter of the tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.tiny_labeler_chat import END, NO, PAD, START, YES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class Marks:
    """Token ids: of the special tokens, of the answers, and of each label."""

    pad: int
    start: int
    end: int
    yes: int
    no: int
    labels: tuple[int, ...]


def marks_of(tokenizer: PreTrainedTokenizerFast, labels: Sequence[str]) -> Marks:
    """The ids of a tokenizer from make_tokenizer."""
    words = (PAD, START, END, YES, NO, *(f" {label}" for label in labels))
    ids = [tokenizer.encode(word)[0] for word in words]
    return Marks(*ids[:5], labels=tuple(ids[5:]))


@dataclass(frozen=True)
class Tree:
    """A batch (rows, width + 2 x labels): texts, padded to `width`, then a branch of two tokens for each label.

    `ends` (rows): where the text's last token is. `mask` (rows, 1, queries, keys): True where a token sees another.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    width: int
    ends: torch.Tensor

    def hidden(self, model: Any) -> torch.Tensor:
        """The last hidden states of all tokens (rows, tokens, size), computed in bfloat16."""
        unseen = torch.zeros(self.mask.shape, dtype=torch.bfloat16).masked_fill_(~self.mask, -1e9)
        with torch.autocast("cpu", torch.bfloat16):
            found: torch.Tensor = model.model(
                input_ids=self.tokens,
                position_ids=self.positions,
                attention_mask=unseen,
                use_cache=False,
            ).last_hidden_state
        return found

    def answers(self, model: Any, hidden: torch.Tensor) -> torch.Tensor:
        """The logits of the token after each branch (rows, labels, vocabulary)."""
        with torch.autocast("cpu", torch.bfloat16):
            found: torch.Tensor = model.lm_head(hidden[:, self.width + 1 :: 2])
        return found.float()


def make_tree(
    texts: Sequence[Sequence[int]], marks: Marks, hidden: NDArray[np.bool_] | None = None
) -> Tree:
    """The batch of tokenized texts. Tokens of texts that are `hidden` (rows, longest text) are padding to the model."""
    rows, labels = len(texts), len(marks.labels)
    width = max(map(len, texts)) + 2
    tokens = np.full((rows, width), marks.pad)
    for row, text in enumerate(texts):
        tokens[row, : len(text) + 2] = [marks.start, *text, marks.end]
    ends = torch.tensor([len(text) + 1 for text in texts])
    if hidden is not None:
        tokens[:, 1:-1][hidden & (tokens[:, 1:-1] != marks.end)] = marks.pad
    branches = torch.tensor([token for label in marks.labels for token in (label, marks.start)])
    size = width + len(branches)
    place = torch.arange(width)
    mask = torch.zeros(rows, size, size, dtype=torch.bool)
    mask[:, :width, :width] = torch.ones(width, width, dtype=torch.bool).tril()
    mask[:, width:, :width] = (place <= ends[:, None])[:, None]
    mask[:, width:, width:] = torch.block_diag(*[torch.ones(2, 2).tril()] * labels).bool()
    after = ends[:, None] + torch.tensor([1, 2] * labels)
    return Tree(
        tokens=torch.cat([torch.from_numpy(tokens), branches.expand(rows, -1)], 1),
        positions=torch.cat([place.expand(rows, -1), after], 1),
        mask=mask[:, None],
        width=width,
        ends=ends,
    )


def by_length(
    texts: Sequence[Sequence[int]], size: int, rng: np.random.Generator | None = None
) -> Iterator[NDArray[np.int64]]:
    """Row numbers in batches of texts of about one length; with `rng` in random order."""
    length = np.array([len(text) for text in texts], np.float64)
    if rng is not None:
        length += 3 * rng.random(len(length))
    order = length.argsort(kind="stable")
    starts = np.arange(0, len(order), size)
    for start in starts if rng is None else rng.permutation(starts):
        yield order[start : start + size]


@torch.no_grad()
def probabilities(
    model: Any, texts: Sequence[Sequence[int]], marks: Marks, size: int = 128
) -> NDArray[np.float64]:
    """The probability of yes, of yes and no (texts, labels)."""
    found = np.zeros((len(texts), len(marks.labels)))
    for rows in by_length(texts, size):
        tree = make_tree([texts[row] for row in rows], marks)
        logits = tree.answers(model, tree.hidden(model))[..., [marks.yes, marks.no]]
        found[rows] = logits.double().softmax(-1)[..., 0].numpy()
    return found
