"""Steps 1 to 4: what may be asked at all, before anyone looks at keys or pixels."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cache_keys import policy
from cache_keys.errors import Refusal, refusal

_SHAPE = re.compile(
    f"{policy.ROOT}(?P<tenant>{policy.TENANT})/(?P<asset>{policy.HASH})/(?P<leaf>{policy.LEAF_BYTES})"
)
_PATH_BYTES = re.compile(policy.PATH_BYTES)
_EXP = re.compile(policy.EXP)
_KID = re.compile(policy.KID)
_SIG = re.compile(policy.MAC)
_PORT = re.compile("(.+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Target:
    """A path of the outer shape, exactly as received; query: None when there was no ``?``."""

    path: str
    tenant: str
    asset: str
    leaf: str
    query: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signed query says, each part of the right form and nothing believed yet."""

    exp: str
    kid: str
    sig: str
    scope: str


def check_method(method: str, *, has_body: bool) -> None:
    """Judge step 1; raises GrammarError 405 "http.method", 400 "http.body"."""
    if method not in policy.METHODS:
        raise refusal("http.method")
    if has_body:
        raise refusal("http.body")


def check_host(host: str, hosts: Collection[str]) -> None:
    """Judge step 2: an entry without a port stands for every port; case does not count.

    Raises GrammarError 421 "http.host".
    """
    if host in hosts:
        return
    host = host.lower()
    match = _PORT.fullmatch(host)
    if host not in hosts and (match is None or match[1] not in hosts):
        raise refusal("http.host")


def read_target(target: bytes) -> Target:
    """Judge step 3 on the raw target of the request line.

    Raises GrammarError 400 "url.bytes", 400 "url.shape", 404 "url.unknown".
    """
    if len(target) > policy.TARGET_BYTES_MAX:
        raise refusal("url.bytes")
    path, mark, query = target.decode("latin-1").partition("?")
    match = _SHAPE.fullmatch(path) if len(path) <= policy.PATH_BYTES_MAX else None
    if match is None:
        raise _misshapen(path)
    tenant, asset, leaf = match.groups()
    return Target(path, tenant, asset, leaf, query if mark else None)


def _misshapen(path: str) -> Refusal:
    if len(path) > policy.PATH_BYTES_MAX or not _PATH_BYTES.fullmatch(path):
        return refusal("url.bytes")
    return refusal("url.shape" if path.startswith(policy.ROOT) else "url.unknown")


def read_claim(query: str | None) -> Claim | None:
    """Judge step 4: read the raw names exp, kid, sig and scope; None is an unsigned request.

    Raises GrammarError 400 "sig.repeated", SignatureError 403 "sig.form".
    """
    if not query:
        return None
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in policy.SIGNATURE_NAMES:
            if name in found:
                raise refusal("sig.repeated", name)
            found[name] = value
    if not found:
        return None
    exp, kid, sig = found.get("exp", ""), found.get("kid", ""), found.get("sig", "")
    if not (_EXP.fullmatch(exp) and _KID.fullmatch(kid) and _SIG.fullmatch(sig)):
        raise refusal("sig.form")
    scope = found.get("scope")
    if scope is not None and scope != policy.SCOPE_ASSET:
        raise refusal("sig.form", "scope")
    return Claim(exp, kid, sig, scope or "")
