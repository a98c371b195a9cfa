from jobs.report.funnel import Funnel, read_funnel, summed
from jobs.report.sections.funnel import funnel_section
from jobs.report.sections.gates import cost_section, gates_section, what_was_found
from jobs.report.source import Source
from pipelines.gates.result import Finding, GateResult
from pipelines.lake.lake import Lake
from schemas.manifest import Manifest, Part
from tests.jobs.report.marts_by_hand import Hand


def manifest(stage, counts, reasons=(), *, name="m.json", seconds=1.0, cost=()):
    return Manifest(
        name=name, stage=stage, stage_version=1, shard="s", source_file="f", source_chunk=0, fingerprint="p",
        inputs=(), outputs=(), counts=counts, reasons=dict(reasons), attempt="a", run_id="r", created_at="2026-01-01",
        seconds=seconds, cost=dict(cost),
    )  # fmt: skip


def part(dataset, variant, *names):
    return Part(
        dataset=dataset, variant=variant, corpus="c", partition="2026-01-01", manifests=names, sources=(), files=(),
        stored=(),
    )  # fmt: skip


FOUND = [
    (
        manifest("label", {"in": 17, "labeled": 15, "rejected": 2, "failed": 0}, {"language:de": 2}),
        "emotion/ekman/student",
    ),
    (manifest("clean", {"in": 12, "kept": 10, "dropped": 2}, {"bot": 2}), ""),
    (manifest("clean", {"in": 8, "kept": 7, "dropped": 1}, {"bot": 1}, seconds=3.0), ""),
    (
        manifest(
            "ingest", {"in": 25, "used": 20, "skipped": 3, "quarantined": 2, "records": 20}, {"invalid_json": 2}
        ),
        "",
    ),
]  # fmt: skip


def test_counts_add_up_by_stage_in_the_order_of_the_stages():
    ingest, clean, label = summed(FOUND)
    assert (ingest.title, ingest.came_in, ingest.went_on) == ("ingest", 25, 20)
    # clean: 12 + 8 came in, 10 + 7 kept, 2 + 1 bots, 1 + 3 seconds, 2 shards.
    assert (clean.came_in, clean.went_on, clean.reasons, clean.seconds, clean.shards) == (
        20,
        17,
        {"bot": 3},
        4.0,
        2,
    )
    assert (label.title, label.went_on) == ("label emotion/ekman/student", 15)


def test_the_section_says_what_is_left_and_why_the_rest_is_not():
    section = funnel_section(Funnel(summed(FOUND)))
    stages, outcomes, reasons = section.items
    # 25 units made 20 records; 15 of 20 is 75 %.
    assert stages.reading == "Of 20 records read, 15 (75.0 %) are labeled by emotion/ekman/student."
    assert outcomes.numbers.rows[1] == ("clean", 20, "kept 17, dropped 3")
    assert reasons.reading == "Most often: bot at clean, 3 rows."
    # The reasons of most rows first; of equal ones by stage.
    assert [row[1:] for row in reasons.numbers.rows] == [
        ("bot", 3),
        ("invalid_json", 2),
        ("language:de", 2),
    ]


def test_a_shard_of_several_partitions_counts_once_and_a_lost_manifest_is_told(tmp_path):
    (tmp_path / "m.json").write_text(FOUND[3][0].model_dump_json())
    (tmp_path / "bad.json").write_text("{")
    parts = [
        part("records", "", "m.json"),
        part("records", "", "m.json", "gone.json"),
        part("quarantine", "", "m.json", "bad.json"),
    ]
    funnel = read_funnel(Lake(tmp_path), parts)
    assert [(step.stage, step.came_in) for step in funnel.steps] == [("ingest", 25)]
    assert funnel.lost == 2
    assert "2 manifests could not be read" in funnel_section(funnel).items[0].caption


def test_nothing_published_is_a_sentence():
    (only,) = funnel_section(Funnel(())).items
    assert only.why == "No manifest of this snapshot could be read."


def test_answers_of_one_pass_are_told_where_their_seconds_are():
    def captions(*attempts):
        found = [
            (
                manifest("label", {"in": 30, "labeled": 30}).model_copy(
                    update={"attempt": attempt}
                ),
                f"task{k}/t/student",
            )
            for k, attempt in enumerate(attempts)
        ]
        section = cost_section(Source(Hand(), frozenset()), Funnel(summed(found)))
        return section.items[0].caption

    assert " 2 labelings were made in one pass with others" in captions("x", "x", "y")
    assert "one pass" not in captions("x", "y", "z")
    # Two shards of one labeler in one attempt are no pass of several.
    assert "one pass" not in captions("x")


def test_a_gate_that_observed_nothing_says_nothing():
    nothing = Finding("i", "t", None, "warning", False, None, None, "why")
    assert what_was_found(nothing) == "–"
    assert what_was_found(Finding("i", "t", None, "warning", False, 0, None, "why")) == "observed 0"
    gate = GateResult("s", 1, "clean", 2, 1, 0.1, (nothing,))
    section = gates_section(Source(Hand(), frozenset()), [gate])
    assert section.items[1].numbers.rows == (("clean", "i", "warning", "–", "why"),)
