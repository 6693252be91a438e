"""Writes the folder of one Varnish: hosts and public tenants, and apart from them the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cache_keys.keyring import Ring
from edge.build import HEADER
from edge.deployment import Deployment
from edge.varnish_text import NOW, chain, quoted, sub, unless

SOURCES = Path(__file__).parent / "varnish"
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
    one is a shield; none: it is no shield. purge: the purge manager's secret.
    """

    ring: Ring = field(repr=False)
    own: tuple[str, str] = field(repr=False)
    purge: str = field(repr=False)
    edges: Mapping[str, str] = field(default_factory=dict, repr=False)


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
        conditions = [f'var.get("kid") == "{kid}"']
        if entry.tenants is not None:
            names = "|".join(sorted(entry.tenants)) or "(?!)"
            conditions.append(f'var.get("tenant") ~ "^(?:{names})$"')
        if entry.retired_at_s is not None:
            conditions.append(f"{NOW} < {entry.retired_at_s}")
        master = entry.master.decode()
        ring.append(f'{" && ".join(conditions)}) {{ var.set("master", "{master}"); }}')
    edges = [
        f'var.get("kid") == "{kid}") {{ var.set("master", "{secret}"); }}'
        for kid, secret in secrets.edges.items()
    ]
    outer = "\n".join(f"    unset beresp.http.{name};" for name in INNER_FIELDS)
    own_kid, own_secret = secrets.own
    is_shield = "nothing: this is a shield" if edges else None
    return "# Secrets. Readable by Varnish alone; never committed.\n\n" + "\n".join(
        (
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
