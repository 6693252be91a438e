"""Erase under load, through a real Varnish: from the receipt's time on nothing but 410 is answered.

ERASE_LOAD_REQUESTS sets how many requests are made afterwards; CI makes 1,000.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from edgeproof.purging import PurgeRecords
from edgeproof.receipts import check_receipt
from origin.adapters.records import Database
from purge.audit import Audit
from tests.conftest import missing
from tests.edge.varnish import Varnish, site_vcl, varnishd, write_conf
from tests.system.erasing import (
    ARTIST,
    CAPTION,
    found_in,
    pieces_of,
    post_design,
    public_key,
    traced_photo,
)
from tests.system.server import Server, server

OWN, PURGE = "0a" * 32, "5e" * 32
REQUESTS = int(os.environ.get("ERASE_LOAD_REQUESTS", "1000"))
THREADS = 4
LEAVES = ("w_160.jpg", "w_320.auto", "w_640.webp", "w_320,h_320,fit_cover.jpg", "info.json")


@dataclass
class Shop:
    """An origin, the Varnish before it, and what it was asked."""

    origin: Server
    edge: Varnish
    seen: list[tuple[float, int, str]] = field(default_factory=list)

    def target(self, asset: str, leaf: str) -> str:
        return self.origin.url(asset, leaf).removeprefix(self.origin.public_url)

    def ask(self, target: str, *lines: tuple[str, str]) -> int:
        """Ask the edge; remember when the request began and what came back."""
        began_s = time.time()
        host = f"127.0.0.1:{self.origin.public_port}"
        answer = self.edge.ask(target, *lines, host=host)
        self.seen.append((began_s, answer.status, target))
        return answer.status


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    what = find_missing()
    if what is not None:
        missing(what)
    secrets = json.dumps({"e1": OWN})
    with server(
        tmp_path / "data", edge_secrets=secrets, response_deadline_s="3", purge_secret=PURGE
    ) as origin:
        host = f"127.0.0.1:{origin.public_port}"
        main = write_conf(
            tmp_path / "edge",
            site=site_vcl(origin.public_port, host=host),
            deployment=Deployment((host,), {}),
            secrets=Secrets(origin.ring, ("e1", OWN), PURGE),
        )
        with varnishd(main) as edge:
            config = tmp_path / "purge.toml"
            config.write_text(
                f"""
[[varnish]]
name = "shield"
instances = ["http://127.0.0.1:{edge.port}"]

[[edge]]
name = "varnish"
base_url = "http://127.0.0.1:{edge.port}"
host = "{host}"
"""
            )
            origin.environment["EDGEPROOF_PURGE_CONFIG"] = str(config)
            yield Shop(origin, edge)


def conditions(etags: Sequence[str], number: int) -> tuple[tuple[str, str], ...]:
    """Return the headers of one request: none, conditional, a range."""
    kinds: tuple[tuple[tuple[str, str], ...], ...] = (
        (),
        (("If-None-Match", etags[number % len(etags)]),),
        (("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"),),
        (("Range", "bytes=0-99"),),
        (("If-None-Match", "*"), ("Cache-Control", "no-cache")),
        (("Accept", "image/avif,image/webp,*/*;q=0.8"),),
    )
    return kinds[number % len(kinds)]


def erased_under_load(
    shop: Shop, asset: str, old: Sequence[str], etags: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Erase a photo while it is asked for by old and new URLs."""
    stop = threading.Event()

    def load(number: int) -> None:
        while not stop.is_set():
            number += 1
            fresh = f"w_320,c_{number % 997}_0_90000_90000.jpg"
            target = shop.target(asset, fresh) if number % 5 == 0 else old[number % len(old)]
            shop.ask(target, *conditions(etags, number))

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(load, number * 1_000) for number in range(THREADS)]
        try:
            done = shop.origin.run(
                *("erase", "asset", asset, "--tenant", "acme", "--reason", "ticket 91", "--yes"),
                "--json",
                check=False,
            )
        finally:
            stop.set()
        for one in running:
            one.result()
    return done


def test_from_the_receipt_on_every_answer_for_the_photo_is_410(shop: Shop) -> None:
    origin, content = shop.origin, traced_photo(91)
    asset = origin.asset(content)
    design = post_design(origin, asset, "c-1")
    leaves = (*LEAVES, f"d_{design},w_320.jpg", f"d_{design},w_160.webp")
    old = [shop.target(asset, leaf) for leaf in leaves]
    host = f"127.0.0.1:{origin.public_port}"
    first = [shop.edge.ask(target, host=host) for target in old]
    assert [answer.status for answer in first] == [200] * len(old)
    etags = [answer.headers["etag"] for answer in first]
    done = erased_under_load(shop, asset, old, etags)
    assert done.returncode == 0, done.stderr
    during = Counter(status for _, status, _ in shop.seen)
    assert during[200] + during[206] + during[304] > 0, "there was load before the tombstone"
    receipt = check_receipt(done.stdout, public_key(origin)).receipt
    issued_s = datetime.fromisoformat(receipt["issued_at"]).timestamp()

    def ask(number: int) -> int:
        leaf = leaves[number % len(leaves)]
        is_new = number % 3 == 0
        target = shop.target(asset, leaf) if is_new else old[number % len(old)]
        return shop.ask(target, *conditions(etags, number))

    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(ask, range(REQUESTS))) == {410}
    late = {(status, target) for at_s, status, target in shop.seen if at_s >= issued_s}
    assert {status for status, _ in late} == {410}, late

    the_receipt_names_the_edge(receipt, len(leaves) - 1)
    needles = {
        "source": pieces_of(content),
        "previews": [piece for one in first[:4] for piece in pieces_of(one.body)[:4]],
        "artist": [ARTIST.encode()],
        "caption": [CAPTION.encode()],
    }
    assert found_in(origin.data_dir, needles) == {}
    asyncio.run(the_audit_holds(origin.data_dir, asset))
    new = origin.asset(content)
    assert new != asset
    assert shop.ask(shop.target(new, "w_160.jpg")) == 200
    assert {shop.ask(target) for target in old} == {410}


def test_an_erase_whose_purge_was_refused_says_so_and_goes_on_when_it_is_mended(
    shop: Shop,
) -> None:
    origin, host = shop.origin, f"127.0.0.1:{shop.origin.public_port}"
    asset = origin.asset(traced_photo(92))
    target = shop.target(asset, "w_160.jpg")
    assert shop.edge.ask(target, host=host).status == 200
    command = ("erase", "asset", asset, "--tenant", "acme", "--reason", "ticket 92", "--yes")
    origin.environment["EDGEPROOF_PURGE_SECRET"] = "ff" * 32
    refused = origin.run(*command, "--json", check=False)
    assert refused.returncode == 4, refused.stderr
    assert "run the same command again" in refused.stderr
    receipt = check_receipt(refused.stdout, public_key(origin)).receipt
    assert receipt["status"] == "not verified"
    (provider,) = receipt["purges"][0]["providers"]
    assert provider["failure"] == "provider.credentials"
    assert origin.get(asset, "w_160.jpg").status_code == 410, "gone from the origin all the same"
    origin.environment["EDGEPROOF_PURGE_SECRET"] = PURGE
    mended = origin.run(*command, "--json")
    again = check_receipt(mended.stdout, public_key(origin)).receipt
    assert (again["status"], again["erasure"]) == ("verified", receipt["erasure"])
    assert shop.ask(target) == 410


def test_an_erase_that_does_not_wait_writes_a_receipt_that_claims_nothing(shop: Shop) -> None:
    origin = shop.origin
    asset = origin.asset(traced_photo(93))
    command = ("erase", "asset", asset, "--tenant", "acme", "--reason", "ticket 93", "--yes")
    early = origin.run(*command, "--wait-s", "0", check=False)
    assert early.returncode == 4, early.stderr
    assert "under way" in early.stdout
    assert "not verified" in early.stdout or "receipt" in early.stdout
    done = origin.run(*command, "--json")
    assert check_receipt(done.stdout, public_key(origin)).receipt["status"] == "verified"


def the_receipt_names_the_edge(receipt: Any, urls: int) -> None:
    """It was asked, purged twice, and showed every URL gone."""
    edges = {edge["edge"]: edge for edge in receipt["edges"]}
    assert edges["varnish"]["verdict"] == "gone"
    assert edges["varnish"]["gone"] >= urls
    (purge,) = receipt["purges"]
    assert purge["providers"][0]["purged_again_at"] is not None


async def the_audit_holds(data_dir: Path, asset: str) -> None:
    """Walk the chain; the erase is in it, by ids only."""
    database = Database(f"sqlite:///{data_dir}/records.sqlite3")
    try:
        audit = Audit(PurgeRecords(database), time.time)
        await audit.verify()
        entries = [entry async for entry in audit.entries()]
    finally:
        await database.close()
    events = [entry.event for entry in entries]
    assert events[:2] == ["purge_ordered", "photos_erased"]
    assert events[-1] == "erase_finished"
    assert entries[1].facts["photos"] == [asset]
    assert "c-1" not in json.dumps([dict(entry.facts) for entry in entries])
