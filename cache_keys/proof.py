"""How an edge proves itself to the origin: one header line over method, host, path and time."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from cache_keys import policy
from cache_keys.errors import refusal
from cache_keys.signature import hmac_hex

_PROOF = re.compile(policy.PROOF)
_DUMMY = policy.DUMMY_SECRET.encode()


def proof_mac(secret: bytes, method: str, host: str, path: str, t: int | str) -> str:
    """Return the mac of a proof. secret: 64 hex as ASCII. host: lower-case, with its port."""
    return hmac_hex(secret, f"edgeproof-edge-1\n{method}\n{host}\n{path}\n{t}")


def make_proof(kid: str, secret: bytes, method: str, host: str, path: str, *, now: int) -> str:
    """Return the value of the Edgeproof-Edge header. now: Unix seconds, ten digits."""
    return f"t={now};kid={kid};mac={proof_mac(secret, method, host.lower(), path, now)}"


def check_proof(
    header: bytes, secrets: Mapping[str, bytes], asked: tuple[str, str, str], now: int
) -> None:
    """Verify a proof in constant time. asked: method, Host as sent, path. now: Unix seconds.

    Raises SignatureError 403 "edge.proof" for anything but a fresh proof of a live kid.
    """
    match = _PROOF.fullmatch(header.decode("latin-1"))
    if match is None:
        raise refusal("edge.proof")
    t, kid, mac = match.groups()
    method, host, path = asked
    secret = secrets.get(kid)
    expected = proof_mac(secret or _DUMMY, method, host.lower(), path, t)
    is_equal = hmac.compare_digest(expected, mac)
    if not is_equal or secret is None or abs(now - int(t)) > policy.PROOF_SKEW_S:
        raise refusal("edge.proof")
