"""Trials of the engine in process, run with a Python that has vLLM: `in_process_trial FOLDER`.

Reads a list of calls (path, body) as JSON from standard input; prints one JSON object with what became of them.
"""

import json
import sys
import time

from pipelines.serving.calls import CHAT, Call
from pipelines.serving.in_process import InProcessBackend
from schemas.language_model import LanguageModel

OPTIONS = {"max_num_seqs": 64}


def told(reply):
    content = None if reply.content is None else json.loads(reply.content)
    return {
        "content": content,
        "trouble": reply.trouble,
        "detail": reply.detail,
        "attempts": reply.attempts,
    }


def chat(text, **more):
    body = {
        "model": "tiny",
        "messages": [{"role": "user", "content": text}],
        "temperature": 0,
        **more,
    }
    return Call(CHAT, json.dumps(body).encode())


def many(backend, calls):
    futures = [backend.submit(call) for call in calls]
    return [told(future.result(300)) for future in futures]


def break_once(backend, at):
    """The engine raises in its `at`-th step from now, once, with requests inside."""
    engine = backend._engine
    step, counted = engine.step, iter(range(at + 1))

    def broken():
        if next(counted) == at:
            raise RuntimeError("injected")
        return step()

    engine.step = broken
    return engine


def main(folder):
    model = LanguageModel(
        name="tiny", model=folder, revision="test", engine="in_process", window=64
    )
    calls = [Call(path, json.dumps(body).encode()) for path, body in json.load(sys.stdin)]
    found = {}
    began = time.monotonic()
    with InProcessBackend(model, **OPTIONS) as backend:
        facts = backend.facts()
        found["facts"] = [facts.model, facts.max_tokens]
        found["start"] = time.monotonic() - began
        found["same"] = many(backend, calls)
        found["alone"] = [told(backend.ask(call)) for call in calls]
        # 300 questions of 30 kinds, at once, among them three that are too long.
        texts = [f"Number {i % 30} says hello." for i in range(300)]
        for place in (7, 77, 177):
            texts[place] = "too long " * 5000
        began = time.monotonic()
        found["many"] = many(backend, [chat(text, max_tokens=8) for text in texts])
        found["seconds"] = time.monotonic() - began
        found["kinds"] = [told(backend.ask(chat(text, max_tokens=8))) for text in texts[:30]]
        first = break_once(backend, at=3)
        found["after"] = many(backend, [chat(text, max_tokens=8) for text in texts])
        found["rebuilt"] = backend._engine is not first
        # The grace is over at once: what is inside comes back unanswered.
        futures = [backend.submit(chat(text, max_tokens=200)) for text in texts[8:40]]
        backend.stop(0)
        found["stopped"] = [told(future.result(60)) for future in futures]
        found["refused"] = told(backend.ask(chat("hello")))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
