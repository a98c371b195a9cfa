from math import log, sqrt

import pytest

from tests.transforms.sql.marts.texts import run_text_mart

QUESTION = {"corpus": "c", "task": "emotion", "taxonomy": "ekman", "labeler": "student"}


def rows_of(*said, **question):
    """Base tables from (text, labels, bucket)."""
    answers = [
        QUESTION | {"record_id": f"r{i}", "labels": labels, "bucket": bucket} | question
        for i, (_, labels, bucket) in enumerate(said)
    ]
    texts = [
        {"record_id": f"r{i}", "text": text, "lang": "en"} for i, (text, _, _) in enumerate(said)
    ]
    return {"answers": answers, "texts": texts}


def expressions(tables, setup="", **changed):
    told = {"min_records": 2, "min_speakers": 1, "prior_words": 10, "top": 50} | changed
    return run_text_mart("expressions", tables, setup, **told)


def found(rows, **asked):
    return {
        row["expression"]: row
        for row in rows
        if all(row[key] == value for key, value in asked.items())
    }


def z_of(y, total, r, total_rest, a, all_prior):
    """Monroe, Colaresi, Quinn, equations 15 to 22, written out anew."""
    odds = (y + a) / (total + all_prior - y - a)
    others = (r + a) / (total_rest + all_prior - r - a)
    delta = log(odds) - log(others)
    return delta, delta / sqrt(1 / (y + a) + 1 / (r + a))


SAID = (
    ("so angry now", ["anger"], 0),
    ("so ANGRY, so angry", ["anger"], 1),
    ("angry dogs", ["anger", "fear"], 2),
    ("so happy now", ["joy"], 3),
    ("happy dogs now", ["joy"], 4),
    ("so so happy", ["joy"], 0),
    ("scary dogs", ["fear"], 1),
    ("nothing", [], 2),
    ("now", [], 3),
)


def test_worked_by_hand():
    # Words of the corpus, those said once left out (scary, nothing):
    #   so      r0 1, r1 2, r3 1, r5 2                   = 6
    #   angry   r0 1, r1 2, r2 1                         = 4
    #   now     r0, r3, r4, r8                           = 4
    #   dogs    r2, r4, r6                               = 3
    #   happy   r3, r4, r5                               = 3; all together 20
    # Pairs: so angry r0 1, r1 2 = 3; so happy r3, r5 = 2; all others once: all together 5.
    rows = expressions(rows_of(*SAID))
    anger = found(rows, label="anger", words=1)
    # anger: so 3, angry 4, now 1, dogs 1 = 9 words; the rest 20 - 9 = 11.
    row = anger["angry"]
    assert (row["n"], row["n_rest"], row["total"], row["total_rest"]) == (4, 0, 9, 11)
    assert (row["records"], row["speakers"]) == (3, 3)
    # a = 10 * 4 / 20 = 2, A = 10: odds (4 + 2) / (9 + 10 - 6) = 6 / 13, others (0 + 2) / (11 + 10 - 2) = 2 / 19
    assert row["log_odds"] == pytest.approx(log(6 / 13 * 19 / 2))
    assert row["z"] == pytest.approx(log(6 / 13 * 19 / 2) / sqrt(1 / 6 + 1 / 2))
    # so: a = 3: (3 + 3) / (19 - 6) = 6 / 13 against (3 + 3) / (21 - 6) = 6 / 15; in r0 and r1
    assert anger["so"]["log_odds"] == pytest.approx(log(15 / 13))
    assert anger["so"]["z"] == pytest.approx(log(15 / 13) / sqrt(1 / 6 + 1 / 6))
    assert (anger["so"]["records"], anger["so"]["speakers"]) == (2, 2)
    # now and dogs are in one record with anger each, fewer than two.
    assert set(anger) == {"angry", "so"}
    pairs = found(rows, label="anger", words=2)
    # so angry: y = 3 of 3, r = 0 of 2 (so happy), a = 10 * 3 / 5 = 6: 9 / (13 - 9) against 6 / (12 - 6)
    assert set(pairs) == {"so angry"}
    assert pairs["so angry"]["log_odds"] == pytest.approx(log(9 / 4))
    assert pairs["so angry"]["z"] == pytest.approx(log(9 / 4) / sqrt(1 / 9 + 1 / 6))
    assert pairs["so angry"]["records"] == 2
    # joy: so 3, happy 3, now 2, dogs 1 = 9, rest 11. now 2 and 2: a = 2: 4 / 15 against 4 / 17.
    joy = found(rows, label="joy", words=1)
    assert joy["now"]["log_odds"] == pytest.approx(log(17 / 15))
    assert (joy["now"]["n"], joy["now"]["n_rest"]) == (2, 2)
    happy = joy["happy"]
    assert (happy["log_odds"], happy["z"]) == pytest.approx(z_of(3, 9, 0, 11, 10 * 3 / 20, 10))
    # fear: dogs 2 of (angry 1 + dogs 2) against 1 of 17; a row with two labels counts for both.
    fear = found(rows, label="fear")
    assert set(fear) == {"dogs"}
    assert (fear["dogs"]["total"], fear["dogs"]["total_rest"]) == (3, 17)
    assert {row["contrast"] for row in rows} == {"label"}
    # The strongest only.
    assert set(found(expressions(rows_of(*SAID), top=1), label="anger", words=1)) == {"angry"}


def test_few_speakers_are_not_shown():
    one = [(text, labels, 7) for text, labels, _ in SAID]
    assert expressions(rows_of(*one), min_speakers=2) == []
    assert expressions(rows_of(*one), min_speakers=1) != []
    # 64 classes, 63 too: bits of a signed number.
    two = [(text, labels, 63 if i % 2 else 62) for i, (text, labels, _) in enumerate(SAID)]
    rows = expressions(rows_of(*two), min_speakers=2)
    assert found(rows, label="anger")["angry"]["speakers"] == 2


def test_one_label_has_nothing_to_compare_with():
    assert expressions(rows_of(*((text, ["joy"], bucket) for text, _, bucket in SAID))) == []


def test_no_rows():
    assert expressions({}) == []
    assert expressions({"answers": rows_of(*SAID)["answers"]}) == []
    assert expressions({"texts": rows_of(*SAID)["texts"]}) == []


def test_corpora_and_labelers_are_kept_apart():
    alone = expressions(rows_of(*SAID))
    both = rows_of(*SAID)
    other = [row | {"labeler": "vllm", "labels": ["joy"]} for row in both["answers"]]
    third = rows_of(*((text[::-1], labels, 1) for text, labels, _ in SAID), corpus="d")
    for rows in third.values():
        for row in rows:
            row["record_id"] = "d" + row["record_id"]
    tables = {
        "answers": both["answers"] + other + third["answers"],
        "texts": both["texts"] + third["texts"],
    }
    rows = expressions(tables)
    kept = [row for row in rows if row["corpus"] == "c"]
    key = lambda row: (row["label"], row["words"], row["expression"])  # noqa: E731
    assert sorted(kept, key=key) == sorted(alone, key=key)
    assert {row["corpus"] for row in rows} == {"c", "d"}


def test_words_of_texts():
    texts = (
        "It’s [USER] naïve, it's [URL] ÉTÉ — мир Привет [laughs] नमस्ते",
        "it's NAÏVE été мир привет नमस्ते I_am b4",
    )
    said = [(text, ["joy"], i) for i, text in enumerate(texts)] + [
        ("was there", [], 4),
        ("was there", [], 5),
    ]
    rows = expressions(rows_of(*said))
    words = found(rows, words=1)
    # Placeholders, digits, underscores and dashes are no words; the curly apostrophe is a straight one.
    assert {word: row["n"] for word, row in words.items()} == {
        "it's": 3, "naïve": 2, "été": 2, "мир": 2, "привет": 2, "नमस्ते": 2,
    }  # fmt: skip
    assert words["it's"]["records"] == 2
    # Placeholders part: it's [USER] naïve is no pair, nor привет [laughs] नमस्ते; `été — мир` is one.
    assert set(found(rows, words=2)) == {"été мир", "мир привет"}


@pytest.mark.parametrize(
    ("lang", "shown"), [("de", True), (None, True), ("zh-Hant", False), ("ja", False)]
)
def test_languages_without_spaces(lang, shown):
    tables = rows_of(*SAID)
    for row in tables["texts"]:
        row["lang"] = lang
    assert bool(expressions(tables)) == shown


def test_hidden_anger():
    # The reader's labels less the writer's; r3's reader feels what the writer shows, r5's writer is not known.
    told = (
        ("no offense but no", ["anger"], "joy"),
        ("no offense at all", ["anger", "joy"], "joy"),
        ("offense", ["anger"], "anger"),
        ("offense at that", ["anger"], "anger"),
        ("all good", ["joy"], "joy"),
        ("offense no", ["anger"], None),
    )
    tables = rows_of(
        *((text, labels, i) for i, (text, labels, _) in enumerate(told)), task="reader_emotion"
    )
    values = ", ".join(
        f"('r{i}', 'ekman', 'student', 'labeled', {labels}, "
        f"{{'writer': {'NULL' if writer is None else repr(writer)}, 'strength': 1}})"
        for i, (_, labels, writer) in enumerate(told)
    )
    rows = expressions(tables, f"INSERT INTO labels_reader_emotion VALUES {values};")
    hidden = found(rows, contrast="hidden")
    # Words twice or more: no 4, offense 5, at 2, all 2 = 13 times. Hidden anger is in r0 and r1: no 3, offense 2, at 1,
    # all 1 = 7; the rest (r2, r3, r4): offense 2, at 1, all 1 = 4. r5 is neither.
    assert set(hidden) == {"no", "no offense"}
    row = hidden["no"]
    assert (row["label"], row["n"], row["n_rest"], row["total"], row["total_rest"]) == (
        "anger",
        3,
        0,
        7,
        4,
    )
    assert (row["log_odds"], row["z"]) == pytest.approx(z_of(3, 7, 0, 4, 10 * 3 / 11, 10))


def test_very_long_text():
    said = (("so " * 2500, ["joy"], 1), ("so well", ["joy"], 2), ("well well", [], 3))
    rows = expressions(rows_of(*said), min_records=1)
    assert found(rows, words=1)["so"]["n"] == 2001
    assert found(rows, words=1)["so"]["records"] == 2
