"""Writes a model folder without weights: the shape of a real one, and a tokenizer. For `--load-format dummy`.

    python gpu_model.py FOLDER --shape qwen3_8b --texts FILE        (a Python with transformers: that of vLLM)

The weights that vLLM then makes are random: the speed is that of the real model, the answers mean nothing. The
vocabulary of the model, and so the size of its embedding and of its last layer, is the real one's; the tokenizer is a
byte-level BPE of at most 16,384 tokens, trained on FILE. So the number of tokens in a text is not exactly the real
one's: gpu_labeling.py tells how many there were.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_END, _PAD = "<|im_end|>", "<|endoftext|>"
_CODES = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "yes", "no")
_CHATML = (
    "{% for m in messages %}{{'<|im_start|>'+m['role']+'\n'+m['content']+'<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n'}}{% endif %}"
)
# As in the config.json of Qwen/Qwen3-8B and meta-llama/Llama-3.1-8B-Instruct (its scaling of long positions left out).
SHAPES: dict[str, dict[str, Any]] = {
    "qwen3_8b": {
        "kind": "qwen3", "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 12_288,
        "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "max_position_embeddings": 40_960, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0,
    },
    "llama31_8b": {
        "kind": "llama", "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14_336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "max_position_embeddings": 131_072, "rms_norm_eps": 1e-5, "rope_theta": 500_000.0,
    },
    "tiny": {  # to try the script on a CPU
        "kind": "qwen3", "vocab_size": 20_000, "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 64,
        "max_position_embeddings": 8192, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0,
    },
}  # fmt: skip


def write(folder: Path, shape: str, texts: list[str]) -> None:
    """The folder: config.json and the tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, PreTrainedTokenizerFast, Qwen3Config

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=16_384,
        special_tokens=[_PAD, "<|im_start|>", _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pieces.train_from_iterator([*texts, *("\n".join(_CODES) for _ in range(1000))], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pieces, eos_token=_END, pad_token=_PAD)
    tokenizer.chat_template = _CHATML
    values = dict(SHAPES[shape])
    kind = values.pop("kind")
    config = (Qwen3Config if kind == "qwen3" else LlamaConfig)(
        **values,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
        dtype="bfloat16",
        architectures=["Qwen3ForCausalLM" if kind == "qwen3" else "LlamaForCausalLM"],
    )
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="qwen3_8b")
    parser.add_argument("--texts", type=Path, required=True, help="one a line, for the tokenizer")
    arguments = parser.parse_args()
    write(
        arguments.folder, arguments.shape, arguments.texts.read_text(encoding="utf-8").splitlines()
    )


if __name__ == "__main__":
    main()
