"""The figures of every student: cross-validated on train, on dev, and of people, with speed and size.

    python benchmarks/student_quality.py [--data ../shared/data] [--labels] [--json FILE]
                                         [--write docs/student.md] [--train] [NAME ...]

Prints Markdown. Cross-validated figures are those that the training stored in the weights; dev is
evaluated now, and no student has seen it; in brackets 95 % bootstrap intervals. People: Krippendorff's
alpha, and each annotator against the majority (or mean) of the others by the figures of a model
(human_agreement.py). Speed is measured by student_speed.py, unless --speed names what it wrote with
--json. With --train each student is trained again and its version compared (some minutes); with --write
the tables replace those in a document.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.student_figures import measure, measured_speed
from benchmarks.student_tables import by_label, by_language, heads, overview
from benchmarks.train_students import MODELS, STUDENTS
from transforms.label.student.weights import load_weights

BEGIN = "<!-- made by benchmarks/student_quality.py --write: do not edit below -->"
END = "<!-- end of what benchmarks/student_quality.py wrote -->"


def train_again(data: Path, names: list[str]) -> None:
    """Trains each student by train_students.py, and says whether the versions are the same."""
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(__file__).with_name("train_students.py")
        command: list[str | Path] = [
            sys.executable,
            script,
            "--data",
            data,
            "--output",
            scratch,
            *names,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for path in sorted(Path(scratch).glob("*.safetensors")):
            again, known = load_weights(path).version, MODELS / path.name
            shipped = load_weights(known).version if known.exists() else "none"
            told = "the same" if again == shipped else "ANOTHER version"
            print(f"{path.stem}: trained again {again}, shipped {shipped}: {told}")
    print()


def document(found: Mapping[str, Any], *, labels: bool) -> str:
    """All tables as Markdown."""
    lines = [*overview(found), "", *by_language(found)]
    if labels:
        for name, _, taxonomy, head in heads(found["models"]):
            if head["kind"] in ("labels", "exclusive"):
                lines += ["", f"By label: {name}, {taxonomy}.", "", *by_label(head)]
    return "\n".join(lines).rstrip() + "\n"


def write_between(path: Path, text: str) -> None:
    """Replaces what stands between the markers of a document. SystemExit: it has none."""
    whole = path.read_text(encoding="utf-8")
    if BEGIN not in whole or END not in whole:
        raise SystemExit(
            f"{path} has no lines '{BEGIN}' and '{END}': write them where the tables go."
        )
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="models (default: all)")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the weights")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--labels", action="store_true", help="a row per label, too")
    parser.add_argument("--json", type=Path, help="write all figures to a file, too")
    parser.add_argument("--write", type=Path, help="renew the tables of a document")
    parser.add_argument(
        "--speed", type=Path, help="what student_speed.py --json wrote: do not measure"
    )
    parser.add_argument("--no-speed", action="store_true", help="leave out the speed")
    parser.add_argument("--speed-rows", type=int, default=100_000, help="texts per timed run")
    parser.add_argument("--speed-rounds", type=int, default=5)
    parser.add_argument("--train", action="store_true", help="train again and compare (minutes)")
    arguments = parser.parse_args()
    known = [student.file for student in STUDENTS]
    if strange := [name for name in arguments.names if name not in known]:
        parser.error(f"no model {', '.join(strange)}; there are: {', '.join(known)}")
    if arguments.write and arguments.names:
        parser.error("--write renews the tables of all models: leave out the names")
    if arguments.train:
        train_again(arguments.data, arguments.names)
    speed = None
    if arguments.speed:
        speed = json.loads(arguments.speed.read_text(encoding="utf-8"))["heads"]
    elif not arguments.no_speed:
        speed = measured_speed(arguments.data, arguments.speed_rows, arguments.speed_rounds)
    models = measure(
        arguments.data, arguments.names, arguments.resamples, speed,
        lambda name: print(f"  {name}", file=sys.stderr), arguments.models,
    )  # fmt: skip
    found = {"resamples": arguments.resamples, "speed": speed, "models": models}
    text = document(found, labels=arguments.labels)
    print(text, end="")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.write:
        write_between(arguments.write, document(found, labels=False))


if __name__ == "__main__":
    main()
