from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.read.quotes import quoted_records

FRAGMENTS = [b'"', b'"', b'"', b'""', b",", b",", b"\n", b"\n", b"a", b"\r\n", b'","', b'"\n"']
tables = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(b"".join)
BIG = 1 << 20


def reference(data: bytes) -> tuple[list[int], list[int]]:
    """(ends of records, ends of bad ones), character by character."""
    ends, bad, begin = [], [], 0
    while begin < len(data):
        state, end, at = "start", None, begin
        while at < len(data):
            byte = data[at : at + 1]
            if state == "in":
                after = data[at + 1 : at + 2]
                if byte == b'"' and after == b'"':
                    at += 1
                elif byte == b'"' and after in (b",", b"\n", b"\r", b""):
                    state = "out"
                elif byte == b'"':
                    break
            elif byte == b"\n":
                end = at + 1
                break
            elif state == "start" and byte == b'"':
                state = "in"
            else:
                state = "start" if byte == b"," else "out"
            at += 1
        if end is None and state == "in":  # never closed, or text after a closing quote
            end = data.find(b"\n", begin) + 1 or len(data)
            bad.append(end)
        begin = len(data) if end is None else end
        ends.append(begin)
    return ends, bad


@settings(deadline=None, max_examples=400)
@given(tables)
def test_same_as_character_by_character(data: bytes) -> None:
    found = quoted_records(data, 44, 34, BIG, final=True)
    assert (found.ends.tolist(), found.ends[found.bad].tolist()) == reference(data)


@settings(deadline=None, max_examples=200)
@given(tables, st.integers(0, 60))
def test_what_is_sure_stays(data: bytes, size: int) -> None:
    whole = quoted_records(data, 44, 34, BIG, final=True)
    part = quoted_records(data[:size], 44, 34, BIG, final=False)
    assert part.ends.tolist() == whole.ends.tolist()[: len(part.ends)]
    assert part.bad.tolist() == whole.bad.tolist()[: len(part.ends)]


def test_a_stray_quote_costs_one_line() -> None:
    data = b'a,b\n"oops,1\n' + b"x,2\n" * 1000 + b'"y",3\n'
    found = quoted_records(data, 44, 34, BIG, final=True)
    assert len(found.ends) == 1003
    assert found.bad.tolist() == [False, True, *[False] * 1001]


def test_a_quote_must_close_within_record_bytes() -> None:
    data = b'a,b\n"oops,1\n' + b"x,2\n" * 1000 + b'y",3\n' + b"z,4\n" * 3
    found = quoted_records(data, 44, 34, 100, final=True)
    assert len(found.ends) == 1006
    assert found.bad.sum() == 1
