"""Several replicas: even load, ejection and return."""

import time

import pytest

from .echo_server import EchoServer, chat, said
from .http_client import backend, quick  # noqa: F401

pytestmark = pytest.mark.usefixtures("quick")


def all_of(client, n: int):
    return [future.result(15) for future in [client.submit(chat(str(k))) for k in range(n)]]


def test_load_is_even_and_the_window_is_for_all_together():
    with (
        EchoServer(delay=lambda _: 0.02) as one,
        EchoServer(delay=lambda _: 0.02) as other,
        backend(one.url, other.url, window=8) as client,
    ):
        all_of(client, 80)
    assert one.most_in_flight == other.most_in_flight == 4
    assert one.served == pytest.approx(40, abs=8)


def test_a_slow_replica_gets_less():
    with (
        EchoServer(delay=lambda _: 0.09) as slow,
        EchoServer(delay=lambda _: 0.01) as fast,
        backend(slow.url, fast.url, window=8) as client,
    ):
        all_of(client, 200)
    assert fast.served > 3 * slow.served


@pytest.mark.parametrize("how", ["gone", "500"])
def test_a_sick_replica_is_left_and_gets_calls_again_when_it_is_well(how):
    with EchoServer(delay=lambda _: 0.005) as sick, EchoServer(delay=lambda _: 0.005) as well:
        if how == "gone":
            sick.stop()
        sick.dead = True
        with backend(sick.url, well.url, window=8) as client:
            replies = all_of(client, 100)
            assert {reply.replica for reply in replies} == {f"127.0.0.1:{well.port}"}
            # at first five calls find out, then one for each probe that finds health at 200
            assert max(reply.attempts for reply in replies) <= 3
            assert client.counts["ejected"] >= 1
            tried = len(sick.texts)
            assert tried < 40
            sick.dead = False
            if how == "gone":
                sick.start()
            end = time.monotonic() + 8
            while sick.served < 20 and time.monotonic() < end:
                all_of(client, 20)
            assert sick.served >= 20


def test_calls_of_before_do_not_bring_a_replica_back():
    """A server that shuts down finishes what it has and turns down what is new, while /health says 200."""
    with (
        EchoServer(delay=lambda drawn: drawn.uniform(0.2, 0.8)) as leaving,
        EchoServer(delay=lambda _: 0.002) as staying,
        backend(leaving.url, staying.url, window=64) as client,
    ):
        old = [client.submit(chat(f"old {n}")) for n in range(64)]
        while leaving.in_flight < 20:
            time.sleep(0.002)
        leaving.dead = True
        before = len(leaving.texts)
        replies = all_of(client, 600)
        assert len(leaving.texts) - before < 60
        assert [said(future.result(60).content) for future in old] == [
            f"old {n}" for n in range(64)
        ]
    assert all(reply.trouble is None and reply.attempts <= 3 for reply in replies)
