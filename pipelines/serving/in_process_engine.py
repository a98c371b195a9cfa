"""vLLM's engine in this process: built, fed, stepped and thrown away. All of it on one thread."""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pipelines.serving.in_process_body import Messages, Question, RefusedError
from pipelines.serving.model_source import HASHED, hash_folder
from schemas.errors import ConfigError, MissingExtraError
from schemas.language_model import LanguageModel

_ENVIRONMENT: Final = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # the engine's steps are ours
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_NEEDED: Final = "vLLM 0.26 or newer is needed."


def check_model(model: LanguageModel) -> None:
    """Raises MissingExtraError: no vLLM here; ConfigError: the folder holds other weights than the file names."""
    if importlib.util.find_spec("vllm") is None:
        raise MissingExtraError("vllm", f"The labeler {model.name} (engine: in_process)")
    folder = Path(model.model)
    if folder.is_dir() and model.revision.startswith(HASHED):
        found = hash_folder(folder)
        if found != model.revision:
            raise ConfigError(
                f"The weights in the folder of the labeler {model.name} are {found}, not {model.revision}.",
                remedy="Other weights are another labeler: give them a labeler file of their own.",
            )


class Templates:
    """Conversations to token ids, by the model's own chat template. Thread-safe."""

    def __init__(self, tokenizer: Any) -> None:
        # The engine uses its own one at the same time, and fast tokenizers cannot be borrowed twice.
        self._tokenizer = copy.deepcopy(tokenizer)
        self._lock = threading.Lock()

    def ids(self, messages: Messages, body: dict[str, Any]) -> list[int]:
        """The prompt of a conversation. Raises RefusedError when the template does."""
        further = body.get("chat_template_kwargs") or {}
        final = bool(body.get("continue_final_message", False))
        try:
            with self._lock:
                text = self._tokenizer.apply_chat_template(
                    messages,
                    tokenize=False,
                    add_generation_prompt=body.get("add_generation_prompt", True),
                    continue_final_message=final,
                    **further,
                )
        except Exception as error:  # noqa: BLE001
            # Templates raise what they like, such as for roles that they do not know; the message may quote.
            raise RefusedError(f"400 chat template: {type(error).__name__}") from None
        return self.plain(text, special=bool(body.get("add_special_tokens", False)))

    def plain(self, text: str, *, special: bool) -> list[int]:
        """The token ids of a text."""
        with self._lock:
            found: list[int] = self._tokenizer.encode(text, add_special_tokens=special)
        return found

    def decode(self, token: int) -> str:
        """The text of one token."""
        with self._lock:
            return str(self._tokenizer.decode([token]))


class Engine:
    """One engine. After any exception of `step` it must be thrown away: requests would be left inside it."""

    def __init__(self, model: LanguageModel, **options: Any) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ[name] = value
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        try:
            from vllm import LLM, SamplingParams
            from vllm.platforms import current_platform
            from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
        except ImportError as error:
            raise ConfigError(
                f"This vLLM cannot be used in process: {error}.", remedy=_NEEDED
            ) from None
        chosen: dict[str, Any] = {
            "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
            "max_logprobs": 128,
            "enable_prefix_caching": True,
            "disable_log_stats": True,
        }
        if not Path(model.model).is_dir():
            chosen |= {"revision": model.revision, "tokenizer_revision": model.revision}
        if current_platform.is_cpu():
            os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
            os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
            chosen |= {"enforce_eager": True, "block_size": 32}
        self._llm: Any = LLM(model=model.model, **(chosen | options))
        self._engine: Any = self._llm.llm_engine
        self._sampling, self._structured = SamplingParams, StructuredOutputsParams
        self._final = RequestOutputKind.FINAL_ONLY
        self._input = _input_of()
        config = self._engine.model_config
        self.max_tokens = int(config.max_model_len)
        # As the server does: what the model's generation_config.json says, where the body says nothing.
        self._defaults: dict[str, Any] = dict(config.get_diff_sampling_param())
        self.tokenizer: Any = self._llm.get_tokenizer()

    def add(self, name: str, prompt: list[int], question: Question) -> None:
        """Queues one conversation under `name`. Raises RefusedError: the engine will not have it; it is unharmed."""
        room = self.max_tokens - len(prompt)
        wanted = question.max_tokens
        limits = [room, *(n for n in (wanted, self._defaults.get("max_tokens")) if n is not None)][
            :2
        ]
        before = self._engine.get_num_unfinished_requests()
        try:
            constraint = question.constraint()
            params = self._sampling(
                **{**self._defaults, **question.sampling(), "max_tokens": min(limits)},
                structured_outputs=self._structured(**constraint) if constraint else None,
                output_kind=self._final,
            )
            self._engine.add_request(name, self._input(prompt), params)
        except (ValueError, TypeError) as error:
            if self._engine.get_num_unfinished_requests() != before:
                raise RuntimeError("a refused request was left in the engine") from None
            raise RefusedError(f"400 {type(error).__name__}") from None

    def step(self) -> list[Any]:
        """One step of the model for all that are queued; the RequestOutputs that are finished."""
        return [output for output in self._engine.step() if output.finished]

    def abort(self, names: list[str]) -> None:
        """Takes conversations out again."""
        self._engine.abort_request(names)

    def discard(self) -> None:
        """Frees the device, as far as a broken engine lets us."""
        with contextlib.suppress(Exception):
            self._engine.engine_core.shutdown()
        del self._llm, self._engine, self.tokenizer
        gc.collect()
        with contextlib.suppress(Exception):
            from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

            cleanup_dist_env_and_memory()


def _input_of() -> Callable[[list[int]], Any]:
    """How token ids are given to the engine: newer versions of vLLM have a function for it."""
    try:
        from vllm.inputs import tokens_input
    except ImportError:
        return lambda ids: {"prompt_token_ids": ids}
    made: Callable[[list[int]], Any] = tokens_input
    return made
