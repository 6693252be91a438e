"""Step 5: the tenant key, the signature of a URL, and whether one holds now."""

from __future__ import annotations

import hmac

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.keyring import Ring, RingKey
from cache_keys.request import Claim, Target

_NO_KEY = RingKey(policy.DUMMY_SECRET.encode(), None, None)


def hmac_hex(key: bytes, text: str) -> str:
    """Return HMAC-SHA256 as 64 lower-case hex characters. key: 64 hex characters as ASCII."""
    return hmac.digest(key, text.encode(), "sha256").hex()


def tenant_key(master: bytes, tenant: str, kid: str) -> bytes:
    """Return the key that signs for one tenant, 64 hex as ASCII; it may be given to the tenant."""
    return hmac_hex(master, f"edgeproof-tenant-key-1\n{tenant}\n{kid}").encode()


def signature(key: bytes, target: Target, kid: str, exp: int | str, scope: str = "") -> str:
    """Return ``sig`` for a path, or with scope ``asset`` for every op of its asset.

    key: the tenant key. exp: Unix seconds, ten digits.
    """
    signed = f"{policy.ROOT}{target.tenant}/{target.asset}/" if scope else target.path
    return hmac_hex(key, f"edgeproof-url-1\n{target.tenant}\n{kid}\n{exp}\n{scope}\n{signed}")


def verify(target: Target, claim: Claim, ring: Ring, now: int) -> None:
    """Check a claim against the ring in constant time, then its time. now: Unix seconds.

    Raises SignatureError 403 "sig.bad", 410 "sig.expired", 403 "sig.far".
    """
    entry = ring.get(claim.kid)
    if entry is None or not entry.is_active(target.tenant, now):
        entry = _NO_KEY
    key = tenant_key(entry.master, target.tenant, claim.kid)
    expected = signature(key, target, claim.kid, claim.exp, claim.scope)
    if not hmac.compare_digest(expected, claim.sig) or entry is _NO_KEY:
        raise refusal("sig.bad", "sig")
    exp = int(claim.exp)
    if exp < now - policy.CLOCK_SKEW_S:
        raise refusal("sig.expired", "exp")
    if exp > now + policy.LIFE_MAX_S + policy.CLOCK_SKEW_S:
        raise refusal("sig.far", "exp")
