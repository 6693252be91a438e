"""`edgeproof purge …` on a running origin, a shield, and an edge behind both vendors' APIs."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from edge.local_varnish import find_missing
from edgeproof.cdn_double.desk import Accounts
from tests.conftest import missing
from tests.edge.cdn import eventually
from tests.images.photos import photo_jpeg
from tests.system.purging import Chain, chain
from tests.system.server import TENANT

WAITED = ("purge", "asset", "--tenant", TENANT, "--wait")

pytestmark = pytest.mark.xdist_group("purging")


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    what = find_missing()
    if what is not None:
        missing(what)
    with chain(tmp_path_factory.mktemp("chain"), response_deadline_s="1") as running:
        yield running


@pytest.fixture(scope="module")
def asset(on: Chain) -> str:
    return on.origin.asset(photo_jpeg(800, 600, 71))


def run(on: Chain, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``edgeproof purge`` with these words."""
    return subprocess.run(
        [sys.executable, "-m", "edgeproof", "purge", *words],
        env=on.origin.environment,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def documents(done: subprocess.CompletedProcess[str]) -> list[Any]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def fail(on: Chain, **plan: object) -> None:
    """Plan a failure of a vendor; without words forget them all."""
    url = f"{on.double_url}/double/faults"
    answer = httpx2.post(url, json=plan) if plan else httpx2.delete(url)
    assert answer.status_code in (201, 204), answer.text


@pytest.mark.parametrize("mode", ["--soft", "--hard"])
def test_a_verified_purge_ends_with_0_and_the_new_generation_everywhere(
    on: Chain, asset: str, mode: str
) -> None:
    target = on.target(asset, "w_320.jpg")
    before = on.generation(target)
    words = ("asset", asset, "--tenant", TENANT, mode, "--verify", "--reason", "ticket 1")
    done = run(on, *words, "--json")
    assert done.returncode == 0, done.stderr
    (document,) = documents(done)
    assert (document["state"], document["verified"], document["exit"]) == ("settled", True, 0)
    assert document["generations"] == {f"{TENANT}/{asset}": before + 1}
    assert [edge["verdict"] for edge in document["proof"]["edges"]] == ["gone", "gone"]
    assert on.generation(target) == before + 1
    log = run(on, "log", "--order", document["order"], "--json")
    events = [entry["event"] for entry in documents(log)]
    assert events.count("purge_accepted") == 6, "three providers, twice each"
    assert (events[0], events[-1]) == ("purge_ordered", "purge_verified")


def test_a_suspended_shops_pictures_leave_the_caches_too(on: Chain) -> None:
    on.origin.run("tenants", "add", "beta")
    asset = on.origin.upload(photo_jpeg(400, 300, 72), tenant="beta").json()["asset"]
    url = on.origin.url(asset, "w_160.jpg", tenant="beta")
    target = url.removeprefix(on.origin.public_url)
    assert on.ask(target).status == 200
    on.origin.run("tenants", "suspend", "beta")
    newest = json.loads(run(on, "status", "--json", "--limit", "1").stdout)
    assert (newest["what"], newest["label"], newest["mode"]) == ("tenant", "tenant beta", "hard")
    assert on.settled(newest["order"])["state"] == "settled"
    assert on.ask(target).status == 404


def test_a_vendor_that_accepts_and_does_nothing_is_found_out(on: Chain, asset: str) -> None:
    target = on.target(asset, "w_160.jpg")
    on.generation(target)
    fail(on, vendor="fastly", failure="not-done", times=10)
    fail(on, vendor="cloudflare", failure="not-done", times=10)
    try:
        done = run(on, "asset", asset, "--tenant", TENANT, "--hard", "--verify", "--json")
    finally:
        fail(on)
    assert done.returncode == 4, done.stderr
    (document,) = documents(done)
    verdicts = {edge["edge"]: edge["verdict"] for edge in document["proof"]["edges"]}
    assert verdicts == {"outer": "still_there", "shield": "gone"}
    states = [part["states"] for part in document["providers"]]
    assert states == [{"accepted": 1}] * 3, "nothing is marked verified"
    assert run(on, "asset", asset, "--tenant", TENANT, "--verify").returncode == 0


def test_an_expired_token_and_a_wrong_zone_are_dead_letters_that_are_listed_and_replayed(
    on: Chain, asset: str, tmp_path: Path
) -> None:
    right = Path(on.origin.environment["EDGEPROOF_PURGE_CONFIG"]).read_text()
    zone = Accounts().cloudflare_zone
    config = tmp_path / "purge.toml"
    config.write_text(right.replace(zone, zone[:-1] + "9"))
    wrong = {**on.origin.environment, "LOOPBACK_FASTLY": "expired", "EDGEPROOF_PURGE_WORKER": "off"}
    wrong["EDGEPROOF_PURGE_CONFIG"] = str(config)
    running = on.origin
    running.stop()  # the server's own worker knows the right token
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edgeproof", *WAITED, asset],
            env=wrong, capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        assert "provider.credentials" in done.stdout
        assert "provider.zone" in done.stdout
        listed = documents(run(on, "replay", "--dry-run", "--json"))
        assert {(one["provider"], one["code"]) for one in listed} == {
            ("fastly", "provider.credentials"),
            ("cloudflare", "provider.zone"),
        }
        order = listed[0]["order"]
        assert run(on, "replay", "p-unknown").returncode == 1
        again = run(on, "replay", order, "--provider", "fastly")
        assert again.stdout == f"{order}  1 queued again\n"
        assert run(on, "replay", "--json").stdout == f'{{"replayed":{{"{order}":1}}}}\n'
    finally:
        running.start()
    assert on.settled(order)["state"] == "settled"
    assert run(on, "status", order, "--watch").returncode == 0


def test_work_sends_what_a_server_without_a_worker_leaves(on: Chain, asset: str) -> None:
    on.origin.environment["EDGEPROOF_PURGE_WORKER"] = "off"
    on.origin.stop()
    on.origin.start()
    try:
        order = documents(run(on, "asset", asset, "--tenant", TENANT, "--json"))[0]["order"]
        assert run(on, "status", order).returncode == 4, "nobody sends it"
        command = [sys.executable, "-m", "edgeproof", "purge", "work"]
        worker = subprocess.Popen(command, env=on.origin.environment, stderr=subprocess.PIPE)
        try:
            assert on.settled(order)["state"] == "settled"
        finally:
            worker.terminate()
            said = worker.communicate(timeout=30)[1]
        assert worker.returncode == 0
        assert b"purge_worker_stopped" in said
    finally:
        on.origin.environment["EDGEPROOF_PURGE_WORKER"] = "on"
        on.origin.stop()
        on.origin.start()


def test_a_dry_run_shows_calls_and_changes_nothing(on: Chain, asset: str) -> None:
    before = json.loads(run(on, "status", "--json", "--limit", "1").stdout)["order"]
    names = "\n".join(f"p{number}" for number in range(1_000))
    done = run(on, "tag", "--file", "-", "--dry-run", "--json", stdin=names)
    (document,) = documents(done)
    batches = {part["provider"]: part["batches"] for part in document["providers"]}
    assert batches["fastly"] == 4, "256 keys in a call"
    assert batches["cloudflare"] == 10, "100 tags in a call"
    assert all(part["estimated_s"] >= 3 for part in document["providers"])
    assert json.loads(run(on, "status", "--json", "--limit", "1").stdout)["order"] == before
    words = run(on, "asset", asset, "--tenant", TENANT, "--dry-run").stdout
    assert f"a-{asset}" in words
    assert "tag, hard" in words, "a shield behind an edge is always purged hard"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("tag", "UPPER"), 2, "purge.tag: tag number 1, 'UPPER'"),
        (("tag",), 2, "purge.empty"),
        (("asset", "a" * 52), 2, "--tenant"),
        (("asset", "a" * 52, "--tenant", TENANT), 1, "purge.unknown"),
        (("owner", "nobody", "--tenant", TENANT), 1, "no such owner"),
        (("tenant", "nosuch", "--yes"), 1, "no shop nosuch"),
        (("tenant", TENANT), 2, "add --yes"),
        (("all",), 2, "add --yes"),
        (("tag", "all"), 2, "add --yes"),
        (("tag", "x-1", "--dry-run"), 0, "nothing here is known to carry the tag x-1"),
        (("tag", "--file", "-"), 2, "purge.empty"),
        (("tag", "x", "--provider", "akamai"), 2, "known: cloudflare, fastly, shield"),
        (("tag", "x", "--reason", "ask jo@example.org"), 2, "purge.reason"),
        (("tag", "--file", "nosuch.txt"), 2, "nosuch.txt: No such file"),
        (("url", "https://img.shop.example/"), 2, "purge.path"),
        (("status", "p0"), 1, "purge.order"),
    ],
)
def test_bad_input_is_a_sentence_and_an_exit_code(
    on: Chain, words: tuple[str, ...], code: int, said: str
) -> None:
    done = run(on, *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_hundred_thousand_names_on_standard_input_are_twenty_orders(on: Chain) -> None:
    names = "".join(f"x-{number}\n" for number in range(100_000))
    done = run(on, "tag", "--file", "-", "--dry-run", "--json", stdin=names)
    (document,) = documents(done)
    assert document["targets"] == 100_000
    batches = {part["provider"]: part["batches"] for part in document["providers"]}
    assert (batches["fastly"], batches["cloudflare"]) == (391, 1_000)
    assert "and 99995 more such tags" in done.stderr
    bad = run(on, "tag", "--file", "-", "--dry-run", stdin=f"{names}Bad\n")
    assert bad.returncode == 2
    assert "tag number 100001, 'Bad'" in bad.stderr


def test_a_vendor_that_is_away_leaves_the_order_under_way_and_nothing_is_lost(
    on: Chain, asset: str
) -> None:
    fail(on, vendor="fastly", failure="500", times=None)
    try:
        done = run(on, "asset", asset, "--tenant", TENANT, "--verify", "--wait-s", "1")
        assert done.returncode == 4, done.stderr
        assert "still under way: `edgeproof purge status p" in done.stderr
        order = done.stdout.split()[1]
        eventually(lambda: code_at(on, order, "fastly") == "provider.unavailable", "it is tried")
        words = run(on, "status", order)
        assert (words.returncode, "waiting (provider.unavailable)" in words.stdout) == (4, True)
    finally:
        fail(on)
    assert on.settled(order)["state"] == "settled"


def code_at(on: Chain, order: str, provider: str) -> str:
    """Return the code of a provider's last failure."""
    parts = {part["provider"]: part for part in on.status(order)["providers"]}
    return str(parts[provider]["code"])


def answered(on: Chain, typed: str) -> int:
    """Run ``purge all`` on a terminal and type an answer to each of its questions."""
    inner, outer = pty.openpty()
    command = [sys.executable, "-m", "edgeproof", "purge", "all", "--provider", "cloudflare"]
    process = subprocess.Popen(
        command, env=on.origin.environment, stdin=outer, stdout=outer, stderr=outer
    )
    os.close(outer)
    os.write(inner, f"{typed}\n".encode())
    said = b""
    while process.poll() is None or not said:
        try:
            said += os.read(inner, 4_096)
        except OSError:  # the other end is closed
            break
    os.close(inner)
    assert b"shop.example" in said
    return process.wait(timeout=60)


def test_everything_is_purged_only_when_the_zones_name_is_repeated(on: Chain) -> None:
    assert answered(on, "shop.exampel") == 2
    assert answered(on, "shop.example") == 0
    newest = json.loads(run(on, "status", "--json", "--limit", "1").stdout)
    assert (newest["what"], newest["label"]) == ("all", "all")


def test_an_edit_of_the_audit_is_found(on: Chain) -> None:
    def verify() -> subprocess.CompletedProcess[str]:
        return on.origin.run("audit", "verify", check=False)

    assert verify().returncode == 0
    path = on.origin.data_dir / "records.sqlite3"
    with sqlite3.connect(path) as database:
        (body,) = database.execute("SELECT body FROM purge_audit WHERE seq = 2").fetchone()
        edited = body.replace("tag", "url", 1)
        database.execute("UPDATE purge_audit SET body = ? WHERE seq = 2", (edited,))
    done = verify()
    assert done.returncode == 1
    assert "entry 2 was changed" in done.stderr
    with sqlite3.connect(path) as database:
        database.execute("UPDATE purge_audit SET body = ? WHERE seq = 2", (body,))
    assert verify().returncode == 0


def test_a_configuration_without_its_secret_stops_a_purge_and_is_listed(
    on: Chain, tmp_path: Path
) -> None:
    config = tmp_path / "purge.toml"
    config.write_text('[[fastly]]\nname = "f"\nservice = "s1"\ntoken_env = "NOT_SET"\n')
    environment = {**on.origin.environment, "EDGEPROOF_PURGE_CONFIG": str(config)}
    for words, code in ((("tag", "x"), 1), (("providers",), 1), (("status",), 1)):
        done = subprocess.run(
            [sys.executable, "-m", "edgeproof", "purge", *words],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "NOT_SET" in done.stdout + done.stderr
