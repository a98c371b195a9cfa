"""The HTTP client when nothing is wrong: order, windows, bounds, stopping, and what it says of itself."""

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pytest
from aiohttp import web

from pipelines.serving.calls import CHAT, Call, Reply, ServedModel
from schemas.errors import (
    ConfigError,
    MissingExtraError,
    StoppedError,
    TransientError,
)

from .echo_server import EchoServer, chat, said
from .far_end import FarEnd
from .http_client import CANARY, backend, quick  # noqa: F401


def eventually(holds, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def test_a_reply_says_how_it_came():
    with EchoServer(delay=lambda _: 0.05) as server, backend(server.url) as client:
        reply = client.submit(chat("hello")).result(60)
    assert said(reply.content) == "hello"
    assert (reply.trouble, reply.attempts, reply.detail) == (None, 1, "")
    assert reply.replica == f"127.0.0.1:{server.port}"
    assert 0.05 <= reply.latency < 1
    assert reply.share == pytest.approx(reply.latency)


def test_never_more_than_the_window_and_all_of_it():
    with EchoServer(delay=lambda _: 0.02) as server, backend(server.url, window=7) as client:
        replies = [each.result(60) for each in [client.submit(chat(str(n))) for n in range(70)]]
    assert server.most_in_flight == 7
    assert [said(reply.content) for reply in replies] == [str(n) for n in range(70)]


def test_first_come_first_served_whoever_submits():
    """Two threads, window 1: what goes out is in the order in which it came in, and none waits for a batch to end."""
    with EchoServer(delay=lambda _: 0.002) as server, backend(server.url, window=1) as client:
        order, lock, futures = [], threading.Lock(), []

        def shard(name: str) -> None:
            for number in range(20):
                with lock:
                    order.append(f"{name}{number}")
                    futures.append(client.submit(chat(order[-1])))

        threads = [threading.Thread(target=shard, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(futures, 5)
    assert server.texts == order


def test_ask_goes_first():
    with EchoServer(delay=lambda _: 0.02) as server, backend(server.url, window=1) as client:
        futures = [client.submit(chat(str(n))) for n in range(4)]
        eventually(lambda: server.texts)
        assert said(client.ask(chat("urgent")).content) == "urgent"
        wait_for(futures, 5)
    assert server.texts == ["0", "urgent", "1", "2", "3"]


def test_submit_blocks_when_five_windows_are_open_and_goes_on_later():
    release = threading.Event()

    async def held(request: web.Request) -> web.Response:
        while not release.is_set():
            await web.asyncio.sleep(0.005)
        return web.json_response({})

    with FarEnd(held) as server, backend(server.url, window=2) as client:
        futures: list[Future[Reply]] = []

        def submit_all() -> None:
            for number in range(50):
                futures.append(client.submit(chat(str(number))))

        submitter = threading.Thread(target=submit_all)
        submitter.start()
        eventually(lambda: len(futures) == 10)
        time.sleep(0.1)
        assert len(futures) == 10
        release.set()
        submitter.join(5)
        assert len(futures) == 50
        assert all(future.result(60).content == b"{}" for future in futures)


def test_shares_add_up_to_the_time_in_which_the_server_worked():
    with (
        EchoServer(delay=lambda drawn: drawn.uniform(0.005, 0.05)) as server,
        backend(server.url, window=8) as client,
    ):
        client.submit(chat("warm")).result(60)
        started = time.monotonic()
        replies = [each.result(60) for each in [client.submit(chat("x")) for _ in range(100)]]
        took = time.monotonic() - started
        time.sleep(0.2)  # idle time is nobody's
        alone = client.submit(chat("x")).result(60)
    assert sum(reply.share for reply in replies) == pytest.approx(took, rel=0.1)
    assert sum(reply.latency for reply in replies) > 5 * took
    assert alone.share == pytest.approx(alone.latency)


def test_a_canceled_call_is_not_sent():
    with EchoServer(delay=lambda _: 0.03) as server, backend(server.url, window=1) as client:
        first, second, third = (client.submit(chat(text)) for text in "abc")
        assert second.cancel()
        assert said(third.result(60).content) == "c"
        assert said(first.result(60).content) == "a"
    assert server.texts == ["a", "c"]


def test_a_done_callback_may_submit_even_if_all_places_are_taken():
    with EchoServer(delay=lambda _: 0.002) as server, backend(server.url, window=1) as client:
        repairs: list[Future[Reply]] = []
        futures = [client.submit(chat(str(n))) for n in range(5)]
        for future in futures:
            future.add_done_callback(lambda _: repairs.append(client.submit(chat("repair"))))
        wait_for(futures, 5)
        eventually(lambda: len(repairs) == 5)
        assert {said(each.result(60).content) for each in repairs} == {"repair"}


def test_stop_hands_back_what_waits_and_lets_finish_what_flies():
    with EchoServer(delay=lambda _: 0.3) as server, backend(server.url, window=3) as client:
        futures = [client.submit(chat(str(n))) for n in range(10)]
        eventually(lambda: server.in_flight == 3)
        started = time.monotonic()
        stopper = threading.Thread(target=client.stop, args=(5,))
        stopper.start()
        wait_for(futures[3:], 5)
        assert time.monotonic() - started < 0.2  # those that wait come back at once
        stopper.join(5)
        troubles = [future.result(0).trouble for future in futures]
        assert troubles == [None] * 3 + ["stopped"] * 7
        assert client.submit(chat("late")).result(1).trouble == "stopped"
        assert client.ask(chat("late")).trouble == "stopped"
    assert len(server.texts) == 3


def test_what_is_not_done_within_the_grace_is_handed_back_too():
    with EchoServer(delay=lambda _: 30) as server, backend(server.url, window=2) as client:
        futures = [client.submit(chat(str(n))) for n in range(2)]
        eventually(lambda: server.in_flight == 2)
        started = time.monotonic()
        client.stop(0.1)
        assert time.monotonic() - started < 1
        replies = [future.result(0) for future in futures]
        assert [reply.trouble for reply in replies] == ["stopped"] * 2
        assert all(reply.attempts == 1 and reply.share > 0 for reply in replies)


def test_stop_frees_who_is_kept_waiting():
    with EchoServer(delay=lambda _: 30) as server, backend(server.url, window=1) as client:
        futures: list[Future[Reply]] = []
        submitter = threading.Thread(
            target=lambda: [futures.append(client.submit(chat("x"))) for _ in range(8)]
        )
        submitter.start()
        eventually(lambda: len(futures) == 5)
        client.stop(0)
        submitter.join(2)
        assert [future.result(1).trouble for future in futures] == ["stopped"] * 8


def test_a_closed_client_answers_nothing_and_leaves_no_thread():
    before = threading.active_count()
    with EchoServer() as server:
        client = backend(server.url)
        running = client.submit(chat("x"))
        client.close()
        client.close()
        client.stop(1)
        assert running.done()
        assert client.submit(chat("x")).result(1).trouble == "stopped"
        with pytest.raises(StoppedError):
            client.facts()
    assert threading.active_count() == before


def test_who_waits_for_facts_of_a_client_that_another_thread_closes_is_told():
    asked = threading.Event()

    async def silent(_: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(600)
        raise AssertionError("unreachable")

    with FarEnd(silent) as server, ThreadPoolExecutor(6) as pool:
        client = backend(server.url)
        waiting = pool.submit(client.facts)
        assert asked.wait(10)
        closing = [pool.submit(client.close) for _ in range(4)]
        assert isinstance(waiting.exception(10), StoppedError)
        assert [each.result(10) for each in closing] == [None] * 4


def test_the_key_goes_out_as_a_bearer_token_and_proxies_of_the_environment_are_left_alone(
    monkeypatch,
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with EchoServer() as server, backend(server.url, key="secret-key") as client:
        client.submit(chat("x")).result(60)
    assert server.headers[0]["Authorization"] == "Bearer secret-key"


def test_user_and_password_of_a_url_are_sent_and_never_told():
    with (
        EchoServer() as server,
        backend(f"http://ann:pa%40ss@127.0.0.1:{server.port}/v1/") as client,
    ):
        reply = client.submit(chat("x")).result(60)
    assert server.headers[0]["Authorization"] == "Basic YW5uOnBhQHNz"  # base64 of ann:pa@ss
    assert reply.replica == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    "url",
    ["ftp://h:1", "h:8000", "/v1", "http://", "http://u:pw@h:port", "http://u:pw@h:1/?pw=1", ""],
)
def test_what_is_no_url_of_a_server_is_refused_without_its_secrets(url):
    with pytest.raises(ConfigError) as caught:
        backend(url)
    assert "pw" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
def test_facts_are_the_shortest_context_of_all_replicas(tail):
    with (
        EchoServer(max_model_len=900) as one,
        EchoServer(max_model_len=700) as other,
        backend(one.url + tail, other.url + tail) as client,
    ):
        assert client.facts() == ServedModel("echo", 700)


def test_facts_of_another_model_list_what_is_served():
    with (
        EchoServer(model="other") as server,
        backend(server.url) as client,
        pytest.raises(ConfigError, match="does not serve 'echo'; it serves: other"),
    ):
        client.facts()


def test_facts_without_a_context_length_are_none():
    with (
        EchoServer(max_model_len=None) as server,
        backend(server.url) as client,
        pytest.raises(ConfigError, match="max_model_len"),
    ):
        client.facts()


@pytest.mark.parametrize(("status", "told"), [(401, "key"), (404, "no models"), (302, "no models")])
def test_facts_of_what_is_no_server_of_ours(status, told):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "http://127.0.0.1:9/"})

    with (
        FarEnd(answer) as server,
        backend(server.url) as client,
        pytest.raises(ConfigError, match=told),
    ):
        client.facts()


@pytest.mark.usefixtures("quick")
def test_facts_do_without_a_replica_that_is_down_but_not_without_all():
    with EchoServer() as server:
        server.stop()
        with backend(server.url) as client, pytest.raises(TransientError, match=str(server.port)):
            client.facts()
        with EchoServer() as other, backend(server.url, other.url) as client:
            assert client.facts() == ServedModel("echo", 4096)


def test_without_aiohttp_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "aiohttp", None)
    with pytest.raises(MissingExtraError, match="'llm'"):
        backend("http://127.0.0.1:9")


@pytest.mark.parametrize("declared", [True, False])
def test_an_endless_answer_is_refused_not_read(declared):
    sent = 0

    async def pour(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        if declared:
            response.content_length = 1 << 40
        await response.prepare(request)
        while sent < 200 << 20:
            await response.write(b" " * (1 << 20))
            sent += 1 << 20
        return response

    with FarEnd(pour) as server, backend(server.url, retries=0) as client:
        reply = client.submit(chat("x")).result(60)
    assert (reply.trouble, reply.detail) == ("refused", "an answer above 16 MiB")
    assert sent < 100 << 20


def test_a_call_keeps_its_body_to_the_byte():
    seen = []

    async def keep(request: web.Request) -> web.Response:
        seen.append((request.path, request.content_type, await request.read()))
        return web.json_response({"ok": True})

    body = b'{"messages": [ {"content": "\xf0\x9f\x98\x80 \\ud800"} ] }'
    with FarEnd(keep) as server, backend(server.url) as client:
        client.submit(Call(CHAT, body)).result(60)
        client.ask(Call("/tokenize", b"{}"))
    assert seen == [(CHAT, "application/json", body), ("/tokenize", "application/json", b"{}")]


def test_nothing_of_it_is_said_in_the_log(caplog):
    caplog.set_level(0)
    with EchoServer() as server, backend(server.url, key=f"key-{CANARY}") as client:
        client.submit(chat(CANARY)).result(60)
    assert CANARY not in caplog.text
