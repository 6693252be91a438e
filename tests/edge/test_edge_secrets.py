"""`edge build --deployment` and `edge secrets`: a folder that Varnish and wrangler read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cache_keys import parse_ring
from edge.local_varnish import find_missing
from edgeproof.commands import edge, keys
from edgeproof.console import CommandFailed, ExitCode
from tests.conftest import missing

EDGE, OTHER, PURGE = "1a" * 32, "2b" * 32, "3c" * 32
WRITTEN = ("varnish/secrets.vcl", "secrets.json")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a deployment; settings and key ring are those of a shop."""
    monkeypatch.setenv("EDGEPROOF_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EDGEPROOF_HOSTS", "img.shop.example")
    monkeypatch.setenv("EDGEPROOF_EDGE_SECRETS", json.dumps({"e2": EDGE, "e1": OTHER}))
    monkeypatch.setenv("EDGEPROOF_PURGE_SECRET", PURGE)
    assert CliRunner().invoke(keys.app, ["new"]).exit_code == 0
    return tmp_path / "shop"


def run(*arguments: str | Path) -> None:
    asked = CliRunner().invoke(edge.app, [str(argument) for argument in arguments])
    if asked.exception is not None:
        raise asked.exception


def test_the_two_commands_make_a_folder_that_varnish_compiles(shop: Path) -> None:
    what = find_missing()
    if what is not None:
        missing(what)
    run("build", "--deployment", shop)
    run("secrets", shop)
    ran = subprocess.run(
        ["varnishd", "-j", "none", "-C", "-f", shop / "varnish/edgeproof.vcl", "-n", shop / "n"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_secrets_are_those_of_the_settings_and_only_their_owner_reads_them(shop: Path) -> None:
    for _ in range(2):  # the second time over the first
        run("secrets", shop)
        assert [(shop / name).stat().st_mode & 0o777 for name in WRITTEN] == [0o600, 0o600]
    master = next(iter(parse_ring((shop.parent / "data/keys/ring.json").read_bytes()).values()))
    vcl, worker = ((shop / name).read_text() for name in WRITTEN)
    for text in (vcl, worker):
        assert master.master.decode() in text
        assert EDGE in text
        assert OTHER not in text, "the first secret proves this edge; it needs no other"
    assert PURGE in vcl
    assert PURGE not in worker
    assert "nothing: no edge is believed" in vcl


def test_a_workers_secrets_are_what_its_settings_read(shop: Path) -> None:
    """As JSON: of a file of variables, wrangler takes the shell's ring, which is a path."""
    run("secrets", shop)
    told = json.loads((shop / "secrets.json").read_text())
    ring = (shop.parent / "data/keys/ring.json").read_bytes()
    assert parse_ring(told["EDGEPROOF_KEY_RING"].encode()) == parse_ring(ring)
    assert json.loads(told["EDGEPROOF_EDGE_SECRETS"]) == {"e2": EDGE}
    assert len(told) == 2


def test_a_deployment_holds_no_secret_and_keeps_the_site_that_was_edited(shop: Path) -> None:
    run("build", "--deployment", shop)
    site = shop / "varnish" / "site.vcl"
    site.write_text("# edited\n")
    run("build", "--deployment", shop)
    assert site.read_text() == "# edited\n"
    files = [path for path in shop.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"edgeproof.vcl", "cache.vcl", "deployment.vcl"}
    assert not [path for path in files if EDGE in path.read_text() or PURGE in path.read_text()]


def test_a_shield_is_told_the_edges_that_it_believes(shop: Path, tmp_path: Path) -> None:
    edges = tmp_path / "edges.json"
    edges.write_text(json.dumps({"f1": "4d" * 32}))
    run("secrets", shop, "--shield-for", edges)
    assert f'"f1") {{ var.set("master", "{"4d" * 32}"); }}' in (shop / WRITTEN[0]).read_text()
    edges.write_text('{"f1": "short"}')
    with pytest.raises(CommandFailed):
        run("secrets", shop, "--shield-for", edges)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("EDGEPROOF_PURGE_SECRET", "", "EDGEPROOF_PURGE_SECRET"),
        ("EDGEPROOF_PURGE_SECRET", "3C" * 32, "64 lower-case hex"),
        ("EDGEPROOF_EDGE_SECRETS", "{}", "EDGEPROOF_EDGE_SECRETS"),
    ],
    ids=["an empty purge secret", "a purge secret in capitals", "no edge secret"],
)
def test_a_missing_or_wrong_secret_is_named_and_nothing_is_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandFailed, match=words) as failed:
        run("secrets", shop)
    assert failed.value.exit_code == ExitCode.USAGE
    assert len(value) < 64 or value not in str(failed.value)
    assert not shop.exists()
