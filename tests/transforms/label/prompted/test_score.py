"""Scores: the codes' probabilities, renormalized; nothing is read that is not all there."""

from math import log

import pytest

from transforms.label.prompted.codes import Codes
from transforms.label.prompted.question import Mistake
from transforms.label.prompted.score import endings, read_scores, score_body

from .made import task, taxonomy

YES_NO = Codes(("yes", "no"), ((1, 2), (3,)))
LETTERS = Codes(("A", "B"), ((1,), (2,)))
DIGITS = Codes(tuple("012"), ((1,), (2,), (3,)))
SEVERAL = taxonomy("joy", "fear")
ONE = taxonomy("joy", "fear", exclusive=True)


def choice(index: int, **p: float):
    """A choice in which the token `t7` has the probability `p["t7"]`."""
    entries = [
        {"token": f"token_id:{t[1:]}", "logprob": log(v) if v else -9999.0} for t, v in p.items()
    ]
    return {"index": index, "logprobs": {"content": [{"token": "x", "top_logprobs": entries}]}}


def test_several_labels_each_yes_against_no():
    # By hand: joy (.3 + .1) / (.3 + .1 + .4) = .5, of a mass of .8; fear .06 / .24 = .25, of .24.
    response = {
        "choices": [choice(0, t1=0.3, t2=0.1, t3=0.4, t9=0.2), choice(1, t1=0.05, t2=0.01, t3=0.18)]
    }
    told = read_scores(task(), SEVERAL, ["joy", "fear"], YES_NO, response)
    assert told == {"mass": 0.52, "p": {"joy": 0.5, "fear": 0.25}}


def test_choices_are_told_by_their_index_not_by_their_place():
    response = {"choices": [choice(1, t1=0.1, t2=0.1, t3=0.2), choice(0, t1=0.8, t2=0.1, t3=0.1)]}
    told = read_scores(task(), SEVERAL, ["fear", "joy"], YES_NO, response)
    assert told["p"] == {"fear": 0.9, "joy": 0.5}  # the labels as they were asked about


def test_one_label_of_several_in_the_order_in_which_they_were_shown():
    told = read_scores(
        task(), ONE, ["fear", "joy"], LETTERS, {"choices": [choice(0, t1=0.6, t2=0.2)]}
    )
    assert told == {"mass": 0.8, "p": {"fear": 0.75, "joy": 0.25}}


@pytest.mark.parametrize("answer", ["ordinals", "scalars"])
def test_levels(answer):
    response = {"choices": [choice(0, t1=0.1, t2=0.1, t3=0.2), choice(1, t1=0.5, t2=0.0, t3=0.5)]}
    told = read_scores(task(answer), SEVERAL, ["joy", "fear"], DIGITS, response)
    assert told == {"mass": 0.7, "levels": {"joy": [0.25, 0.25, 0.5], "fear": [0.5, 0.0, 0.5]}}


FULL = choice(0, t1=0.3, t2=0.1, t3=0.4)
TEXT_TOKEN = {
    "index": 1,
    "logprobs": {"content": [{"top_logprobs": [{"token": "yes", "logprob": -1}]}]},
}
ODD_TOKEN = {"index": 1, "logprobs": {"content": [{"top_logprobs": [{"token": 1, "logprob": -1}]}]}}


@pytest.mark.parametrize(
    "choices",
    [
        [FULL],
        [FULL, FULL],
        [FULL, choice(2, t1=0.3, t2=0.1, t3=0.4)],
        [FULL, choice(1, t1=0.3, t2=0.1, t3=0.4), choice(2, t1=0.3, t2=0.1, t3=0.4)],
        [FULL, choice(1, t1=0.3, t3=0.4)],
        [FULL, choice(1, t1=0.0, t2=0.0, t3=0.0)],
        [FULL, choice(1, t1=float("inf"), t2=0.1, t3=0.4)],
        [FULL, {"index": 1, "logprobs": None}],
        [FULL, {"index": 1, "logprobs": {"content": []}}],
        [FULL, {"logprobs": FULL["logprobs"]}],
        [FULL, TEXT_TOKEN],
        [FULL, ODD_TOKEN],
        [FULL, None],
        None,
        "choices",
    ],
)
def test_what_is_not_all_there_is_no_answer(choices):
    told = read_scores(task(), SEVERAL, ["joy", "fear"], YES_NO, {"choices": choices})
    assert told == Mistake("invalid_answer", None)


def test_a_body_asks_for_one_token_with_all_codes():
    body = score_body([[{"role": "user", "content": "x"}]], YES_NO)
    assert body["max_tokens"] == 1
    assert body["temperature"] == 0.0
    assert body["logprob_token_ids"] == [1, 2, 3]
    assert body["return_tokens_as_token_ids"] is True


def test_endings():
    assert endings(task(), SEVERAL, ["fear", "joy"], YES_NO) == [
        "Label: fear\nDoes this label hold? Answer yes or no.",
        "Label: joy\nDoes this label hold? Answer yes or no.",
    ]
    assert endings(task(), ONE, ["fear", "joy"], LETTERS) == [
        "A = fear\nB = joy\nAnswer with one letter."
    ]
    assert endings(task("ordinals"), SEVERAL, ["joy"], DIGITS) == [
        "Name: joy\nAnswer with one digit, from 0 (least) to 2 (most)."
    ]
