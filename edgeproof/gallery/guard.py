"""Who may talk to the gallery: only a page of this very host, only on loopback.

A web page elsewhere can make a browser send requests to 127.0.0.1, and by DNS rebinding even read
the answers. So the Host must be a loopback name, and what changes something must carry the Origin
of the gallery itself and a body type that no plain HTML form can send.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from cache_keys.errors import Refusal

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


class GalleryRefusal(Refusal):
    """A request to the gallery that does not come from the gallery."""

    @property
    def public_code(self) -> str:
        """Return the code itself: there is no secret to guess here, unlike behind a signature."""
        return self.code


def check_host(request: Request) -> None:
    """Refuse a Host that is not loopback: 421 ``gallery.host``."""
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name.lower() not in LOOPBACK_NAMES:
        raise GalleryRefusal("gallery.host", 421, "The gallery answers on loopback only.")


def check_origin(request: Request) -> None:
    """Refuse a changing request of another page: 403 ``gallery.origin``."""
    own = f"http://{request.headers.get('host', '')}"
    if request.headers.get("origin", "").lower() != own.lower():
        raise GalleryRefusal("gallery.origin", 403, "Only the gallery's own page may do this.")


def check_type(request: Request, *wanted: str) -> None:
    """Refuse a body whose type starts with none of ``wanted``: 415 ``gallery.type``."""
    given = request.headers.get("content-type", "").lower()
    if not given.startswith(wanted):
        raise GalleryRefusal("gallery.type", 415, "The body must be JSON, or a picture.")


def page_headers(preview_origin: str) -> dict[str, str]:
    """Return the headers of every answer: nothing from elsewhere runs, nothing is framed."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        f"connect-src 'self' {preview_origin}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
