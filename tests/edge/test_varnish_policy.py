"""What is written for Varnish: current, without parts for tests, and never from a strange host."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from cache_keys import parse_ring
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets, deployment_vcl, generated, secrets_vcl
from edge.varnish_text import at_most
from tests.conftest import ROOT, missing
from tests.edge.varnish import SOURCES, site_vcl, write_conf

SECRETS = Secrets(
    parse_ring(
        b'{"k1": {"master": "%s", "tenants": ["acme", "bees"], "retired": "2026-11-01T00:00:00Z"},'
        b' "k2": {"master": "%s", "tenants": [], "retired": null}}' % (b"a" * 64, b"b" * 64)
    ),
    own=("e1", "c" * 64),
    purge="d" * 64,
)


def test_the_policy_in_the_repository_is_what_would_be_written_now() -> None:
    for path, text in generated().items():
        assert (ROOT / path).read_text() == text, "run: edgeproof edge build"


@pytest.mark.parametrize("limit", [1, 9, 10, 64, 100, 999, 1024, 2560, 100_000])
def test_at_most_takes_each_number_up_to_the_limit_and_no_other(limit: int) -> None:
    pattern = re.compile(at_most(limit))
    for number in {*range(3000), limit - 1, limit, limit + 1, 10 * limit, 2 * limit}:
        assert bool(pattern.fullmatch(str(number))) == (1 <= number <= limit), number
    assert not pattern.fullmatch("01")


def test_a_ring_entry_opens_its_tenants_until_it_is_retired() -> None:
    text = secrets_vcl(SECRETS)
    assert 'var.get("kid") == "k1" && var.get("tenant") ~ "^(?:acme|bees)$"' in text
    assert 'var.get_real("now") < 1793491200.0' in text
    assert '"^(?:(?!))$"' in text, "an empty list of tenants opens nothing"


def test_secrets_are_not_shown_by_accident() -> None:
    assert "c" * 64 not in repr(SECRETS)
    assert "d" * 64 not in repr(SECRETS)


@pytest.mark.parametrize("host", ['a"; }', "a b", "a|b", "", "A.example"])
def test_what_is_no_host_is_never_written_into_vcl(host: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        deployment_vcl(Deployment((host,), {}))


def test_the_production_vcl_has_no_part_that_is_for_tests() -> None:
    for source in SOURCES.glob("*.vcl"):
        assert not re.search("x-test|debug", source.read_text(), re.IGNORECASE), source


@pytest.mark.parametrize("edges", [{}, {"e1": "e" * 64, "e2": "f" * 64}], ids=["edge", "shield"])
@pytest.mark.parametrize("hosts", [(), ("img.example", "[::1]:8080")], ids=["no host", "two hosts"])
def test_every_kind_of_deployment_compiles(
    edges: dict[str, str], hosts: tuple[str, ...], tmp_path: Path
) -> None:
    what = find_missing()
    if what is not None:
        missing(what)
    secrets = Secrets(SECRETS.ring if edges else {}, SECRETS.own, SECRETS.purge, edges)
    main = write_conf(
        tmp_path,
        site=site_vcl(9, host="img.example"),
        deployment=Deployment(hosts, {"catalogue": 60} if edges else {}),
        secrets=secrets,
    )
    ran = subprocess.run(
        ["varnishd", "-j", "none", "-C", "-f", str(main), "-n", str(tmp_path / "n")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
