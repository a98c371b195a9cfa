"""Run by vLLM's Python, where TRL is: one step of TRL's own trainer on an export. Arguments: model, export, format.

Prints, as JSON, the examples that the trainer took of those that there are, and its loss.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {
    "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TRL_EXPERIMENTAL_SILENCE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip

from datasets import load_dataset
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer
from trl.data_utils import is_conversational

TRAINERS: dict[str, tuple[Any, Any]] = {
    "sft": (SFTTrainer, SFTConfig),
    "preference": (DPOTrainer, DPOConfig),
    "reward": (RewardTrainer, RewardConfig),
}


def main(model: str, folder: str, kind: str) -> None:
    rows = load_dataset(folder, cache_dir=f"{folder}-cache")["train"]
    trainer_of, config_of = TRAINERS[kind]
    more = {"assistant_only_loss": False} if kind == "sft" else {}
    config = config_of(
        output_dir=f"{folder}-trained", max_steps=1, per_device_train_batch_size=2, use_cpu=True, bf16=False,
        report_to=[], save_strategy="no", logging_steps=1, max_length=1024, **more,
    )  # fmt: skip
    trainer = trainer_of(model=model, args=config, train_dataset=rows)
    done = trainer.train()
    told = {
        "conversational": is_conversational(rows[0]), "examples": rows.num_rows,
        "taken": trainer.train_dataset.num_rows, "loss": done.training_loss,
    }  # fmt: skip
    Path(f"{folder}-trl.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
