"""What an answer carries, on success and on failure, to an authenticated edge and to anyone else.

Sources: RFC 9110 (HTTP), 9111 and 9213 (caching), 9457 (problem details), 9530 (digests).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

Headers = list[tuple[bytes, bytes]]

MEDIA_TYPES = {
    "avif": b"image/avif",
    "webp": b"image/webp",
    "jpg": b"image/jpeg",
    "png": b"image/png",
    "json": b"application/json",
}
#: A browser may show what an edge gave it for a minute without asking that edge again.
EDGE_BROWSER_CONTROL = b"public, max-age=60"
#: An edge keeps a picture for a year; a day of grace while it asks again, seven while we are down.
EDGE_CONTROL = b"max-age=31536000, stale-while-revalidate=86400, stale-if-error=604800"
#: The longest that a browser keeps what a signed URL gave it, in seconds.
SIGNED_MAX_AGE_S = 86_400

NO_STORE = (b"cache-control", b"no-store")
#: On every answer: nothing here is to be sniffed, framed, scripted or kept from other origins.
SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
    (b"timing-allow-origin", b"*"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
]
EXPOSED = (
    b"access-control-expose-headers",
    b"Server-Timing, ETag, Content-Length, Edgeproof-Key, Edgeproof-Generation",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole in memory. ``log`` is what the request's log line adds."""

    status: int
    headers: Headers
    body: bytes = field(repr=False, default=b"")


def etag(digest: str) -> bytes:
    """Return the strong validator of these bytes: their BLAKE3 digest (hex) in quotes."""
    return b'"' + digest.encode() + b'"'


def repr_digest(sha256_hex: str) -> bytes:
    """Return the Repr-Digest value, RFC 9530 section 3."""
    return b"sha-256=:" + base64.b64encode(bytes.fromhex(sha256_hex)) + b":"


def edge_headers(tags: tuple[str, ...]) -> Headers:
    """Return the caching fields and the tags that only an authenticated edge is told."""
    spaced = " ".join(tags).encode()
    return [
        (b"cache-control", EDGE_BROWSER_CONTROL),
        (b"cdn-cache-control", EDGE_CONTROL),
        (b"surrogate-control", EDGE_CONTROL),
        (b"surrogate-key", spaced),
        (b"cache-tag", ",".join(tags).encode()),
        (b"xkey", spaced),
    ]


def browser_headers(*, max_age_s: int, is_signed: bool, is_negotiated: bool) -> Headers:
    """Return the caching fields for anyone else; Vary only where Accept chose the format."""
    scope = b"private" if is_signed else b"public"
    control = b"%s, max-age=%d, immutable" % (scope, max_age_s)
    headers: Headers = [(b"cache-control", control)]
    if is_negotiated:
        headers.append((b"vary", b"Accept"))
    return headers


def signed_max_age_s(exp_s: int, now_s: int) -> int:
    """Return how long a browser may keep a signed answer: until it expires, a day at most."""
    return max(0, min(SIGNED_MAX_AGE_S, exp_s - now_s))


def problem(
    status: int,
    code: str,
    public: str,
    *,
    field: str | None = None,
    retry_after_s: int | None = None,
    edge: tuple[int, tuple[str, ...]] | None = None,
) -> Answer:
    """Return an RFC 9457 answer. ``edge``: (seconds that the asking edge may keep it, tags).

    A 405 lists the methods of previews; another listener replaces its Allow.
    """
    document: dict[str, object] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": public,
    }
    if field is not None:
        document["field"] = field
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers: Headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        NO_STORE,
        *SAFE,
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    if status == METHOD_NOT_ALLOWED:
        headers.append((b"allow", b"GET, HEAD"))
    if edge is not None and edge[0] > 0:
        seconds, tags = edge
        control = b"max-age=%d" % seconds
        headers += [(b"cdn-cache-control", control), (b"surrogate-control", control)]
        headers += edge_headers(tags)[3:]
    return Answer(status, headers, body)


METHOD_NOT_ALLOWED = 405
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
