"""One dirty row: repair, mark-up, redaction and policy, until cleaning the text again changes nothing."""

from dataclasses import dataclass, field

from schemas.config.clean import Policy
from transforms.clean.edits import Edit, Found, Step, apply_edits, way_back
from transforms.clean.markup import HTML, MARKDOWN, quotes
from transforms.clean.pii import redact
from transforms.clean.repair import (
    ampersands,
    entities,
    invisible,
    mojibake,
    normal_form,
    white_space,
)
from transforms.clean.social import hashtags, removal

# Real rows settle in two rounds. The bound is for hostile nesting, so that a row costs linear time.
_MOST_ROUNDS = 8


@dataclass
class Tidied:
    """A clean text, and what was taken from it."""

    text: str
    pii: list[Found] = field(default_factory=list)  # offsets into the text as it came
    urls: int = 0  # removed, not masked
    mentions: int = 0
    hashtags: int = 0  # no longer visible in the text


class Tidier:
    """The steps of one policy.

    They go round until each of them, in turn, has left the text alone: one step can bring to light what
    another must take (an entity inside an entity, an address inside a link).
    """

    def __init__(self, policy: Policy) -> None:
        markdown = (quotes(drop=policy.quotes == "drop"), *MARKDOWN) if policy.markdown else ()
        # White space first: most rows need nothing else, and one round is enough for them.
        self._repairs: tuple[Step, ...] = (
            white_space,
            ampersands,
            entities,
            mojibake,
            invisible,
            normal_form,
            *HTML,
            *markdown,
        )
        self._policies: list[tuple[str, Step]] = []
        if policy.urls == "remove":
            self._policies.append(("urls", removal("[URL]")))
        if policy.mentions == "remove":
            self._policies.append(("mentions", removal("[USER]")))
        if policy.hashtags != "keep":
            self._policies.append(("hashtags", hashtags(policy.hashtags)))

    def tidy(self, raw: str, names: tuple[str, ...] = ()) -> Tidied:
        """The clean text of one row. Pure.

        PII spans are code points of `raw`, sorted: a span found in repaired text is led back through every
        edit made before it.
        """
        row = Tidied(raw)
        history: list[list[Edit]] = []
        for _ in range(_MOST_ROUNDS):
            before = len(history)
            first = True
            for step in self._repairs:
                edits = step(row.text)
                if edits:
                    row.text = apply_edits(row.text, edits)
                    history.append(edits)
                    before += first  # what the first step changes, the others have seen
                first = False
            edits, found = redact(row.text, names)
            if found:
                spans = [(start, end) for _, start, end in found]
                for past in reversed(history):
                    spans = way_back(past, spans)
                row.pii += [(kind, *span) for (kind, _, _), span in zip(found, spans, strict=True)]
                row.text = apply_edits(row.text, edits)
                history.append(edits)
            for name, policy_step in self._policies:
                edits = policy_step(row.text)
                if edits:
                    setattr(row, name, getattr(row, name) + len(edits))
                    row.text = apply_edits(row.text, edits)
                    history.append(edits)
            if len(history) == before:
                break
        row.pii = _apart(row.pii)
        return row


def _apart(found: list[Found]) -> list[Found]:
    """Spans in order. One found in a later round may hold one of an earlier round: it stands for both."""
    apart: list[Found] = []
    for item in sorted(found, key=lambda item: (item[1], -item[2])):
        if not apart or item[1] >= apart[-1][2]:
            apart.append(item)
        elif item[2] - item[1] > apart[-1][2] - apart[-1][1]:
            apart[-1] = item
    return apart
