"""Each answer belongs to its call, whatever the order in which answers come."""

import json

import pytest

from .echo_server import EchoServer, chat, numbers, said
from .http_client import backend


@pytest.mark.parametrize("rows", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_many_equal_texts_and_random_delays(rows):
    """Half of the calls are equal to others to the byte; the other half differ in nothing but whose they are."""
    calls = [
        chat(f"text {n % 7}") if n % 2 else chat(f"text {n % 7}", user=str(n)) for n in range(rows)
    ]
    with (
        EchoServer(delay=lambda drawn: drawn.uniform(0, 0.05)) as server,
        backend(server.url, window=128) as client,
    ):
        replies = [each.result(60) for each in [client.submit(call) for call in calls]]
    assert [said(reply.content) for reply in replies] == [f"text {n % 7}" for n in range(rows)]
    assert [json.loads(reply.content or b"")["user"] for reply in replies] == [
        None if n % 2 else str(n) for n in range(rows)
    ]
    found = numbers(reply.content for reply in replies)
    assert len(set(found)) == rows == server.served  # no answer serves two
    assert found != sorted(found)  # they did come in another order
