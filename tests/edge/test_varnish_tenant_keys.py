"""Keys of known tenants are written out, all others derived: the answers are the same."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache_keys import parse_ring
from cache_keys.request import read_target
from cache_keys.signature import signature, tenant_key
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_deployment import TENANT_KEYS_MAX, Secrets, secrets_vcl
from tests.conftest import missing
from tests.edge.varnish import Backend, Varnish, site_vcl, varnishd, write_conf

K1, K2, K3 = "1a" * 32, "2b" * 32, "3c" * 32
RING = json.dumps(
    {
        "k1": {"master": K1, "tenants": "all", "retired": None},
        "k2": {"master": K2, "tenants": ["acme", "named"], "retired": None},
        "k3": {"master": K3, "tenants": "all", "retired": "2020-01-01T00:00:00Z"},
    }
).encode()
#: In the order of bytes: 0 before -, - before letters, and one name that begins with another.
KNOWN = ("0-9", "a", "a-b", "acme", "acme2", "bees", "m", "zz-9")
UNKNOWN = ("0", "a-", "aa", "acme-2", "n", "zz")
PATH = f"/v1/{{}}/{'a' * 52}/w_640.jpg"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Varnish]:
    what = find_missing()
    if what is not None:
        missing(what)
    backend = Backend()
    secrets = Secrets(parse_ring(RING), ("e1", "5e" * 32), "ab" * 32, tenants=frozenset(KNOWN))
    main = write_conf(
        tmp_path_factory.mktemp("tenants"),
        site=site_vcl(backend.port, host="origin.example"),
        deployment=Deployment(("127.0.0.1",), {}),
        secrets=secrets,
    )
    try:
        with varnishd(main) as running:
            yield running
    finally:
        backend.stop()


def asked(edge: Varnish, tenant: str, kid: str, master: str, *, signed_for: str = "") -> int:
    """Return the status for a tenant's path, signed with the key of another if so asked."""
    path, exp = PATH.format(tenant), int(time.time()) + 86_400
    key = tenant_key(master.encode(), signed_for or tenant, kid)
    sig = signature(key, read_target(path.encode()), kid, exp)
    return edge.ask(f"{path}?exp={exp}&kid={kid}&sig={sig}", host="127.0.0.1").status


@pytest.mark.parametrize("tenant", [*KNOWN, *UNKNOWN, "named"])
def test_each_tenants_own_key_opens_its_pictures_known_or_not(edge: Varnish, tenant: str) -> None:
    assert asked(edge, tenant, "k1", K1) == 200


@pytest.mark.parametrize(("tenant", "other"), [("acme", "acme2"), ("a", "a-b"), ("m", "n")])
def test_a_neighbours_key_opens_nothing(edge: Varnish, tenant: str, other: str) -> None:
    assert asked(edge, tenant, "k1", K1, signed_for=other) == 403
    assert asked(edge, other, "k1", K1, signed_for=tenant) == 403


def test_a_kid_opens_only_the_tenants_that_it_names(edge: Varnish) -> None:
    assert asked(edge, "acme", "k2", K2) == 200
    assert asked(edge, "named", "k2", K2) == 200, "named by the ring alone"
    assert asked(edge, "bees", "k2", K2) == 403
    assert asked(edge, "aa", "k2", K2) == 403


@pytest.mark.parametrize("tenant", ["acme", "aa"])
def test_a_retired_kid_and_an_absent_one_open_nothing(edge: Varnish, tenant: str) -> None:
    assert asked(edge, tenant, "k3", K3) == 403
    assert asked(edge, tenant, "k9", "0" * 64) == 403
    assert asked(edge, tenant, "k9", K1) == 403


def test_only_so_many_keys_are_written_out() -> None:
    many = frozenset(f"shop-{number}" for number in range(TENANT_KEYS_MAX + 50))
    ring = parse_ring(b'{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % K1.encode())
    text = secrets_vcl(Secrets(ring, ("e1", "5e" * 32), "ab" * 32, tenants=many))
    assert text.count('var.set("key"') == TENANT_KEYS_MAX


def test_the_vcl_of_the_most_keys_compiles_and_finds_the_last(tmp_path: Path) -> None:
    what = find_missing()
    if what is not None:
        missing(what)
    names = sorted(f"shop-{number}" for number in range(TENANT_KEYS_MAX))
    secrets = Secrets(parse_ring(RING), ("e1", "5e" * 32), "ab" * 32, tenants=frozenset(names))
    backend = Backend()
    main = write_conf(
        tmp_path,
        site=site_vcl(backend.port, host="origin.example"),
        deployment=Deployment(("127.0.0.1",), {}),
        secrets=secrets,
    )
    try:
        with varnishd(main) as running:
            for name in (names[0], names[99], names[-1]):
                assert asked(running, name, "k1", K1) == 200
    finally:
        backend.stop()
