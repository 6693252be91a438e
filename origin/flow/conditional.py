"""Conditional requests and single ranges over bytes in memory (RFC 9110, 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from origin.headers import Answer, Headers

_SINGLE_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


def conditional(full: Answer, tag: bytes, *, method: str, asked: Mapping[bytes, bytes]) -> Answer:
    """Return 304, 412, 206, 416 or the full answer, as the request's fields ask.

    ``tag`` is the strong ETag of ``full``; ``asked`` maps lower-case field names to values.
    The order is RFC 9110 section 13.2.2. There is no Last-Modified, so dates are ignored.
    """
    if_match = asked.get(b"if-match")
    if if_match is not None and not _matches(if_match, tag, weak=False):
        return Answer(412, _without_body(full.headers))
    if_none_match = asked.get(b"if-none-match")
    if if_none_match is not None:
        if _matches(if_none_match, tag, weak=True):
            return Answer(304, _not_modified(full.headers))
        return full
    wanted = asked.get(b"range")
    if wanted is None or method != "GET":
        return full
    if_range = asked.get(b"if-range")
    if if_range is not None and if_range.strip() != tag:
        return full
    return _ranged(full, wanted)


def _matches(field: bytes, tag: bytes, *, weak: bool) -> bool:
    if field.strip() == b"*":
        return True
    for candidate in field.split(b","):
        value = candidate.strip()
        if value == tag or (weak and value == b"W/" + tag):
            return True
    return False


def _ranged(full: Answer, wanted: bytes) -> Answer:
    match = _SINGLE_RANGE.fullmatch(wanted.strip())
    if match is None:  # several ranges, another unit or nonsense: the whole
        return full
    first, last = match.groups()
    if not first and not last:
        return full
    length = len(full.body)
    if first:
        start = int(first)
        stop = min(int(last) + 1, length) if last else length
        if last and int(last) < start:
            return full
    else:
        start, stop = max(0, length - int(last)), length
    if start >= length or start >= stop:
        headers = _without_body(full.headers)
        return Answer(416, [*headers, (b"content-range", b"bytes */%d" % length)])
    body = full.body[start:stop]
    headers = [pair for pair in full.headers if pair[0] != b"content-length"]
    headers += [
        (b"content-length", str(len(body)).encode()),
        (b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, length)),
    ]
    return Answer(206, headers, body)


def _not_modified(headers: Headers) -> Headers:
    dropped = {b"content-length", b"content-type", b"repr-digest"}
    return [pair for pair in headers if pair[0] not in dropped]


def _without_body(headers: Headers) -> Headers:
    dropped = {b"content-length", b"content-type", b"cache-control", b"cdn-cache-control"}
    dropped |= {b"surrogate-control"}
    kept = [pair for pair in headers if pair[0] not in dropped]
    return [*kept, (b"content-length", b"0"), (b"cache-control", b"no-store")]
