"""The HTTP client when something goes wrong, by a fault-injecting proxy before a far end that echoes."""

import time

import pytest
from aiohttp import web

from schemas.errors import ConfigError, TransientError

from .echo_server import EchoServer, chat, numbers, said
from .far_end import FarEnd
from .fault_proxy import FaultProxy, Plan
from .http_client import CANARY, backend, quick  # noqa: F401

pytestmark = pytest.mark.usefixtures("quick")

TRANSIENT = ["500", "503", "hang", "reset", "half", "not_json"]


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.slow
def test_a_transient_fault_costs_one_more_request_and_nothing_else(fault):
    with (
        EchoServer() as server,
        FaultProxy(server.url, Plan(first=[fault])) as proxy,
        backend(proxy.url, deadline=1) as client,
    ):
        reply = client.submit(chat("hello")).result(60)
        assert client.counts.total() == 1
    assert said(reply.content) == "hello"
    assert (reply.attempts, reply.trouble) == (2, None)
    assert proxy.completions == 2


@pytest.mark.parametrize("fault", ["400", "length", "nonsense"])
def test_what_would_happen_again_is_not_tried_again(fault):
    plan = Plan(first=[fault], spoil=lambda told: told | {"choices": []})
    with (
        EchoServer() as server,
        FaultProxy(server.url, plan) as proxy,
        backend(proxy.url) as client,
    ):
        reply = client.submit(chat(CANARY)).result(60)
    assert proxy.completions == 1
    assert reply.trouble == ("refused" if fault == "400" else None)
    assert CANARY not in reply.detail
    if fault == "length":
        assert b'"finish_reason": "length"' in (reply.content or b"")
    if fault == "400":
        assert reply.detail == "400 type=BadRequestError"


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        # as vLLM 0.32 answers
        (
            400,
            {"error": {"message": CANARY, "type": "BadRequestError", "param": "input_tokens"}},
            "400 type=BadRequestError param=input_tokens",
        ),
        (400, {"error": {"message": "", "type": f"{CANARY} says more", "param": [CANARY]}}, "400"),
        (413, {}, "413"),
        (422, {"detail": [{"type": "missing", "input": CANARY}]}, "422"),
        (404, {"error": {"type": "NotFoundError", "param": "tool"}}, "404 type=NotFoundError param=tool"),
        (418, {"error": CANARY}, "418"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_by_names_alone(status, body, detail):
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    with FarEnd(refuse) as server, backend(server.url) as client:
        reply = client.submit(chat(CANARY)).result(60)
    assert (reply.trouble, reply.detail, reply.attempts) == ("refused", detail, 1)


@pytest.mark.parametrize("status", [500, 502, 504, 408, 429, 529, 204])
def test_other_transient_answers(status):
    answers = [status, 200]

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({}, status=answers.pop(0))

    with FarEnd(answer) as server, backend(server.url) as client:
        assert client.submit(chat("x")).result(60).attempts == 2


@pytest.mark.parametrize("body", [b"", b"[]", b'"text"', b"null", b"{", b"\xff{}"])
def test_an_answer_that_is_no_json_object_is_no_answer(body):
    bodies = [body, b"{}"]

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=bodies.pop(0))

    with FarEnd(answer) as server, backend(server.url) as client:
        reply = client.submit(chat("x")).result(60)
    assert (reply.content, reply.attempts) == (b"{}", 2)


@pytest.mark.slow
def test_retry_after_is_honored():
    with (
        EchoServer() as server,
        FaultProxy(server.url, Plan(first=["503"], retry_after="1")) as proxy,
        backend(proxy.url) as client,
    ):
        started = time.monotonic()
        assert client.submit(chat("x")).result(60).attempts == 2
        assert 1 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, {"error": "Unauthorized"}, "key"),
        (403, {}, "key"),
        (404, {"detail": "Not Found"}, "endpoint"),
        (404, {"error": {"message": CANARY, "type": "NotFoundError", "param": "model", "code": 404}}, "model"),
        (405, {"detail": "Method Not Allowed"}, "endpoint"),
        (307, {}, "elsewhere"),
    ],
)  # fmt: skip
def test_what_no_call_survives_ends_all(status, body, told):
    asked = 0

    async def refuse(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response(body, status=status, headers={"Location": f"/{CANARY}"})

    with FarEnd(refuse) as server, backend(server.url, window=2) as client:
        futures = [client.submit(chat(CANARY)) for _ in range(10)]
        for future in futures:
            with pytest.raises(ConfigError, match=told) as caught:
                future.result(60)
            assert CANARY not in str(caught.value)
        with pytest.raises(ConfigError):
            client.submit(chat("later")).result(60)
    assert asked <= 2


def test_who_asks_for_what_is_not_there_harms_nobody():
    async def answer(request: web.Request) -> web.Response:
        found = "batch" not in request.path
        return web.json_response(
            {} if found else {"detail": "Not Found"}, status=200 if found else 404
        )

    with FarEnd(answer) as server, backend(server.url) as client:
        call = chat("x")
        with pytest.raises(ConfigError, match="no endpoint /v1/chat/completions/batch"):
            client.ask(type(call)(call.path + "/batch", call.body))
        assert client.submit(call).result(60).content == b"{}"


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.slow
def test_a_poisonous_call_fails_alone(fault):
    plan = Plan(poison=lambda body: fault if CANARY.encode() in body else None)
    with (
        EchoServer() as server,
        FaultProxy(server.url, plan) as proxy,
        backend(proxy.url, retries=2, deadline=1) as client,
    ):
        futures = [client.submit(chat(CANARY if n == 5 else str(n))) for n in range(20)]
        replies = [future.result(60) for future in futures]
    assert [n for n, reply in enumerate(replies) if reply.trouble == "unavailable"] == [5]
    assert [n for n, reply in enumerate(replies) if reply.trouble] == [5]
    assert CANARY not in replies[5].detail
    # a busy server costs a quarter of a try
    assert replies[5].attempts == (9 if fault == "503" else 3)


@pytest.mark.parametrize("retries", [0, 1, 6])
def test_even_if_it_is_the_only_one_and_ejects_the_server(retries):
    """Nobody else is there to show that the server is well: one more call of ours does."""
    plan = Plan(poison=lambda body: "500" if CANARY.encode() in body else None)
    with (
        EchoServer() as server,
        FaultProxy(server.url, plan) as proxy,
        backend(proxy.url, retries=retries) as client,
    ):
        reply = client.submit(chat(CANARY)).result(60)
        assert client.submit(chat("x")).result(60).content
    assert (reply.trouble, reply.attempts) == ("unavailable", retries + 1)
    assert len(proxy.bodies) == 3
    assert proxy.completions == retries + 1 + 2


@pytest.mark.parametrize("retries", [0, 3])
@pytest.mark.parametrize("how", ["gone", "500"])
def test_without_any_server_all_that_wait_fail_at_once_and_soon(how, retries):
    with EchoServer() as server, backend(server.url, retries=retries, window=4) as client:
        if how == "gone":
            server.stop()
        server.dead = True
        futures = [client.submit(chat(CANARY)) for _ in range(20)]
        ends = []
        for future in futures:
            future.add_done_callback(lambda _: ends.append(time.monotonic()))
            with pytest.raises(TransientError, match=str(server.port)) as caught:
                future.result(60)
            assert CANARY not in str(caught.value)
        assert max(ends) - min(ends) < 0.2
        # and it is not the end: when the server is back, so are its answers
        server.dead = False
        if how == "gone":
            server.start()
        time.sleep(0.2)
        for _ in range(20):
            try:
                assert said(client.submit(chat("again")).result(60).content) == "again"
                break
            except TransientError:
                time.sleep(0.2)
        else:
            pytest.fail("did not come back")


@pytest.mark.slow
def test_a_server_that_comes_back_in_time_costs_no_row(monkeypatch):
    monkeypatch.setattr("pipelines.serving.backoff.FIRST", 0.1)  # patience: 6.3 s
    with EchoServer(delay=lambda _: 0.02) as server, backend(server.url, window=4) as client:
        futures = [client.submit(chat(str(n))) for n in range(20)]
        futures[0].result(60)
        server.stop()
        time.sleep(0.5)
        assert not futures[-1].done()
        server.start()
        replies = [future.result(60) for future in futures]
    assert [said(reply.content) for reply in replies] == [str(n) for n in range(20)]
    assert max(reply.attempts for reply in replies) <= 3  # down time burns no tries


def test_a_stopped_client_tries_nothing_again():
    with (
        EchoServer() as server,
        FaultProxy(server.url, Plan({"503": 1.0}, retry_after="60")) as proxy,
        backend(proxy.url) as client,
    ):
        futures = [client.submit(chat("x")) for _ in range(3)]
        while proxy.completions < 3:
            time.sleep(0.005)
        time.sleep(0.05)
        client.stop(5)
        assert [future.result(0).trouble for future in futures] == ["stopped"] * 3


@pytest.mark.slow
def test_a_storm_of_faults_harms_no_row_and_no_request_is_wasted():
    """Each kind at 3 percent: every row has its own answer; extra requests are no more than faults."""
    rates = dict.fromkeys(TRANSIENT, 0.03)
    plan = Plan(rates, seed=5, delay=lambda drawn: drawn.uniform(0, 0.01))
    with (
        EchoServer() as server,
        FaultProxy(server.url, plan) as proxy,
        backend(proxy.url, deadline=2, window=32) as client,
    ):
        futures = [client.submit(chat(f"row {n % 50}", user=str(n))) for n in range(500)]
        replies = [future.result(60) for future in futures]
    assert [said(reply.content) for reply in replies] == [f"row {n % 50}" for n in range(500)]
    assert len(set(numbers(reply.content for reply in replies))) == 500
    assert set(proxy.faults) == set(TRANSIENT)
    assert proxy.completions - 500 <= proxy.faults.total()


def test_no_text_in_what_is_logged_or_raised(caplog, capfd):
    caplog.set_level(0)
    plan = Plan({"500": 0.3, "400": 0.1, "reset": 0.2, "half": 0.2, "not_json": 0.2}, seed=1)
    with (
        EchoServer() as server,
        FaultProxy(server.url, plan) as proxy,
        backend(proxy.url, retries=1) as client,
    ):
        futures = [client.submit(chat(f"{CANARY} {n}")) for n in range(60)]
        told = [
            str(future.exception(9) or future.result().detail + str(future.result().trouble))
            for future in futures
        ]
    written = capfd.readouterr()
    assert CANARY not in " ".join(told) + caplog.text + written.out + written.err
