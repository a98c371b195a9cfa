"""What the tests of labelers in other people's pipelines share: texts, and a language model's labeler file."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.end_to_end.asked import write_labeler
from tests.end_to_end.corpus import ROOT, environment
from tests.end_to_end.numbered_server import MODEL


def posts() -> dict[str, str]:
    """The texts by id of the demo's posts, without the broken ones."""
    found = {}
    for line in (ROOT / "jobs/demo/corpus/social.jsonl").read_bytes().splitlines():
        with suppress(ValueError, KeyError):
            post = json.loads(line)
            found[post["id"]] = post["body"]
    return {name: text for name, text in found.items() if isinstance(text, str)}


TEXTS: list[str | None] = [
    *posts().values(),
    None,
    "",
    " \n\t",
    "😀",
    "🏳️‍🌈👩‍👩‍👧‍👦❤️",
    "so so happy " * 20_000,
    "x" * (5 << 20),
    "Das ist wirklich eine ganz wunderbare Nachricht für uns alle hier",
    "Esto es una noticia maravillosa para todos nosotros aquí en la ciudad",
    "とても嬉しいニュースです。皆さん本当にありがとうございました。",
    "a NUL \0 and \x7f in between, thank you",
    "\u202eright to left, I hate it\u202c",
]
PRIVATE = "jo.doe@example.org"


def write_model(folder: Path, url: str, mode: str = "score") -> str:
    """The labeler file of a language model that `NumberedServer` serves at `url`."""
    labeler = {
        "name": "asked",
        "model": MODEL,
        "revision": "r1",
        "mode": mode,
        "urls": [url],
        "window": 32,
    }
    write_labeler(folder, labeler)
    return str(folder / "asked.yaml")


def numbered(count: int) -> list[str]:
    """Texts with the numbers by which `NumberedServer` answers, each with an address that no server may see."""
    return [f"write to {PRIVATE} if you are sad ({number})" for number in range(count)]


def examples(page: str, heading: str) -> list[str]:
    """The Python programs below a heading of a page of the documentation."""
    text = (ROOT / "docs" / page).read_text()
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


def run_program(program: str, folder: Path, **extra: str) -> None:
    """Runs a program of the documentation on its own, beside posts.jsonl."""
    lines = [json.dumps({"id": name, "body": text}) for name, text in posts().items()]
    (folder / "posts.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env=environment(**extra), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def rows(frame: Any) -> list[dict[str, Any]]:
    """The rows of a Polars frame."""
    return frame.to_dicts()


def marked(folder: Path) -> None:
    """Leaves a mark of this process."""
    (folder / f"{os.getpid()}-{os.urandom(4).hex()}").touch()
