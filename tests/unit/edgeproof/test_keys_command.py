"""``edgeproof keys``: the ring file is whole, private and never shown by itself."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cache_keys import parse_ring, tenant_key
from edgeproof.commands.keys import app
from edgeproof.console import CommandFailed
from edgeproof.ring_edit import add_key, edited_ring


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "ring.json"
    monkeypatch.setenv("EDGEPROOF_KEY_RING", str(path))
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def master_of(ring: Path, kid: str) -> str:
    master: str = json.loads(ring.read_bytes())[kid]["master"]
    return master


def test_a_new_ring_is_made_for_its_owner_alone(ring: Path) -> None:
    assert run("new") == "k1  active  all\n"
    assert ring.stat().st_mode & 0o777 == 0o600
    assert ring.parent.stat().st_mode & 0o777 == 0o700
    assert list(parse_ring(ring.read_bytes())) == ["k1"]
    assert [each.name for each in ring.parent.iterdir()] == ["ring.json"]


def test_keys_are_numbered_on_and_masters_differ(ring: Path) -> None:
    run("new")
    run("new", "--tenants", "acme, bees")
    run("new", "--kid", "summer9")
    run("new")
    keys = parse_ring(ring.read_bytes())
    assert list(keys) == ["k1", "k2", "summer9", "k3"]
    assert keys["k2"].tenants == frozenset({"acme", "bees"})
    assert len({key.master for key in keys.values()}) == 4


def test_masters_are_shown_only_when_asked_for(ring: Path) -> None:
    shown = run("new", "--show", "--json")
    master = master_of(ring, "k1")
    assert json.loads(shown)["master"] == master
    for arguments in (["list"], ["list", "--json"], ["new"]):
        assert master not in run(*arguments)
    assert master in run("list", "--show")


def test_a_retired_key_stays_listed_and_retired(ring: Path) -> None:
    run("new")
    run("new")
    run("retire", "k1", "--at", "2020-01-01T00:00:00Z")
    run("retire", "k2", "--at", "2999-01-01T00:00:00Z")
    assert run("list").splitlines() == [
        "k1  retired  all  until 2020-01-01T00:00:00Z",
        "k2  active  all  until 2999-01-01T00:00:00Z",
    ]
    with pytest.raises(CommandFailed, match="retired since 2020"):
        run("retire", "k1", "--at", "2999-01-01T00:00:00Z")
    run("retire", "k2")
    assert not json.loads(run("list", "--json").splitlines()[1])["active"]
    assert ring.exists()


def test_a_shop_gets_its_own_key(ring: Path) -> None:
    run("new")
    key = tenant_key(master_of(ring, "k1").encode(), "acme", "k1").decode()
    assert run("tenant", "acme") == f"k1 {key}\n"
    assert json.loads(run("tenant", "acme", "--kid", "k1", "--json"))["tenant_key"] == key


@pytest.mark.parametrize(
    "arguments",
    [
        ["new", "--kid", "K-1"],
        ["new", "--kid", "k1"],
        ["new", "--tenants", "Acme"],
        ["new", "--tenants", ""],
        ["retire", "k9"],
        ["retire", "k1", "--at", "tomorrow"],
        ["tenant", "Acme"],
        ["tenant", "acme", "--kid", "k9"],
    ],
)
def test_a_change_that_would_not_load_is_refused_and_nothing_is_written(
    ring: Path, arguments: list[str]
) -> None:
    run("new")
    before = ring.read_bytes()
    with pytest.raises(CommandFailed):
        run(*arguments)
    assert ring.read_bytes() == before
    assert [each.name for each in ring.parent.iterdir()] == ["ring.json"]


@pytest.mark.parametrize("arguments", [["list"], ["new"], ["retire", "k1"], ["tenant", "acme"]])
def test_a_ring_that_others_may_read_is_refused_with_the_cure(
    ring: Path, arguments: list[str]
) -> None:
    run("new")
    ring.chmod(0o640)
    with pytest.raises(CommandFailed, match="chmod 600"):
        run(*arguments)


def test_only_new_makes_a_ring(ring: Path) -> None:
    for arguments in (["list"], ["retire", "k1"], ["tenant", "acme"]):
        with pytest.raises(CommandFailed, match="no key ring"):
            run(*arguments)
    assert not ring.exists()


def test_a_broken_ring_is_not_overwritten(ring: Path) -> None:
    ring.parent.mkdir()
    ring.write_text('{"k1": {}}')
    ring.chmod(0o600)
    with pytest.raises(CommandFailed, match="k1"):
        run("new")
    assert ring.read_text() == '{"k1": {}}'


def test_a_link_stays_a_link(ring: Path, tmp_path: Path) -> None:
    real = tmp_path / "real" / "ring.json"
    real.parent.mkdir()
    ring.parent.mkdir()
    ring.symlink_to(real)
    run("new")
    run("new")
    assert ring.is_symlink()
    assert list(parse_ring(real.read_bytes())) == ["k1", "k2"]


def test_a_full_disk_leaves_the_ring_as_it_was(ring: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("new")
    before = ring.read_bytes()

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgeproof.ring_edit.os.fsync", fail)
    with pytest.raises(CommandFailed, match="No space left"):
        run("new")
    assert ring.read_bytes() == before
    assert [each.name for each in ring.parent.iterdir()] == ["ring.json"]


def test_writers_at_the_same_time_lose_no_key(ring: Path) -> None:
    def add(number: int) -> None:
        with edited_ring(ring) as document:
            add_key(document, f"t{number}", "all")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(parse_ring(ring.read_bytes())) == 12
