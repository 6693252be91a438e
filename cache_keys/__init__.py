"""The URL grammar as pure functions: read, judge, canonicalise, sign, verify, name and tag.

Values in, values out: no I/O, no clock, no settings. ``vectors/*.json`` is its contract.
"""

from __future__ import annotations

from cache_keys.asking import Admitted, Asked, Gate, Request, admit, ask, authorize
from cache_keys.errors import (
    DesignError,
    GrammarError,
    Refusal,
    SignatureError,
    SigningError,
    refusal,
)
from cache_keys.ids import asset_id, content_hasher, content_of, derivative_key, design_id
from cache_keys.keyring import Ring, RingError, RingKey, parse_edge_secrets, parse_ring
from cache_keys.lane import Lane, lane_of_path
from cache_keys.proof import make_proof
from cache_keys.request import Target, read_target
from cache_keys.signature import tenant_key
from cache_keys.signer import rounded_exp, sign, signing_kid
from cache_keys.tags import tags_of
from cache_keys.transform import Transform

__all__ = [
    "Admitted",
    "Asked",
    "DesignError",
    "Gate",
    "GrammarError",
    "Lane",
    "Refusal",
    "Request",
    "Ring",
    "RingError",
    "RingKey",
    "SignatureError",
    "SigningError",
    "Target",
    "Transform",
    "admit",
    "ask",
    "asset_id",
    "authorize",
    "content_hasher",
    "content_of",
    "derivative_key",
    "design_id",
    "lane_of_path",
    "make_proof",
    "parse_edge_secrets",
    "parse_ring",
    "read_target",
    "refusal",
    "rounded_exp",
    "sign",
    "signing_kid",
    "tags_of",
    "tenant_key",
]
