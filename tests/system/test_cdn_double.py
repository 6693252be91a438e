"""Purges through the double and verified through real edges; and `edgeproof dev cdn` itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from edge.local_varnish import find_missing
from purge.clock import SystemClock
from purge.configuration import PurgeConfiguration, read_configuration
from purge.errors import ProviderRefused, ProviderUnavailable
from purge.judge import Probe, Verdict
from purge.probe import Edge, Prober
from purge.providers.opening import open_providers
from purge.values import Batch, Kind, Mode
from purge.verify import Question, Report, Verifier
from tests.conftest import missing
from tests.edge.cdn import (
    HOST,
    SECRET,
    Cdn,
    asset_called,
    edge_before,
    eventually,
    path_of,
    running_cdn,
)
from tests.images.photos import photo_jpeg
from tests.system.server import free_ports, server

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cdn]:
    what = find_missing()
    if what is not None:
        missing(what)
    with running_cdn(tmp_path_factory.mktemp("cdn")) as running:
        yield running


async def send(cdn: Cdn, vendor: str, tag: str, mode: Mode) -> None:
    """Purge a tag by a vendor's real client, through the double."""
    accounts = cdn.accounts
    if vendor == "fastly":
        table = {"service": accounts.fastly_service, "base_url": cdn.double_url}
        token = accounts.fastly_token
    else:
        base_url = f"{cdn.double_url}/client/v4"
        table = {"zone": accounts.cloudflare_zone, "base_url": base_url}
        token = accounts.cloudflare_token
    configuration = PurgeConfiguration.model_validate(
        {vendor: [{"name": vendor, "token_env": "TOKEN", **table}]}
    )
    (provider,) = open_providers(configuration, {"TOKEN": token})
    await provider.send(Batch(Kind.TAG, mode, (tag,)))
    await provider.close()


async def verified(cdn: Cdn, probe: Probe, mode: Mode, *edges: Edge) -> Report:
    """Ask through the edges, without a signature: the tests' tenant is public."""
    clock = SystemClock()
    async with Prober(lambda path: path, timeout_s=5) as prober:
        places = edges or (Edge("varnish", cdn.edge_url),)
        verifier = Verifier(places, prober.ask, clock, vantage="a test", unknown_s=1.5)
        return await verifier.verify(Question([probe], mode, clock.now_s()))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("vendor", ["fastly", "cloudflare"])
async def test_a_purge_is_verified_through_a_real_edge(cdn: Cdn, vendor: str, mode: Mode) -> None:
    asset = asset_called(f"verified {vendor} {mode}")
    before = cdn.generation(path_of(asset))
    cdn.shop.generation = before + 1
    await send(cdn, vendor, f"a-{asset}", mode)
    report = await verified(cdn, Probe(path_of(asset), before + 1), mode)
    assert report.is_verified, report.words


@pytest.mark.parametrize("vendor", ["fastly", "cloudflare"])
async def test_a_purge_that_was_accepted_and_not_done_is_found_out(cdn: Cdn, vendor: str) -> None:
    asset = asset_called(f"not done {vendor}")
    before = cdn.generation(path_of(asset))
    cdn.shop.generation = before + 1
    cdn.fail(vendor, "not-done")
    await send(cdn, vendor, f"a-{asset}", Mode.HARD)
    report = await verified(cdn, Probe(path_of(asset), before + 1), Mode.HARD)
    (edge,) = report.edges
    assert edge.verdict is Verdict.STILL_THERE
    evidence = edge.still_there[0].seen
    assert evidence is not None
    assert evidence.headers["edgeproof-generation"] == str(before)
    assert "hit" in evidence.headers["cache-status"]


async def test_an_engines_purge_has_no_generation_and_is_judged_by_age_at_a_real_edge(
    cdn: Cdn,
) -> None:
    path = path_of(asset_called("engine"))
    etag = cdn.ask(path).headers["etag"]
    kept = await verified(cdn, Probe(path, None, etag), Mode.HARD)
    assert kept.edges[0].verdict is not Verdict.GONE
    await send(cdn, "fastly", f"a-{path.split('/')[3]}", Mode.HARD)
    report = await verified(cdn, Probe(path, None, etag), Mode.HARD)
    assert report.is_verified, report.words


async def test_an_erased_photo_is_verified_by_410_alone(cdn: Cdn) -> None:
    asset = asset_called("erased")
    probe = Probe(path_of(asset), is_erased=True)
    assert cdn.ask(path_of(asset)).status == 200
    cdn.shop.erased.add(asset)
    still = await verified(cdn, probe, Mode.HARD)
    assert still.edges[0].verdict is Verdict.STILL_THERE
    await send(cdn, "cloudflare", f"a-{asset}", Mode.HARD)
    assert (await verified(cdn, probe, Mode.HARD)).is_verified


async def test_an_edge_that_is_away_or_a_stranger_is_unknown_beside_one_that_is_well(
    cdn: Cdn,
) -> None:
    probe = Probe(path_of(asset_called("edges")), 0)
    well = Edge("well", cdn.edge_url)
    nobody = Edge("nobody", f"http://127.0.0.1:{free_ports(1)[0]}")
    origin = Edge("origin", f"http://127.0.0.1:{cdn.shop.port}")
    itself = Edge("origin itself", origin.base_url, is_origin=True)
    wrong_host = Edge("wrong host", cdn.edge_url, "elsewhere.example")
    named = Edge("named", cdn.edge_url, HOST)
    report = await verified(cdn, probe, Mode.HARD, well, nobody, origin, itself, wrong_host, named)
    assert {edge.edge: edge.verdict for edge in report.edges} == {
        "well": Verdict.GONE,
        "nobody": Verdict.UNKNOWN,
        "origin": Verdict.UNKNOWN,
        "origin itself": Verdict.GONE,
        "wrong host": Verdict.UNKNOWN,
        "named": Verdict.GONE,
    }
    reasons = {edge.edge: edge.reason for edge in report.edges}
    assert "no connection" in reasons["nobody"]
    assert "Cache-Status" in reasons["origin"]
    assert "421" in reasons["wrong host"]
    assert not report.is_verified


async def test_a_group_of_varnishes_agrees_or_says_which_one_did_not(
    cdn: Cdn, tmp_path: Path
) -> None:
    path = path_of(asset_called("group"))
    batch = Batch(Kind.TAG, Mode.HARD, (f"a-{path.split('/')[3]}",))
    with edge_before(cdn.shop, tmp_path / "second") as second:
        down = f"http://127.0.0.1:{free_ports(1)[0]}"
        places = [cdn.edge_url, f"http://127.0.0.1:{second.port}"]
        before = cdn.generation(path)
        assert int(second.ask(path).headers["edgeproof-generation"]) == before
        cdn.shop.generation = before + 1

        async def purge(instances: list[str], secret: str = SECRET) -> tuple[str, ...]:
            table = {"name": "group", "instances": instances, "secret_env": "S"}
            configuration = PurgeConfiguration.model_validate({"varnish": [table]})
            (provider,) = open_providers(configuration, {"S": secret})
            try:
                return (await provider.send(batch)).ids
            finally:
                await provider.close()

        with pytest.raises(ProviderUnavailable) as caught:
            await purge([*places, down])
        assert "1 of 3 instances" in caught.value.log
        assert down.removeprefix("http://") in caught.value.log
        generations = [cdn.generation(path), int(second.ask(path).headers["edgeproof-generation"])]
        assert generations == [before + 1, before + 1], "those that are up were purged"
        assert len(await purge(places)) == 2
        with pytest.raises(ProviderRefused) as refused:
            await purge(places, "ab" * 32)
        assert "2 of 2 instances" in refused.value.log


@contextmanager
def dev_cdn(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[str]:
    """Run `edgeproof dev cdn`; give its base URL once it answers."""
    port, log = free_ports(1)[0], folder / "dev.log"
    command = [sys.executable, "-m", "edgeproof", "dev", "cdn", "--port", str(port), *arguments]
    with log.open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    base_url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            return httpx2.get(f"{base_url}/double").status_code == 200
        except httpx2.TransportError:
            return False

    try:
        eventually(is_up, "the double answers")
        yield base_url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


async def test_the_command_starts_an_edge_and_its_printed_configuration_purges_through_it(
    tmp_path: Path,
) -> None:
    what = find_missing()
    if what is not None:
        missing(what)
    edge_port = free_ports(1)[0]
    edge_url = f"http://127.0.0.1:{edge_port}"
    own = {"edge_secrets": json.dumps({"e1": "0a" * 32}), "purge_secret": SECRET}
    hosts = f"127.0.0.1:{edge_port},127.0.0.1,localhost"
    with server(tmp_path / "data", public_url=edge_url, hosts=hosts, **own) as origin:
        asset = origin.asset(photo_jpeg(320, 240, 7))
        started = ("--start", "--varnish", edge_url, "--fail", "fastly:500:1")
        with dev_cdn(tmp_path, origin.environment, *started):
            printed = (tmp_path / "dev.log").read_text()
            toml = tmp_path / "purge.toml"
            toml.write_text(printed[: printed.index("the double of both")])
            variables = dict(
                line.removeprefix("# export ").split("=", 1)
                for line in printed.splitlines()
                if line.startswith("# export ")
            )
            configuration = read_configuration(toml)
            path = origin.url(asset, "w_96.jpg").removeprefix(origin.public_url)
            first = httpx2.get(edge_url + path)
            assert first.status_code == 200, first.text
            assert "hit" in httpx2.get(edge_url + path).headers["cache-status"]
            batch = Batch(Kind.TAG, Mode.HARD, (f"a-{asset}",))
            fastly, cloudflare = open_providers(configuration, variables)
            with pytest.raises(ProviderUnavailable):
                await fastly.send(batch)
            assert "hit" in httpx2.get(edge_url + path).headers["cache-status"]
            for provider in (fastly, cloudflare):
                await provider.send(batch)
                assert "fwd=miss" in httpx2.get(edge_url + path).headers["cache-status"]
                await provider.close()


def test_the_command_says_what_is_missing_or_mistyped(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "EDGEPROOF_DATA_DIR": str(tmp_path)}

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "edgeproof", "dev", "cdn", *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stderr

    for arguments, sentence in (
        ((), "EDGEPROOF_PURGE_SECRET"),
        (("--plan", "gold"), "there is no plan gold"),
        (("--fail", "akamai:500"), "--fail is fastly or cloudflare"),
        (("--start", "--varnish", "https://img.shop.example"), "is started on loopback"),
    ):
        code, said = run(*arguments)
        assert (code, sentence in said) == (2, True), said
