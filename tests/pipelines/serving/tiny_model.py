"""A tiny model for tests, from nothing: Qwen3, two layers, seeded weights, a tokenizer trained on our own texts.

Run with a Python that has vLLM: `python tiny_model.py FOLDER`. It answers at random, but always the same.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

REPOSITORY = Path(__file__).resolve().parents[3]
CODES = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "yes", "no"]
CHATML = (
    "{% for m in messages %}{{'<|im_start|>'+m['role']+'\n'+m['content']+'<|im_end|>\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\n'}}{% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    texts = [
        path.read_text() for path in sorted(REPOSITORY.glob("**/*.md")) if ".v" not in str(path)
    ]
    pieces.train_from_iterator([*texts, "yes\nno\n" * 1000], trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    made.chat_template = CHATML
    return made


def main(folder: Path) -> None:
    made = tokenizer()
    for code in CODES:
        assert len(made.encode(code, add_special_tokens=False)) == 1, code
    made.save_pretrained(folder)
    config = Qwen3Config(
        vocab_size=len(made),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=64,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        initializer_range=0.2,  # wide: so that answers depend on what is asked
        eos_token_id=made.eos_token_id,
        pad_token_id=made.pad_token_id,
    )
    torch.manual_seed(0)
    Qwen3ForCausalLM(config).save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
