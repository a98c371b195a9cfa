"""The HTTP client and a real vLLM server: the one at AFFECTMINE_TEST_VLLM_URL (its first model), or the tests' own."""

import json
import os
import urllib.request

import pytest

from pipelines.serving.calls import CHAT, TOKENIZE, Call
from schemas.errors import ConfigError

from .fault_proxy import FaultProxy, Plan
from .http_client import CANARY, backend, quick  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick")]

LABELS = ["joy", "anger", "fear"]


@pytest.fixture
def served(request) -> tuple[str, str]:
    """URL and model name."""
    url = os.environ.get("AFFECTMINE_TEST_VLLM_URL")
    if url is None:
        server = request.getfixturevalue("tiny_server")
        return server.url, server.model
    with urllib.request.urlopen(f"{url}/v1/models") as answer:
        return url, json.load(answer)["data"][0]["id"]


def labels_of(text: str, model: str) -> Call:
    schema = {
        "type": "object",
        "properties": {"label": {"enum": LABELS}},
        "required": ["label"],
        "additionalProperties": False,
    }
    body = {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 24,
        "temperature": 0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }
    return Call(CHAT, json.dumps(body).encode())


def test_faults_before_a_real_server_cost_no_row(served):
    url, model = served
    kinds = ("500", "503", "hang", "reset", "half", "not_json")
    plan = Plan(dict.fromkeys(kinds, 0.03), first=kinds)
    with FaultProxy(url, plan) as proxy, backend(proxy.url, model=model, deadline=15) as client:
        rows = 200
        calls = [labels_of(f"row {n % 90}", model) for n in range(rows)]
        replies = [future.result(120) for future in [client.submit(call) for call in calls]]
    assert {reply.trouble for reply in replies} == {None}
    for reply in replies:
        choice = json.loads(reply.content or b"")["choices"][0]
        assert choice["finish_reason"] == "stop"
        assert json.loads(choice["message"]["content"])["label"] in LABELS
    assert set(proxy.faults) == set(kinds)
    assert 0 < proxy.completions - rows <= proxy.faults.total()


def test_what_vllm_refuses_and_why(served):
    url, model = served
    with backend(url, model=model) as client:
        longest = client.facts().max_tokens
        too_long = client.submit(labels_of(f"{CANARY} " * longest, model)).result(60)
        assert (too_long.trouble, too_long.attempts) == ("refused", 1)
        assert "param=input_tokens" in too_long.detail
        body = json.dumps({"model": model, "prompt": "hello"}).encode()
        assert json.loads(client.ask(Call(TOKENIZE, body)).content or b"")["count"] > 0
        with pytest.raises(ConfigError, match="no endpoint /v1/nothing"):
            client.ask(Call("/v1/nothing", b"{}"))
        with pytest.raises(ConfigError, match="does not serve the model"):
            client.submit(labels_of("x", "another")).result(60)
    with backend(url, model="another") as client, pytest.raises(ConfigError, match=model):
        client.facts()
