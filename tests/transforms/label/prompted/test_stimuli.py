"""Every stimulus that a labeler file can name is there, with its source."""

from typing import get_args

from schemas.language_model import Variant
from transforms.label.prompted.stimuli import stimuli, stimulus


def test_all_that_a_labeler_file_can_name() -> None:
    named = set(get_args(Variant.model_fields["stimulus"].annotation))
    assert {"none", *stimuli()} == named
    assert stimulus("none") == ""
    texts = [stimulus(name) for name in stimuli()]
    assert len(set(texts)) == len(texts)
    assert all(20 < len(text) < 300 and "\n" not in text for text in texts)
    assert all("arXiv:" in one.source for one in stimuli().values())
