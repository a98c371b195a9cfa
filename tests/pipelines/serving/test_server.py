"""The server that we start: a real vLLM."""

import json
import urllib.request

import pytest


def ask(server, path, body):
    request = urllib.request.Request(
        server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


@pytest.mark.slow
def test_the_codes_of_scores_are_single_tokens(tiny_server):
    for code in ["yes", "no", "A", "Z", "0", "9"]:
        answer = ask(
            tiny_server,
            "/tokenize",
            {"model": tiny_server.model, "prompt": code, "add_special_tokens": False},
        )
        assert answer["count"] == 1, code
        assert answer["max_model_len"] == 4096
