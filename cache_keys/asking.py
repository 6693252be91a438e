"""The two calls of a server: may this be asked (steps 1 to 5), and what is asked (6 to 10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cache_keys import policy
from cache_keys.accept import choose_format
from cache_keys.canonical import canonical_box, canonical_transform, leaf_text
from cache_keys.errors import Refusal, refusal
from cache_keys.keyring import Ring
from cache_keys.lane import Lane, lane_of
from cache_keys.leaf import Ops, read_leaf
from cache_keys.proof import check_proof
from cache_keys.request import Claim, Target, check_host, check_method, read_claim, read_target
from cache_keys.signature import verify
from cache_keys.transform import Transform


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire, undecoded.

    host: the Host header as sent, "" without one. target: of the request line. proof: the value of
    Edgeproof-Edge, None without one, several lines joined with ",". has_body: Content-Length above
    0, or Transfer-Encoding.
    """

    method: str
    host: str
    target: bytes
    has_body: bool = False
    proof: bytes | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may ask. hosts: lower-case, None takes any. edge_secrets: from parse_edge_secrets()."""

    ring: Ring = field(repr=False)
    public_tenants: Collection[str]
    hosts: Collection[str] | None = None
    edge_secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be answered. exp: Unix seconds, None for unsigned and edges."""

    target: Target
    is_edge: bool
    exp: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. transform: None is info.json. negotiated: the URL said auto."""

    tenant: str
    asset: str
    canonical_path: str
    transform: Transform | None
    lane: Lane
    negotiated: bool

    @property
    def leaf(self) -> str:
        """Return the last segment of the canonical path: ops.ext or info.json."""
        return self.canonical_path.rpartition("/")[2]


def admit(request: Request, gate: Gate, now: int) -> Admitted:
    """Judge steps 1 to 5, for a client or for an edge that proves itself. now: Unix seconds.

    Raises the first failure: GrammarError 405 "http.method", 400 "http.body", 421 "http.host", 400
    "url.bytes", 400 "url.shape", 404 "url.unknown"; SignatureError 403 "edge.proof", GrammarError
    400 "key.not_canonical" (an edge that sends a query); GrammarError 400 "sig.repeated",
    SignatureError 403 "sig.form", "sig.missing", "sig.bad", "sig.far", 410 "sig.expired".
    """
    check_method(request.method, has_body=request.has_body)
    if gate.hosts is not None:
        check_host(request.host, gate.hosts)
    target = read_target(request.target)
    if request.proof is None:
        claim = authorize(target, gate, now)
        return Admitted(target, is_edge=False, exp=int(claim.exp) if claim else None)
    asked = (request.method, request.host, target.path)
    check_proof(request.proof, gate.edge_secrets, asked, now)
    if target.query is not None:
        raise refusal("key.not_canonical", "query")
    return Admitted(target, is_edge=True, exp=None)


def authorize(target: Target, gate: Gate, now: int) -> Claim | None:
    """Judge steps 4 and 5 for a client; None is an unsigned request to a public tenant.

    Raises as admit() does for the same steps.
    """
    claim = read_claim(target.query)
    if claim is not None:
        verify(target, claim, gate.ring, now)
    elif target.tenant not in gate.public_tenants:
        raise refusal("sig.missing")
    return claim


def ask(target: Target, accept: Sequence[bytes], *, is_edge: bool = False) -> Asked:
    """Judge steps 6 to 10. accept: the Accept lines as received.

    is_edge: an authenticated edge asks, which must send what is canonical already.
    Raises GrammarError 400 "key.…", 404 "preset.unknown" (t_edge).
    """
    if target.leaf == policy.INFO:
        return _asked(target, target.path, None, is_negotiated=False)
    return _ask_edge(target) if is_edge else _ask(target, accept)


def _ask(target: Target, accept: Sequence[bytes]) -> Asked:
    ops, ext = read_leaf(target.leaf)
    preset = ops.get("t")
    if preset is not None and preset[0] == policy.EDGE_PRESET:
        raise refusal("preset.unknown", "t")
    return _canonical(target, ops, ext, accept)


def _ask_edge(target: Target) -> Asked:
    try:
        ops, ext = read_leaf(target.leaf)
        asked = _canonical(target, ops, ext, ())
    except Refusal as refused:
        raise refusal("key.not_canonical", refused.field) from refused
    if asked.canonical_path != target.path:
        raise refusal("key.not_canonical")
    preset = ops.get("t")
    if preset is not None and preset[0] == policy.EDGE_PRESET and preset[1] != policy.EDGE_VERSION:
        raise refusal("preset.unknown", "t")
    return asked


def _canonical(target: Target, ops: Ops, ext: str, accept: Sequence[bytes]) -> Asked:
    box = canonical_box(ops)
    is_negotiated = ext == policy.AUTO
    if is_negotiated:
        ext = choose_format(accept, *box)
    transform = canonical_transform(ops, box, ext)
    path = f"{policy.ROOT}{target.tenant}/{target.asset}/{leaf_text(transform)}"
    return _asked(target, path, transform, is_negotiated=is_negotiated)


def _asked(target: Target, path: str, transform: Transform | None, *, is_negotiated: bool) -> Asked:
    return Asked(target.tenant, target.asset, path, transform, lane_of(transform), is_negotiated)
