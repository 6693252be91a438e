"""Dress what was found or made as an HTTP answer, for an authenticated edge or for anyone else."""

from __future__ import annotations

from cache_keys.errors import Refusal
from origin.errors import OriginError
from origin.flow.authorize import Permitted, PreviewRequest
from origin.flow.conditional import conditional
from origin.flow.look_up import HotPicture
from origin.flow.trace import Trace
from origin.headers import (
    EXPOSED,
    MEDIA_TYPES,
    SAFE,
    Answer,
    Headers,
    browser_headers,
    edge_headers,
    etag,
    problem,
    repr_digest,
    signed_max_age_s,
)

FORBIDDEN = 403
NOT_FOUND = 404
#: How long an edge may keep that something is not there, in seconds.
UNKNOWN_S = 10


class Responder:
    """Answers with the fields of their asker. exposes_details: also browsers see times and keys."""

    def __init__(self, *, exposes_details: bool) -> None:
        self._exposes_details = exposes_details

    def picture(
        self,
        picture: HotPicture,
        request: PreviewRequest,
        permitted: Permitted,
        trace: Trace,
        now_s: int,
    ) -> Answer:
        """Return 200, 206, 304, 412 or 416 for a picture or an info.json."""
        derivative = picture.derivative
        tag = etag(derivative.digest)
        headers: Headers = [
            (b"content-type", MEDIA_TYPES[permitted.asked.leaf.rpartition(".")[2]]),
            (b"content-length", str(len(derivative.content)).encode()),
            (b"etag", tag),
            (b"repr-digest", repr_digest(derivative.sha256)),
            (b"accept-ranges", b"bytes"),
            (b"edgeproof-generation", str(derivative.generation).encode()),
            *SAFE,
        ]
        headers += _caching(picture, permitted, now_s)
        if permitted.is_edge or self._exposes_details:
            headers.append((b"server-timing", trace.server_timing()))
        if self._exposes_details:
            headers += [EXPOSED, (b"edgeproof-key", picture.key.encode())]
        full = Answer(200, headers, derivative.content)
        return conditional(full, tag, method=request.wire.method, asked=request.fields)


def _caching(picture: HotPicture, permitted: Permitted, now_s: int) -> Headers:
    if permitted.is_edge:
        return edge_headers(picture.tags)
    is_signed = permitted.exp_s is not None
    if permitted.exp_s is not None:
        max_age_s = signed_max_age_s(permitted.exp_s, now_s)
    else:
        max_age_s = picture.tenant.browser_max_age_s
    return browser_headers(
        max_age_s=max_age_s, is_signed=is_signed, is_negotiated=permitted.asked.negotiated
    )


def refusal(error: Refusal | OriginError, *, is_edge: bool, tags: tuple[str, ...]) -> Answer:
    """Return the problem document of an error. All 403 of the public listener look the same."""
    edge_s = error.kind.edge_cache_s if isinstance(error, OriginError) else 0
    if isinstance(error, Refusal) and error.status == NOT_FOUND:
        edge_s = UNKNOWN_S
    return problem(
        error.status,
        error.code if isinstance(error, OriginError) else error.public_code,
        error.public,
        field=None if error.status == FORBIDDEN else error.field,
        retry_after_s=error.kind.retry_after_s if isinstance(error, OriginError) else None,
        edge=(edge_s, tags) if is_edge else None,
    )


def plain_refusal(error: Refusal | OriginError) -> Answer:
    """Return an error of the private API, where the caller is known and may be told the code."""
    retry_after_s = error.kind.retry_after_s if isinstance(error, OriginError) else None
    return problem(
        error.status, error.code, error.public, field=error.field, retry_after_s=retry_after_s
    )
