"""RFC 9110, sections 13 and 14, over bytes in memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from origin.flow.conditional import conditional
from origin.headers import Answer

TAG = b'"abc"'
BODY = bytes(range(100))
FULL = Answer(200, [(b"content-type", b"image/webp"), (b"content-length", b"100")], BODY)


def ask(method: str = "GET", /, **fields: bytes) -> Answer:
    asked = {name.replace("_", "-").encode(): value for name, value in fields.items()}
    return conditional(FULL, TAG, method=method, asked=asked)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({}, 200, id="nothing asked"),
        pytest.param({"if_none_match": b'"abc"'}, 304, id="the tag itself"),
        pytest.param({"if_none_match": b'W/"abc"'}, 304, id="weak comparison"),
        pytest.param({"if_none_match": b'"x" , "abc"'}, 304, id="in a list"),
        pytest.param({"if_none_match": b"*"}, 304, id="any"),
        pytest.param({"if_none_match": b'"x"'}, 200, id="another tag"),
        pytest.param({"if_none_match": b'"x"', "range": b"bytes=0-1"}, 200, id="a miss is whole"),
        pytest.param({"if_match": b'"abc"'}, 200, id="the tag is there"),
        pytest.param({"if_match": b'W/"abc"'}, 412, id="weak tags never match strongly"),
        pytest.param({"if_match": b'"x"', "if_none_match": b"*"}, 412, id="if-match is first"),
        pytest.param({"range": b"bytes=0-9"}, 206, id="first ten"),
        pytest.param({"range": b"BYTES=0-9"}, 206, id="the unit has no case"),
        pytest.param({"range": b"bytes=0-9", "if_range": b'"abc"'}, 206, id="still the same"),
        pytest.param({"range": b"bytes=0-9", "if_range": b'"x"'}, 200, id="changed since"),
        pytest.param({"range": b"bytes=100-"}, 416, id="past the end"),
        pytest.param({"range": b"bytes=-0"}, 416, id="the last nothing"),
        pytest.param({"range": b"bytes=9-1"}, 200, id="backwards is ignored"),
        pytest.param({"range": b"bytes=0-1,3-4"}, 200, id="several are the whole"),
        pytest.param({"range": b"pages=0-1"}, 200, id="another unit"),
        pytest.param({"range": b"bytes=-"}, 200, id="no number"),
    ],
)
def test_status(fields: dict[str, bytes], status: int) -> None:
    assert ask("GET", **fields).status == status


def test_a_range_of_a_head_request_is_ignored() -> None:
    assert ask("HEAD", range=b"bytes=0-1").status == 200


def test_an_unsatisfiable_range_names_the_length() -> None:
    assert (b"content-range", b"bytes */100") in ask(range=b"bytes=200-").headers


@given(st.integers(0, 120), st.integers(0, 120))
def test_a_range_is_the_slice_that_it_names(first: int, last: int) -> None:
    answer = ask(range=b"bytes=%d-%d" % (first, last))
    if first >= len(BODY) and last >= first:
        assert answer.status == 416
    elif last < first:
        assert answer.status == 200
    else:
        assert answer.body == BODY[first : last + 1]
        length = str(len(answer.body)).encode()
        assert [value for name, value in answer.headers if name == b"content-length"] == [length]


@given(st.integers(1, 200))
def test_a_suffix_range_is_the_end(count: int) -> None:
    assert ask(range=b"bytes=-%d" % count).body == BODY[-count:]


@given(st.binary(max_size=30))
def test_no_range_field_is_an_error_of_ours(value: bytes) -> None:
    assert ask(range=value).status in (200, 206, 416)
