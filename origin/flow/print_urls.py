"""Download links of print files: short-lived, signed by a ring of their own.

A link is ``/print/v1/{tenant}/{print id}/{name}?exp&kid&sig``. Key and text have other beginnings
than those of previews (docs/urls.md), so that no preview key and no preview signature opens a print
or the other way round, even if someone put the same secret into both rings.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.ids import is_hash
from cache_keys.keyring import Ring, RingKey
from cache_keys.signature import hmac_hex
from cache_keys.signer import signing_kid
from origin.errors import NotFound

ROOT: Final = "/print/v1/"
LIFE_S_MAX: Final = 86_400
"""A link that someone passes on works for a day at most."""
NAMES: Final = {
    "application/pdf": "print.pdf",
    "image/jpeg": "print.jpg",
    "image/tiff": "print.tif",
}
_CLAIM: Final = re.compile(f"exp=({policy.EXP})&kid=({policy.KID})&sig=([0-9a-f]{{64}})", re.ASCII)
_TENANT: Final = re.compile(policy.TENANT)
_NO_KEY: Final = RingKey(policy.DUMMY_SECRET.encode(), None, None)


@dataclass(frozen=True, slots=True)
class PrintPath:
    """What a link opens: ``name`` is print.pdf, recipe.json and the like."""

    tenant: str
    print_id: str
    name: str

    def __str__(self) -> str:
        """Return the path."""
        return f"{ROOT}{self.tenant}/{self.print_id}/{self.name}"


def sign_print(path: PrintPath, ring: Ring, *, now_s: int, life_s: int) -> str:
    """Return the signed target. life_s: 1..86400.

    Raises SigningError 422 "sign.kid" when no key signs for the tenant, "sign.life".
    """
    if not 1 <= life_s <= LIFE_S_MAX:
        raise refusal("sign.life", "life")
    kid = signing_kid(ring, path.tenant, now_s)
    exp = str(now_s + life_s)
    sig = _signature(ring[kid].master, path, kid, exp)
    return f"{path}?exp={exp}&kid={kid}&sig={sig}"


def open_print(path: str, query: str, ring: Ring, *, now_s: int) -> PrintPath:
    """Return what a link opens.

    Raises NotFound "api.unknown" for another path, SignatureError 403 "sig.form", "sig.bad",
    "sig.far", 410 "sig.expired".
    """
    asked = _read(path)
    claim = _CLAIM.fullmatch(query)
    if claim is None:
        raise refusal("sig.form", "sig")
    exp, kid, sig = claim.groups()
    entry = ring.get(kid)
    if entry is None or not entry.is_active(asked.tenant, now_s):
        entry = _NO_KEY
    expected = _signature(entry.master, asked, kid, exp)
    if not hmac.compare_digest(expected, sig) or entry is _NO_KEY:
        raise refusal("sig.bad", "sig")
    if int(exp) < now_s:
        raise refusal("sig.expired", "exp")
    if int(exp) > now_s + LIFE_S_MAX + policy.CLOCK_SKEW_S:
        raise refusal("sig.far", "exp")
    return asked


def _read(path: str) -> PrintPath:
    parts = path.removeprefix(ROOT).split("/") if path.startswith(ROOT) else []
    if len(parts) != 3 or not _TENANT.fullmatch(parts[0]) or not is_hash(parts[1]):
        raise NotFound("api.unknown")
    return PrintPath(*parts)


def _signature(master: bytes, path: PrintPath, kid: str, exp: str) -> str:
    key = hmac_hex(master, f"edgeproof-print-key-1\n{path.tenant}\n{kid}").encode()
    return hmac_hex(key, f"edgeproof-print-url-1\n{path.tenant}\n{kid}\n{exp}\n{path}")
