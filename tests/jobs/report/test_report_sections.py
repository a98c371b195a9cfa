import datetime as dt

import pytest

from jobs.report.model import Absent, Picture, Samples
from jobs.report.sections.counseling import counseling_section
from jobs.report.sections.funnel import languages_section
from jobs.report.sections.influence import influence_section
from jobs.report.sections.labels import labels_section
from jobs.report.sections.people import people_section
from jobs.report.sections.roles import roles_section
from jobs.report.sections.samples import samples_section
from jobs.report.sections.time import step_of, time_section
from jobs.report.sections.trajectories import trajectories_section
from jobs.report.sections.words import words_section
from jobs.report.source import Question, Source
from tests.jobs.report.marts_by_hand import Hand

Q = {"corpus": "pod", "task": "emotion", "taxonomy": "ekman", "labeler": "student"}
DAY = dt.date(2026, 3, 2)


def source(**tables):
    hand = Hand()
    for name, rows in tables.items():
        hand.fill(name if name in {"clean", "labels"} else f"mart_{name}", rows)
    return Source(hand, hand.views)


def counts(label, n, rows, day=DAY, role="host", **other):
    return {
        **Q,
        "domain": "podcast",
        "day": day,
        "role": role,
        "label": label,
        "n": n,
        "rows": rows,
        **other,
    }


def titled(section, start):
    return [item for item in section.items if item.title.startswith(start)]


EMPTY = [
    labels_section, time_section, roles_section, trajectories_section, influence_section, words_section,
    counseling_section, languages_section, samples_section, lambda s: people_section(s, []),
]  # fmt: skip


@pytest.mark.parametrize("section", EMPTY)
def test_without_rows_each_picture_is_a_sentence(section):
    items = section(source()).items
    assert items
    assert all(isinstance(item, Absent) and item.why.endswith((".", ").")) for item in items)


def test_shares_of_labels_by_hand():
    # Day 1: 10 rows, joy in 6, fear in 3, none in 3 (6 + 3 + 3 = 12: two rows have both joy and fear).
    # Day 2: 10 rows, joy in 2, none in 8. Over both: joy 8/20 = 40 %, none 11/20 = 55 %, fear 3/20 = 15 %.
    later = DAY + dt.timedelta(days=1)
    rows = [
        counts("joy", 6, 10), counts("fear", 3, 10), counts(None, 3, 10),
        counts("joy", 2, 10, later), counts(None, 8, 10, later),
    ]  # fmt: skip
    (picture,) = labels_section(source(label_counts=rows)).items
    assert picture.numbers.rows == (
        (None, 11, 20, 0.55),
        ("joy", 8, 20, 0.4),
        ("fear", 3, 20, 0.15),
    )
    assert (
        picture.reading
        == "joy is the most frequent label: 40.0 % of the rows. 55.0 % have no label."
    )
    assert picture.caption.startswith("n = 20 labeled rows")


def test_labels_beyond_thirty_are_told_and_not_drawn():
    rows = [counts(f"label {k:02}", 100 - k, 1000) for k in range(40)]
    (picture,) = labels_section(source(label_counts=rows)).items
    assert "Shown are the first 30 of 40 labels." in picture.caption
    assert len(picture.chart.args[0]) == 30


def test_time_goes_by_day_week_or_month():
    assert step_of(DAY, DAY + dt.timedelta(days=119)) == "day"  # 120 days
    assert step_of(DAY, DAY + dt.timedelta(days=120)) == "week"
    assert step_of(DAY, DAY + dt.timedelta(days=7 * 120)) == "month"


def test_moves_over_time_and_changes_on_the_same_picture():
    later = DAY + dt.timedelta(days=1)
    rows = [
        counts("joy", 5, 10), counts("fear", 5, 10),
        counts("joy", 9, 10, later), counts("joy", 1, 10, later, role="guest"), counts("fear", 1, 10, later),
        counts("fear", 9, 10, later, role="guest"),
    ]  # fmt: skip
    # Day 2 has 20 rows (host and guest): joy 10/20, fear 10/20: nothing moved; day 1 joy 5/10.
    change = {
        **Q,
        "label": "joy",
        "period": later,
        "days": 2,
        "before": 0.5,
        "after": 0.7,
        "change": 0.2,
    }
    section = time_section(source(label_counts=rows, change_points=[change]))
    over_time, changes = section.items[0], section.items[1]
    assert [row[2:] for row in over_time.numbers.rows] == [
        (5, 10, 0.5),
        (5, 10, 0.5),
        (10, 20, 0.5),
        (10, 20, 0.5),
    ]
    assert over_time.chart.keywords["marks"] == [{"time": "2026-03-03"}]
    assert (
        changes.reading
        == "The largest: from 2026-03-03 on, joy went from 50.0 % to 70.0 % of the rows of a day."
    )


def test_records_without_a_time_have_no_picture_over_time():
    section = time_section(source(label_counts=[counts("joy", 5, 10, None)]))
    assert section.items[0].why == "No record of this corpus has a time."


def test_records_without_a_role_have_no_picture_by_role():
    section = roles_section(source(label_counts=[counts("joy", 5, 10, role=None)]))
    assert section.items[0].why == "No record of this corpus has a role."


def test_one_role_and_two_roles():
    (one,) = titled(roles_section(source(label_counts=[counts("joy", 5, 10)])), "Labels by role")
    assert one.reading == "Only one role is known: host."
    rows = [
        counts("joy", 5, 10),
        counts("joy", 1, 10, role="guest"),
        counts("fear", 2, 10),
        counts("fear", 1, 10, role="guest"),
    ]
    (two,) = titled(roles_section(source(label_counts=rows)), "Labels by role")
    assert two.reading == "Roles differ most in joy: 50.0 % of the rows of host, 10.0 % of guest."


def test_the_largest_corpora_are_shown_and_the_others_counted():
    rows = [counts("joy", 10 * k, 100, corpus=f"corpus {k}") for k in range(1, 6)]
    shown = titled(time_section(source(label_counts=rows)), "Labels over time")
    assert [item.title for item in shown] == [f"Labels over time: corpus {k}" for k in (5, 4, 3)]
    assert all("Shown are 3 of 5 corpora." in item.caption for item in shown)


def test_of_many_labels_seven_are_drawn_over_time_and_that_is_told():
    rows = [counts(f"label {k}", 50 - k, 100) for k in range(9)]
    (picture,) = titled(time_section(source(label_counts=rows)), "Labels over time")
    assert "the 7 most frequent of 9 labels" in picture.caption
    assert {row["name"] for row in picture.chart.args[0]} == {f"label {k}" for k in range(7)}


def test_a_mart_that_could_not_be_built_says_why():
    hand = Hand()
    found = Source(
        hand, hand.views - {"mart_change_points"}, unbuilt={"change_points": "No ruptures."}
    )
    (item,) = titled(time_section(found), "Lasting changes")
    assert item.why == "This mart is not built and cannot be built here: No ruptures."


def test_two_labelers_are_never_mixed():
    other = counts("joy", 90, 100, labeler="vllm")
    found = source(label_counts=[counts("joy", 5, 10), other])
    assert set(found.questions) == {
        Question("emotion", "ekman", "student"),
        Question("emotion", "ekman", "vllm"),
    }
    shares = {picture.title: picture.numbers.rows[0][3] for picture in labels_section(found).items}
    assert shares == {"emotion (ekman) by student": 0.5, "emotion (ekman) by vllm": 0.9}


def test_transitions_say_what_follows_more_often_than_usual():
    rows = [
        {**Q, "scope": "speaker", "from_label": a, "to_label": b, "n": n, "from_n": 20, "probability": n / 20,
         "to_share": share, "lift": n / 20 / share}
        for a, b, n, share in (
            ("joy", "joy", 12, 0.5), ("joy", "fear", 8, 0.5), ("fear", "joy", 8, 0.5), ("fear", "fear", 12, 0.5),
        )
    ]  # fmt: skip
    section = influence_section(source(transitions=rows))
    own, reply = titled(section, "From label")[0], titled(section, "From turn to reply")[0]
    # 8 of 20 is 40 %; usual is 50 %: .8 times.
    assert "0.8 times as often as usual (40.0 % against 50.0 %)" in own.reading
    assert "n = 40 pairs" in own.caption
    assert isinstance(reply, Absent)


def test_trajectories_begin_and_end():
    rows = [
        {
            **Q,
            "role": role,
            "bin": k,
            "conversations": 4,
            "turns": 9,
            "valence": v,
            "low": v - 0.1,
            "high": v + 0.1,
        }
        for role in ("all", None)
        for k, v in ((1, -0.25), (10, 0.5))
    ]
    picture = trajectories_section(source(mean_trajectories=rows)).items[0]
    assert picture.reading == "The mean goes from -0.25 in tenth 1 to 0.50 in tenth 10."
    assert "n = 4 conversations" in picture.caption
    assert len(picture.numbers.rows) == 2  # the unknown role is not a role


def test_words_that_do_not_stand_out_are_told_to_be():
    word = {
        **Q,
        "contrast": "label",
        "label": "joy",
        "words": 1,
        "expression": "thanks",
        "n": 9,
        "n_rest": 2,
        "z": 1.0,
    }
    picture = words_section(source(expressions=[word])).items[0]
    assert picture.reading.startswith("None stands out (z below 2); closest: marks of joy: thanks")
    picture = words_section(source(expressions=[{**word, "z": 3.0, "contrast": "hidden"}])).items[0]
    assert (
        picture.reading
        == "Marks of joy, hidden: thanks (the first 9 times there, 2 times elsewhere)."
    )


def test_agreement_names_the_best_and_the_worst():
    question = {"corpus": "pod", "task": "emotion", "taxonomy": "ekman"}
    rows = [
        {
            **question,
            "label": label,
            "records": 40,
            "ratings": 120,
            "agreement": 0.8,
            "alpha": alpha,
        }
        for label, alpha in ((None, 0.5), ("joy", 0.7), ("fear", 0.1), ("anger", None))
    ]
    picture = people_section(source(annotator_disagreement=rows), []).items[0]
    assert (
        picture.reading == "Over all labels alpha is 0.50; highest 0.70 (joy), lowest 0.10 (fear)."
    )


def labeled(record, key, labels, domain="podcast"):
    return {
        **Q,
        "record_id": record,
        "sample_key": key,
        "domain": domain,
        "status": "labeled",
        "labels": labels,
    }


def test_samples_are_those_with_the_lowest_keys_and_never_clinical():
    rows = [labeled(f"r{k}", k, ["joy"]) for k in (9, 1, 5, 7)]
    rows += [
        labeled("c", 0, ["joy"], "clinical"),
        labeled("n", 3, []),
        labeled("u", 2, ["joy"], None),
    ]
    texts = [
        {"record_id": row["record_id"], "sample_key": row["sample_key"], "domain": row["domain"], "outcome": "kept",
         "text_clean": f"text of {row['record_id']}"}
        for row in rows
    ]  # fmt: skip
    # A record that the labels call a podcast's, but the texts clinical: not shown either.
    texts[1]["domain"] = "clinical"
    found = source(label_counts=[counts("joy", 4, 5)], labels=rows, clean=texts)
    (samples,) = samples_section(found).items
    assert isinstance(samples, Samples)
    # Of r1, r5 and r7, the three lowest keys, r1 is clinical by its text.
    assert [(s.label, s.text) for s in samples.rows] == [
        ("(none)", "text of n"), ("joy", "text of r5"), ("joy", "text of r7"),
    ]  # fmt: skip


def test_only_clinical_labels_give_no_sample():
    found = source(
        label_counts=[counts("joy", 1, 1)], labels=[labeled("c", 0, ["joy"], "clinical")]
    )
    (item,) = samples_section(found).items
    assert item.why == "Only clinical corpora are labeled: none of their texts is shown."


def test_languages():
    rows = [{"lang": lang, "outcome": "kept", "corpus": "pod"} for lang in ("en", "en", None, "de")]
    rows.append({"lang": "en", "outcome": "dropped", "corpus": "pod"})
    (picture,) = languages_section(source(clean=rows)).items
    assert isinstance(picture, Picture)
    assert picture.reading == "50.0 % of the records are in en; 2 languages in all."


def test_repetition_is_of_tactics_where_there_are_some_else_of_wording():
    speaker = {
        **Q,
        "conversation_id": "c",
        "role": "host",
        "turns": 3,
        "pairs": 2,
        "wording_repetition": 0.1,
    }
    tactics = [{**speaker, "label_repetition": share} for share in (0.0, 0.5, 1.0)]
    (picture,) = titled(counseling_section(source(tactic_repetition=tactics)), "Repetition")
    # (0 + .5 + 1) / 3 = .5; 1 is in the last of ten bins.
    assert (
        picture.reading
        == "Of the tactics of a turn, 50.0 % come again in the same speaker's next turn: mean over a speaker's "
        "pairs of turns, then over speakers."
    )
    assert [row["n"] for row in picture.chart.args[0]] == [1, 1, 1]
    assert picture.chart.args[0][-1]["low"] == pytest.approx(0.9)
    (picture,) = titled(counseling_section(source(tactic_repetition=[speaker])), "Repetition")
    assert "word trigrams, the speaker has said 10.0 % before" in picture.reading


def test_words_before_are_named_only_if_they_are_said_ten_times():
    word = {**Q, "label": "hostile", "words": 1, "n_rest": 1}
    rows = [
        {**word, "expression": "rare", "n": 9, "z": 8.0},
        {**word, "expression": "often", "n": 10, "z": 3.0},
        {**word, "expression": "third", "n": 40, "z": 2.5},
    ]
    (picture,) = titled(words_section(source(precursor_words=rows)), "Words before")
    assert (
        picture.reading
        == "Before hostile: often and third (the first 10 times there, 1 time elsewhere)."
    )
    assert [row["name"].split(" ")[0] for row in picture.chart.args[0]] == [
        "often",
        "third",
        "rare",
    ]
    (picture,) = titled(words_section(source(precursor_words=rows[:1])), "Words before")
    assert picture.reading.startswith("Before hostile: rare")


def tie(a, b, n_both, npmi, n=100):
    return {
        **Q,
        "label_a": a,
        "label_b": b,
        "n_a": n,
        "n_b": n,
        "n_both": n_both,
        "rows": 1000,
        "npmi": npmi,
    }


def ties_of(*rows):
    return titled(roles_section(source(cooccurrence=rows)), "Labels that go together")[0]


def test_the_tie_that_is_named_is_drawn_and_of_five_rows():
    # 14 labels of 200 rows; the strongest tie of all is between two rare ones, which have no dot.
    frequent = [tie(f"f{k:02}", f"f{k + 1:02}", 20, 0.1, 200) for k in range(13)]
    picture = ties_of(
        tie("x", "y", 50, 0.9),
        tie("f00", "f05", 4, 0.8, 200),
        tie("f02", "f09", 5, 0.3, 200),
        *frequent,
    )
    nodes, edges = picture.chart.args
    assert {node["name"] for node in nodes} == {f"f{k:02}" for k in range(14)}
    assert {"a": "f02", "b": "f09", "weight": 0.3} in edges
    assert picture.reading == "f02 and f09 go together most: in 5 rows, NPMI 0.30."


def test_labels_that_only_avoid_each_other_do_not_go_together():
    picture = ties_of(tie("a", "b", 50, -0.2), tie("a", "c", 4, 0.2))
    assert (
        picture.reading
        == "No two labels meet more often than by chance, with 5 rows or more in common."
    )
    assert "dashed, the pairs that avoid each other most (1)" in picture.caption
    assert "dashed" not in ties_of(tie("a", "b", 50, 0.2)).caption


def follow(a, b, n, from_n, lift, **other):
    row = {
        "scope": "speaker",
        "from_label": a,
        "to_label": b,
        "n": n,
        "from_n": from_n,
        "probability": n / from_n,
    }
    return {**Q, **row, "to_share": 0.1, "lift": lift, **other}


def own_turns(*rows):
    return titled(influence_section(source(transitions=rows)), "From label")[0]


def test_the_transition_that_is_named_is_drawn_and_in_a_row_of_twenty_pairs():
    # Thirteen labels: the least frequent, "rare", is not drawn, whatever its lift.
    rows = [follow(f"f{k:02}", f"f{k:02}", 100, 120, 2.0) for k in range(12)]
    few = follow("f03", "f05", 6, 19, 9.0)  # 19 pairs in its row
    told = own_turns(
        *rows, follow("rare", "f01", 20, 20, 8.0), few, follow("f01", "f02", 6, 20, 3.0)
    )
    assert told.reading.startswith("After f01, the same speaker's next turn is f02 3.0 times")
    assert own_turns(few).why == "No label is followed by one of the frequent ones."
    few = own_turns(follow("a", "b", 9, 19, 3.0), follow("b", "a", 9, 19, 3.0))
    assert few.reading == "Too few pairs to read: no cell has 5 in a row of 20."


def exposure(label, exposed, exposed_with, z):
    rates = {
        "rate_exposed": exposed_with / exposed,
        "rate_unexposed": 0.1,
        "difference": 0.1,
        "pairs": 900,
    }
    roles = {"from_role": "host", "to_role": "guest"}
    return {
        **Q,
        **roles,
        **rates,
        "label": label,
        "exposed": exposed,
        "exposed_with": exposed_with,
        "z": z,
    }


def test_contagion_is_of_thirty_exposed_pairs_and_more():
    few = [exposure("few", 29, 20, 9.0), exposure("hardly", 300, 4, 8.0)]
    found = influence_section(source(contagion=[*few, exposure("enough", 30, 6, 2.0)]))
    (picture,) = titled(found, "Contagion: ")
    # 6 of 30 is 20 %.
    assert picture.reading.startswith(
        "After enough of host, guest has it in 20.0 % of the turns, else in 10.0 %"
    )
    assert len(picture.chart.args[0]) == 1
    (absent,) = titled(influence_section(source(contagion=few)), "Contagion: ")
    assert isinstance(absent, Absent)
    assert "in 30 pairs of turns, 5 times" in absent.why


@pytest.mark.parametrize(
    ("inertias", "told"),
    [
        ([0.1, 0.3, 0.9], "is carried on to the next turn"),  # medians .3, .05, -.1, -.2
        ([0.0, 0.05, 0.9], "says little about"),
        ([-0.5, -0.1, 0.9], "says little about"),
        ([-0.5, -0.2, 0.9], "swings back"),
    ],
)
def test_a_mood_lasts_only_if_the_median_says_so(inertias, told):
    rows = [
        {**Q, "conversation_id": f"c{k}", "pairs": 5, "shifts": 1, "inertia": v}
        for k, v in enumerate(inertias)
    ]
    (picture,) = titled(trajectories_section(source(speaker_dynamics=rows)), "How long")
    assert told in picture.reading


def test_why_roles_are_not_contrasted():
    def why(*rows):
        return titled(roles_section(source(label_counts=rows)), "What sets")[0].why

    assert why(counts("joy", 5, 10, role=None)) == "No row has a role."
    # One role in each of two corpora is one role, too.
    one = (counts("joy", 5, 10), counts("joy", 5, 10, role="guest", corpus="other"))
    assert why(*one) == "Only one role is known, so there is nothing to contrast."


def strategy(phase, what, n):
    return {**Q, "role": "host", "phase": phase, "strategy": what, "n": n, "total": n}


def test_strategies_are_read_from_fifths_of_twenty():
    rows = [strategy(1, "a", 12), strategy(1, "b", 8), strategy(4, "b", 20), strategy(5, "c", 19)]
    (picture,) = titled(counseling_section(source(strategy_preference=rows)), "Strategies")
    # 12 of 20 and 20 of 20; the last fifth has 19 only.
    assert picture.reading == "In fifth 1 a leads (60.0 %), in fifth 4 b (100.0 %)."
    (picture,) = titled(counseling_section(source(strategy_preference=rows[-1:])), "Strategies")
    assert picture.reading == "Too few strategies to read: no fifth has 20."


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        (["open_emotion"], "Answered by free words: no labels to count."),
        (["vad"], "Answered by numbers: no labels to count."),
        (["vad", "open_emotion"], "Answered by free words and numbers: no labels to count."),
        (["one_of_our_own"], "Answered: no labels to count."),
        ([], "No record is labeled."),
    ],
)
def test_answers_without_labels_are_not_called_unlabeled(tasks, told):
    rows = [{**labeled(task, 1, None), "task": task} for task in tasks]
    rows.append({**labeled("r", 2, None), "status": "failed"})
    found = source(labels=rows)
    assert [item.why for item in labels_section(found).items] == [told]
    assert [item.why for item in samples_section(found).items] == [told]
    assert titled(time_section(found), "Labels over time")[0].why == told


def test_strategies_by_phase_are_of_the_role_that_people_rated_else_of_the_one_with_most():
    def of(role, n, **other):
        return {**strategy(1, "a", n), "role": role, **other}

    def shown(*rows):
        return titled(counseling_section(source(strategy_preference=rows)), "Strategies")[0]

    picture = shown(of("client", 30), of("therapist", 20, reference_share=0.5), of(None, 5))
    assert picture.caption.startswith("n = 20 strategies used by therapist. Not shown: client and ")
    assert [row[2] for row in picture.numbers.rows] == [20]
    assert shown(of("client", 30), of("therapist", 20)).caption.startswith(
        "n = 30 strategies used by client."
    )
    assert "Not shown" not in shown(of(None, 30)).caption


def test_a_preference_is_of_the_rated_records_and_says_so():
    of = {**strategy(0, "open", 4), "total": 6, "share": 4 / 6, "reference_share": 0.5}
    hand = Hand()
    hand.fill("mart_strategy_preference", [{**of, "preference": 1.5, "bias": 0.25}])
    entry = "STRUCT(task VARCHAR, taxonomy VARCHAR, labels VARCHAR[])"
    hand.database.execute(f"ALTER TABLE clean ADD COLUMN gold {entry}[]")
    hand.database.execute("ALTER TABLE labels ADD COLUMN role VARCHAR")
    hand.database.execute(
        "CREATE TABLE annotations (record_id VARCHAR, task VARCHAR, taxonomy VARCHAR, labels VARCHAR[])"
    )
    # Of the host's six answers, gold rates r0 (twice) and r1, an annotation r1 again and r2: three. r3 is rated in
    # another taxonomy, r4 was dropped, r5 has no rating; g, of the guest, is not the host's.
    gold = {"task": "emotion", "taxonomy": "ekman", "labels": ["open"]}
    rated = {"r0": [gold, gold], "r1": [gold], "r3": [{**gold, "taxonomy": "other"}], "r4": [gold]}
    for record in ("r0", "r1", "r2", "r3", "r4", "r5", "g"):
        role = "guest" if record == "g" else "host"
        hand.fill("labels", [{**labeled(record, 1, ["open"]), "role": role}])
        outcome = "dropped" if record == "r4" else "kept"
        row = {"record_id": record, "corpus": "pod", "outcome": outcome, "gold": rated.get(record)}
        hand.fill("clean", [row])
    note = {"task": "emotion", "taxonomy": "ekman", "labels": ["open"]}
    hand.fill("annotations", [{"record_id": each, **note} for each in ("r1", "r2", "g")])
    found = Source(hand, hand.views | {"annotations"})
    (picture,) = titled(counseling_section(found), "Preference")
    assert picture.caption.startswith(
        "n = 3 rated records of 6 of host. Preferences are of rated records only, and so is "
        "reference_share; share is of all answers."
    )
    assert picture.reading == (
        "open of host is preferred most: 66.7 % of all answers; of the records that people rated, they say it of "
        "50.0 %. Bias 0.25."
    )


def test_without_roles_every_speaker_is_meant():
    nobody = {"from_role": None, "to_role": None}
    tables = {
        "contagion": [{**exposure("joy", 30, 6, 2.0), **nobody}],
        "valence_contagion": [{**Q, **nobody, "pairs": 40, "correlation": 0.25}],
    }
    items = influence_section(source(**tables)).items
    joy, valence = (item for item in items if item.title.startswith("Contagion"))
    assert joy.reading.startswith("After joy of another speaker, any speaker has it in 20.0 %")
    assert joy.chart.args[0][0]["name"] == "joy: (any speaker)"
    assert valence.reading.startswith("Valence of any speaker goes with that of another speaker")
    assert valence.chart.args[0][0]["name"] == "(any speaker)"
    # One role that is known, and the other is a lack.
    tables["valence_contagion"][0]["to_role"] = "host"
    items = influence_section(source(**tables)).items
    assert items[3].chart.args[0][0]["name"] == "(no role) → host"


def test_white_cells_are_told():
    assert "white: no pair" in own_turns(follow("a", "a", 9, 30, 3.0)).caption


def test_answers_by_numbers_alone_have_curves_and_no_bars_of_nothing():
    vad = {**Q, "task": "vad", "taxonomy": "vad", "conversation_id": "c", "role": "host"}
    rows = [
        {**vad, "speaker": f"s{k}", "turns": 6, "pairs": 5, "mean_valence": 0.1, "inertia": 0.3 * k, "mssd": 0.2}
        for k in (1, 2)
    ]  # fmt: skip
    curve = [
        {
            **Q,
            "task": "vad",
            "taxonomy": "vad",
            "conversation_id": "c",
            "bin": k,
            "bins": 10,
            "turns": 1,
            "smoothed": k / 10,
        }
        for k in range(1, 11)
    ]
    section = trajectories_section(source(speaker_dynamics=rows, trajectories=curve))
    (changes,) = titled(section, "How often speakers change")
    assert changes.why == "No speaker has two turns with a label in a conversation."
    (moods,) = titled(section, "How long a mood lasts")
    assert moods.reading.startswith("The median inertia is 0.45")  # of .3 and .6
    for item in section.items:
        if isinstance(item, Picture):
            assert all(None not in row.values() for row in item.chart.args[0])
