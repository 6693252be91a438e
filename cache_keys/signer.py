"""Make signed URLs: choose the key, round the time, write the query."""

from __future__ import annotations

import re

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.keyring import Ring
from cache_keys.request import Target
from cache_keys.signature import signature, tenant_key

_EXP = re.compile(policy.EXP)


def rounded_exp(now: int, life_s: int, bucket_s: int = policy.BUCKET_S) -> int:
    """Return the time of expiry in Unix seconds: now + life, rounded up to the bucket.

    life_s: 1 to 8 days less one bucket, so that what is signed is never too far. bucket_s: 1 to
    8 days. Raises SigningError 422 "sign.life", "sign.time" (not ten digits).
    """
    assert 1 <= bucket_s < policy.LIFE_MAX_S, "a bucket is 1 second to less than 8 days"
    if not 1 <= life_s <= policy.LIFE_MAX_S - bucket_s:
        raise refusal("sign.life", "life")
    exp = -(-(now + life_s) // bucket_s) * bucket_s
    if not _EXP.fullmatch(str(exp)):
        raise refusal("sign.time", "exp")
    return exp


def signing_kid(ring: Ring, tenant: str, now: int) -> str:
    """Return the last kid of the ring that signs for a tenant now.

    Raises SigningError 422 "sign.kid" when there is none.
    """
    for kid in reversed(list(ring)):
        if ring[kid].is_active(tenant, now):
            return kid
    raise refusal("sign.kid", "kid")


def sign(target: Target, ring: Ring, kid: str, exp: int, *, now: int, scope: str = "") -> str:
    """Return the signed target: path and query. scope: nothing, or ``asset``.

    Raises SigningError 422 "sign.kid" when that key does not sign for the tenant now.
    """
    assert scope in {"", policy.SCOPE_ASSET}, "a scope is nothing or asset"
    entry = ring.get(kid)
    if entry is None or not entry.is_active(target.tenant, now):
        raise refusal("sign.kid", "kid")
    sig = signature(tenant_key(entry.master, target.tenant, kid), target, kid, exp, scope)
    query = f"exp={exp}&kid={kid}&sig={sig}"
    return f"{target.path}?{query}&scope={scope}" if scope else f"{target.path}?{query}"
