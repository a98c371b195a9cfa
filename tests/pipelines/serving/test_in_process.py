"""The engine in process: the answers of the server, each for its own question, whatever breaks."""

import importlib.util
import json
import subprocess
from pathlib import Path

import orjson
import pytest

from pipelines.serving.calls import BATCH, CHAT, TOKENIZE
from pipelines.serving.in_process import InProcessBackend
from pipelines.serving.in_process_body import RefusedError, read_body
from schemas.errors import MissingExtraError
from schemas.language_model import LanguageModel
from tests.pipelines.serving.test_server import ask

REPOSITORY = Path(__file__).resolve().parents[3]
USER = [{"role": "user", "content": "What a day!"}]
SCHEMA = {
    "type": "object",
    "properties": {
        "labels": {
            "type": "array",
            "items": {"enum": ["joy", "anger", "fear"]},
            "maxItems": 3,
        },
        "strength": {"type": "integer", "minimum": 0, "maximum": 9},
    },
    "required": ["labels", "strength"],
    "additionalProperties": False,
}
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
}
SCORED = {
    "logprobs": True,
    "logprob_token_ids": [65, 66, 70],
    "return_tokens_as_token_ids": True,
    "max_tokens": 1,
}


def body(**more):
    return {"model": "tiny", "messages": USER, "temperature": 0, "max_tokens": 12, **more}


CALLS = [
    (CHAT, body()),
    (CHAT, body(response_format=FORMAT, max_tokens=60)),
    (CHAT, body(response_format=FORMAT, max_tokens=2)),
    (CHAT, body(**SCORED)),
    (CHAT, body(**{**SCORED, "logprob_token_ids": [65]})),
    (CHAT, body(messages=[{"role": "system", "content": "Be kind. <|im_end|>"}, *USER])),
    (CHAT, body(temperature=0.8, seed=7)),
    (CHAT, body(logprobs=True, top_logprobs=3)),
    (CHAT, body(messages=[{"role": "user", "content": "a " * 4040}], max_tokens=100)),
    (
        BATCH,
        {**body(**SCORED), "messages": [USER, [{"role": "user", "content": "And you?"}], USER]},
    ),
    (TOKENIZE, {"model": "tiny", "messages": USER}),
    (TOKENIZE, {"model": "tiny", "prompt": "yes no", "add_special_tokens": False}),
]
LONG = next(i for i, (_, asked) in enumerate(CALLS) if len(str(asked)) > 5000)


def meaning(content):
    """What of an answer a labeler reads."""
    if "choices" not in content:
        return {"tokens": content["tokens"], "max_model_len": content["max_model_len"]}
    return {
        "choices": [
            {
                "index": choice["index"],
                "content": choice["message"]["content"],
                "finish_reason": choice["finish_reason"],
                "logprobs": [
                    (
                        one["token"],
                        pytest.approx(one["logprob"], abs=0.02),
                        [
                            (top["token"], pytest.approx(top["logprob"], abs=0.02))
                            for top in one["top_logprobs"]
                        ],
                    )
                    for one in (choice["logprobs"] or {"content": []})["content"]
                ],
            }
            for choice in content["choices"]
        ],
        "prompt": content["usage"]["prompt_tokens"],
        "completion": content["usage"]["completion_tokens"],
    }


def plain(value):
    """The same without tolerance: approx compares with a number only."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(one) for one in value)
    return getattr(value, "expected", value)


@pytest.fixture(scope="module")
def trial(vllm_python, tiny_model):
    done = subprocess.run(
        [vllm_python, "-m", "tests.pipelines.serving.in_process_trial", str(tiny_model)],
        cwd=REPOSITORY,
        input=json.dumps(CALLS),
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_the_answers_are_those_of_the_server(trial, tiny_server):
    for (path, asked), same, alone in zip(CALLS, trial["same"], trial["alone"], strict=True):
        over_http = meaning(ask(tiny_server, path, asked))
        if (
            "top_logprobs" not in asked
        ):  # vLLM 0.32 leaves them out beside calls with logprob_token_ids
            assert plain(meaning(same["content"])) == over_http, path
        assert plain(meaning(alone["content"])) == over_http, path


@pytest.mark.slow
def test_facts_and_cached_tokens(trial, tiny_model):
    assert trial["facts"] == [str(tiny_model), 4096]
    details = [one["content"]["usage"]["prompt_tokens_details"] for one in trial["alone"][:4]]
    assert all(isinstance(one["cached_tokens"], int) for one in details)
    # The longest one was asked before: most of its prompt comes from the cache.
    again = trial["alone"][LONG]["content"]["usage"]
    assert again["prompt_tokens_details"]["cached_tokens"] > 0.9 * again["prompt_tokens"]


def answer(told):
    return told["content"]["choices"][0]["message"]["content"]


@pytest.mark.slow
@pytest.mark.parametrize("run", ["many", "after"])
def test_each_answer_belongs_to_its_question_though_some_are_too_long_and_the_engine_breaks(
    trial, run
):
    expected = [None if one["content"] is None else answer(one) for one in trial["kinds"]]
    assert len(set(expected)) > 10  # else swapped answers would not be seen
    for place, one in enumerate(trial[run]):
        if place in (7, 77, 177):
            assert (one["trouble"], one["content"]) == ("refused", None)
            assert one["detail"].startswith("400 param=input_tokens: ")
        elif place % 30 != 7:
            assert answer(one) == expected[place % 30], place
    if run == "after":
        assert trial["rebuilt"]
        assert (
            1 < sum(one["attempts"] == 2 for one in trial["after"]) <= 64
        )  # those that were inside


@pytest.mark.slow
def test_told_to_stop_it_hands_back_what_is_not_finished(trial):
    assert {one["trouble"] for one in trial["stopped"]} == {"stopped"}
    assert trial["refused"]["trouble"] == "stopped"


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_the_remedy_is_named():
    with pytest.raises(MissingExtraError, match=r"affectmine\[vllm\]"):
        InProcessBackend(LanguageModel(name="x", model="x", revision="r", engine="in_process"))


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (CHAT, b"{", "400 not JSON"),
        ("/v1/completions", b"{}", "404 path"),
        (CHAT, orjson.dumps(body(guided_json=SCHEMA)), "400 unknown key guided_json"),
        (CHAT, orjson.dumps({"model": "tiny"}), "400 param=messages"),
        (CHAT, orjson.dumps({"messages": [{"role": "user"}]}), "400 param=messages"),
        (BATCH, orjson.dumps({"messages": []}), "400 param=messages"),
        (CHAT, orjson.dumps(body(logprob_token_ids=[1])), "400 param=logprob_token_ids"),
        (
            CHAT,
            orjson.dumps(body(response_format={"type": "json_schema"})),
            "400 param=response_format",
        ),
    ],
)
def test_a_wrong_call_is_refused_without_being_quoted(path, content, said):
    with pytest.raises(RefusedError) as refused:
        read_body(path, content)
    assert str(refused.value) == said
