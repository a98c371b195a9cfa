"""The window adapts: less when the server has too much to do, all of it when it is well."""

import pytest

from pipelines.serving.window import Window

from .echo_server import EchoServer, chat
from .http_client import backend, quick  # noqa: F401


def answers(window: Window, now: float, latency: float, rate: float, rounds: int) -> float:
    """So many rounds of answers; returns the time after them."""
    for _ in range(rounds):
        for _ in range(max(window.limit, 16)):
            now += 1 / rate
            window.answered(now - latency, now)
    return now


def test_a_server_that_turns_all_away_halves_it_once_for_the_calls_of_a_round():
    window = Window(256, 120)
    for _ in range(128):
        window.hindered(started=0, now=1)
    assert window.limit == 128
    for _ in range(256):  # these took off before
        window.hindered(started=0.5, now=1.5)
    assert window.limit == 128
    for _ in range(64):
        window.hindered(started=2, now=3)
    assert window.limit == 64
    for second in range(4, 1000):
        window.hindered(second, second)
    assert window.limit == 1


def test_a_fault_now_and_then_costs_next_to_nothing():
    window = Window(256, 120)
    for now in range(1, 100_000):
        (window.hindered if now % 33 == 0 else window.answered)(now - 1, now)
    assert window.limit == 256


def test_it_grows_back_by_the_same_step_and_not_above_all():
    window = Window(256, 120)
    for _ in range(128):
        window.hindered(0, 0.5)
    now, seen = 1.0, []
    for _ in range(30):
        now = answers(window, now, 1, 100, rounds=1)
        seen.append(window.limit)
    assert seen[5] - seen[4] == seen[6] - seen[5] == 8
    assert seen[-1] == 256


def test_a_steady_server_keeps_all_of_it_however_slow():
    window = Window(256, 120)
    answers(window, 0, latency=50, rate=5, rounds=50)
    assert window.limit == 256


def test_more_throughput_may_cost_latency():
    window = Window(256, 120)
    now = answers(window, 0, latency=1, rate=100, rounds=5)
    answers(window, now, latency=3, rate=250, rounds=5)
    assert window.limit == 256


def test_latency_without_throughput_shrinks_it_a_little_and_a_new_usual_is_learned():
    window = Window(256, 120)
    now = answers(window, 0, latency=1, rate=100, rounds=5)
    now = answers(window, now, latency=8, rate=50, rounds=4)
    assert 256 / 8 <= window.limit < 256
    answers(window, now, latency=8, rate=50, rounds=40)
    assert window.limit == 256


def test_answers_near_the_deadline_shrink_it():
    window = Window(256, 10)
    answers(window, 0, latency=6, rate=100, rounds=10)
    assert 32 < window.limit < 128


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_the_client_finds_the_places_of_a_server_with_few():
    with (
        EchoServer(delay=lambda _: 0.01, places=8) as server,
        backend(server.url, window=128) as client,
    ):
        first = [each.result(60) for each in [client.submit(chat("x")) for _ in range(400)]]
        turned_away = server.busy
        again = [each.result(60) for each in [client.submit(chat("x")) for _ in range(400)]]
    assert all(reply.trouble is None for reply in first + again)
    assert server.served == 800
    # a client that does not adapt sends 120 in vain in each round of 8
    assert turned_away < 500
    assert server.busy - turned_away < 250
