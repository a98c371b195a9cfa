"""Follow-up likelihood: worked by hand."""

import pytest

from schemas.language_model import LanguageModel
from transforms.label.prompted.question import Mistake
from transforms.synthesize.followed import Following, follow_up

MODEL = LanguageModel(name="m", model="m", revision="1")


def entry(logprob: float) -> dict:
    return {"7": {"logprob": logprob, "rank": 1, "decoded_token": "x"}}


def test_the_mean_of_the_tokens_that_were_added():
    following = Following(MODEL)
    question = following.question(["How are you?", "Fine."])
    before = following.read(question, {"prompt_logprobs": [None, entry(-1.0), entry(-2.0)]})
    whole = following.read(
        question, {"prompt_logprobs": [None, entry(-1.0), entry(-2.0), entry(-0.5), entry(-1.5)]}
    )
    assert before == {"n": 3, "sum": -3.0}
    assert follow_up(before, whole) == pytest.approx(-1.0)
    assert follow_up(before, before) is None


def test_turns_are_of_user_and_assistant():
    body = Following(MODEL).question(["a", "b", "c"]).body
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["add_generation_prompt"] is False


@pytest.mark.parametrize(
    "response", [{}, {"prompt_logprobs": None}, {"prompt_logprobs": [{}]}, [], None]
)
def test_a_server_that_tells_none_is_no_answer(response):
    following = Following(MODEL)
    told = following.read(following.question(["a", "b"]), response)
    assert isinstance(told, Mistake)
