"""Writes the folder of one Varnish: hosts and public tenants, and apart from them the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cache_keys.keyring import Ring, RingKey
from cache_keys.signature import tenant_key
from edge.build import HEADER
from edge.deployment import Deployment
from edge.varnish_text import NOW, chain, quoted, sub, unless

SOURCES = Path(__file__).parent / "varnish"
#: Known tenants whose keys are written out: a thousand would take varnishd many seconds to compile.
TENANT_KEYS_MAX = 200
#: The same in every deployment.
SAME = ("edgeproof.vcl", "cache.vcl", "policy.generated.vcl")
#: What stays between edge and shield. xkey needs its tags on the object, so they go later.
INNER_FIELDS = (
    "CDN-Cache-Control",
    "Surrogate-Control",
    "Surrogate-Key",
    "Cache-Tag",
    "Server-Timing",
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an edge must know and nobody may read. All secrets: 64 lower-case hex characters.

    own: kid and secret of this edge's proofs. edges: kid to secret of the edges behind which this
    one is a shield; none: it is no shield. purge: the purge manager's secret. tenants: whose keys
    are written out, beside those that the ring names; of others they are derived at each request.
    """

    ring: Ring = field(repr=False)
    own: tuple[str, str] = field(repr=False)
    purge: str = field(repr=False)
    edges: Mapping[str, str] = field(default_factory=dict, repr=False)
    tenants: frozenset[str] = frozenset()


def varnish_files(deployment: Deployment) -> dict[str, str]:
    """Return the VCL of one deployment, name to text: all but site.vcl and secrets.vcl."""
    same = {name: source_text(name) for name in SAME}
    return same | {"deployment.vcl": deployment_vcl(deployment)}


def source_text(name: str) -> str:
    """Return a file of edge/varnish."""
    return (SOURCES / name).read_text("utf-8")


def deployment_vcl(deployment: Deployment) -> str:
    """Return the include of one deployment's public values: its hosts and public tenants."""
    hosts = "|".join(quoted(host) for host in deployment.hosts) or "(?!)"
    tenants = [
        f'var.get("tenant") == "{tenant}") {{ var.set("max_age", "{max_age_s}"); }}'
        for tenant, max_age_s in sorted(deployment.public_tenants.items())
    ]
    return f"# {HEADER}\n\n" + "\n".join(
        (
            sub(
                "host",
                unless("req.http.Host", f"(?i)^(?:{hosts})(?::[0-9]{{1,5}})?$", "http.host"),
            ),
            sub("public", chain(tenants, "nothing: all tenants are private")),
        )
    )


def secrets_vcl(secrets: Secrets) -> str:
    """Return the include that holds the keys; it is written outside of any repository."""
    ring = []
    for kid, entry in secrets.ring.items():
        tenants = ""
        if entry.tenants is not None:
            names = "|".join(sorted(entry.tenants)) or "(?!)"
            tenants = f' && var.get("tenant") ~ "^(?:{names})$"'
        master = entry.master.decode()
        ring.append(f'{_active(kid, entry, tenants)}) {{ var.set("master", "{master}"); }}')
    edges = [
        f'var.get("kid") == "{kid}") {{ var.set("master", "{secret}"); }}'
        for kid, secret in secrets.edges.items()
    ]
    outer = "\n".join(f"    unset beresp.http.{name};" for name in INNER_FIELDS)
    own_kid, own_secret = secrets.own
    is_shield = "nothing: this is a shield" if edges else None
    return "# Secrets. Readable by Varnish alone; never committed.\n\n" + "\n".join(
        (
            sub("tenant_key", _search(_tenant_keys(secrets))),
            sub("ring", chain(ring, "nothing: an empty ring opens nothing")),
            sub(
                "shield",
                f"    # {is_shield}" if is_shield else "    unset req.http.Edgeproof-Edge;",
            ),
            sub("outer", "    # nothing: edges are told" if edges else outer),
            sub("edges", chain(edges, "nothing: no edge is believed")),
            sub("own", f'    var.set("kid", "{own_kid}");\n    var.set("secret", "{own_secret}");'),
            sub("purge_secret", f'    var.set("secret", "{secrets.purge}");'),
        )
    )


def _active(kid: str, entry: RingKey, tenants: str = "") -> str:
    """Return the condition that a kid is asked for, by some tenants, and not retired yet."""
    until = "" if entry.retired_at_s is None else f" && {NOW} < {entry.retired_at_s}.0"
    return f'var.get("kid") == "{kid}"{tenants}{until}'


def _tenant_keys(secrets: Secrets) -> list[tuple[str, str]]:
    """Return known tenants in order, each with the statements that set the key of an active kid."""
    named = (entry.tenants or frozenset() for entry in secrets.ring.values())
    known = secrets.tenants.union(*named)
    keys = []
    for tenant in sorted(known)[:TENANT_KEYS_MAX]:
        rows = []
        for kid, entry in secrets.ring.items():
            if entry.tenants is not None and tenant not in entry.tenants:
                continue
            key = tenant_key(entry.master, tenant, kid).decode()
            rows.append(f'{_active(kid, entry)}) {{ var.set("key", "{key}"); }}')
        keys.append((tenant, chain(rows, "no kid is this tenant's")))
    return keys


def _search(keys: list[tuple[str, str]]) -> str:
    """Return the statements that find a tenant's among sorted ones, by halves."""
    if not keys:
        return "    # nothing: all keys are derived"
    if len(keys) == 1:
        tenant, statements = keys[0]
        return f'    if (var.get("tenant") == "{tenant}") {{\n{statements}\n    }}'
    middle = len(keys) // 2
    less, more = _search(keys[:middle]), _search(keys[middle:])
    above = f'var.get("tenant") < "{keys[middle][0]}"'
    return f"    if ({above}) {{\n{less}\n    }} else {{\n{more}\n    }}"
