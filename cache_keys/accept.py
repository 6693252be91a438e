"""Step 9: which format ``.auto`` becomes, from the Accept header alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from cache_keys import policy

_Q = re.compile(policy.ACCEPT_Q.encode())
_Q_ZERO = re.compile(policy.ACCEPT_Q_ZERO.encode())
_AVIF, _WEBP = b"image/avif", b"image/webp"


def choose_format(accept: Sequence[bytes], w: int | None, h: int | None) -> str:
    """Return avif, webp or jpg for a canonical box in px and the Accept lines as received."""
    line = accept[0] if len(accept) == 1 else b",".join(accept)
    if len(line) > policy.ACCEPT_BYTES_MAX:
        return "jpg"
    has_avif, has_webp = named_formats(line)
    if has_avif and (w or 0) <= policy.AUTO_AVIF_SIDE and (h or 0) <= policy.AUTO_AVIF_SIDE:
        return "avif"
    return "webp" if has_webp else "jpg"


@lru_cache(maxsize=1024)  # browsers send few different lines; at most 1 MB is kept
def named_formats(accept: bytes) -> tuple[bool, bool]:
    """Return whether an Accept line names AVIF, and whether it names WebP.

    A format is named by an element that is exactly it with q above 0, unless another element
    gives it q 0. Wildcards name nothing, q-values are not ordered, a broken q voids its element.
    """
    wanted: set[bytes] = set()
    unwanted: set[bytes] = set()
    for element in accept.translate(None, b" \t").lower().split(b","):
        name, *parameters = element.split(b";")
        q = _first_q(parameters)
        if name in (_AVIF, _WEBP) and _Q.fullmatch(q):
            (unwanted if _Q_ZERO.fullmatch(q) else wanted).add(name)
    named = wanted - unwanted
    return _AVIF in named, _WEBP in named


def _first_q(parameters: list[bytes]) -> bytes:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name == b"q":
            return value
    return b"1"
