"""One suite on every provider: real clients, the double of both vendors, real Varnish instances."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.local_varnish import find_missing
from edgeproof.cdn_double.desk import Accounts
from purge.configuration import PurgeConfiguration
from purge.errors import ProviderBusy, ProviderError, ProviderRefused, ProviderUnavailable
from purge.ports import Provider
from purge.providers.opening import open_providers
from purge.values import Batch, Kind, Mode
from tests.conftest import missing
from tests.edge.cdn import HOST, SECRET, TENANT, Cdn, asset_called, eventually, path_of, running_cdn
from tests.system.server import free_ports

pytestmark = pytest.mark.anyio

KINDS = ("fastly", "cloudflare", "varnish", "dry_run")
VENDORS = ("fastly", "cloudflare")
REAL = ("fastly", "cloudflare", "varnish")
WRONG = "ab" * 32


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cdn]:
    what = find_missing()
    if what is not None:
        missing(what)
    with running_cdn(tmp_path_factory.mktemp("cdn")) as running:
        yield running


@dataclass(frozen=True)
class Place:
    """What a provider is told: where it is, and with which secret."""

    base_url: str
    secret: str
    scope: str = ""
    timeout_s: float = 20.0


def place_of(kind: str, cdn: Cdn) -> Place:
    if kind == "fastly":
        return Place(cdn.double_url, cdn.accounts.fastly_token, cdn.accounts.fastly_service)
    if kind == "cloudflare":
        accounts = cdn.accounts
        return Place(
            f"{cdn.double_url}/client/v4", accounts.cloudflare_token, accounts.cloudflare_zone
        )
    return Place(cdn.edge_url, SECRET)


def table_of(kind: str, place: Place) -> Mapping[str, object]:
    """Return the TOML table of a provider."""
    start = {"name": f"the-{kind.replace('_', '-')}", "timeout_s": place.timeout_s}
    token = {"token_env": "TOKEN", "hosts": [HOST], "base_url": place.base_url}
    match kind:
        case "fastly":
            return {**start, **token, "service": place.scope}
        case "cloudflare":
            return {**start, **token, "zone": place.scope, "plan": "enterprise"}
        case "varnish":
            return {**start, "instances": [place.base_url], "secret_env": "TOKEN"}
        case _:
            return start


def opened(kind: str, place: Place) -> Provider:
    """Open a provider as the program does: from its configuration."""
    configuration = PurgeConfiguration.model_validate({kind: [table_of(kind, place)]})
    (provider,) = open_providers(configuration, {"TOKEN": place.secret})
    return provider


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def provider(kind: str, cdn: Cdn) -> AsyncIterator[Provider]:
    opened_here = opened(kind, place_of(kind, cdn))
    yield opened_here
    await opened_here.close()
    cdn.calm()


real = pytest.mark.parametrize("kind", REAL, indirect=True)
vendors = pytest.mark.parametrize("kind", VENDORS, indirect=True)


def one(kind: Kind, *texts: str, mode: Mode = Mode.HARD) -> Batch:
    return Batch(kind, mode, texts)


async def test_it_says_who_it_is_and_what_it_takes(provider: Provider, kind: str) -> None:
    assert provider.name == provider.account == f"the-{kind.replace('_', '-')}"
    assert provider.depth == (1 if kind in VENDORS else 0)
    assert provider.limits.per_batch[Kind.TAG] >= 100


async def test_an_acceptance_has_the_providers_own_id(provider: Provider) -> None:
    accepted = await provider.send(one(Kind.TAG, f"a-{asset_called('id')}"))
    assert accepted.ids
    assert all(accepted.ids)


async def test_the_same_batch_twice_is_accepted_twice(provider: Provider) -> None:
    batch = one(Kind.TAG, f"a-{asset_called('twice')}")
    first, second = await provider.send(batch), await provider.send(batch)
    assert first.ids
    assert second.ids


async def test_a_batch_as_full_as_its_limits_is_accepted(provider: Provider) -> None:
    limits = provider.limits
    tags = [f"a-{asset_called(str(number))}" for number in range(limits.per_batch[Kind.TAG])]
    while limits.header_bytes_max and len(" ".join(tags)) > limits.header_bytes_max:
        tags.pop()
    assert (await provider.send(one(Kind.TAG, *tags))).ids


@real
async def test_after_a_hard_purge_of_a_tag_the_next_answer_is_new(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    asset, other = asset_called(f"hard {kind}"), asset_called(f"other {kind}")
    before = cdn.shop.generation
    assert [cdn.generation(path_of(name)) for name in (asset, other)] == [before, before]
    cdn.shop.generation += 1
    assert cdn.generation(path_of(asset)) == before
    await provider.send(one(Kind.TAG, f"a-{asset}"))
    assert cdn.generation(path_of(asset)) == before + 1
    assert cdn.generation(path_of(other)) == before


@real
async def test_after_a_soft_purge_the_old_answer_is_shown_while_the_new_one_is_fetched(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    asset = asset_called(f"soft {kind}")
    before = cdn.generation(path_of(asset))
    cdn.shop.generation = before + 1
    await provider.send(one(Kind.TAG, f"a-{asset}", mode=Mode.SOFT))
    assert cdn.generation(path_of(asset)) == before
    eventually(lambda: cdn.generation(path_of(asset)) == before + 1, "the new picture comes")


@real
async def test_a_url_purge_hits_that_url_alone(provider: Provider, kind: str, cdn: Cdn) -> None:
    asset = asset_called(f"url {kind}")
    paths = [path_of(asset, f"w_{width}.jpg") for width in (160, 320)]
    before = cdn.shop.generation
    assert [cdn.generation(path) for path in paths] == [before, before]
    cdn.shop.generation += 1
    await provider.send(one(Kind.URL, paths[0]))
    assert [cdn.generation(path) for path in paths] == [before + 1, before]


@pytest.mark.parametrize("kind", ["cloudflare", "varnish"], indirect=True)
async def test_a_prefix_purge_hits_what_begins_so(provider: Provider, kind: str, cdn: Cdn) -> None:
    asset = asset_called(f"prefix {kind}")
    paths = [path_of(asset, leaf) for leaf in ("w_160.jpg", "w_160.png", "w_320.jpg")]
    before = cdn.shop.generation
    assert {cdn.generation(path) for path in paths} == {before}
    cdn.shop.generation += 1
    await provider.send(one(Kind.PREFIX, path_of(asset, "w_160")))
    assert [cdn.generation(path) for path in paths] == [before + 1, before + 1, before]


@pytest.mark.parametrize("kind", ["cloudflare", "varnish"], indirect=True)
async def test_a_soft_prefix_purge_shows_the_old_answer_once(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    path = path_of(asset_called(f"soft prefix {kind}"))
    before = cdn.generation(path)
    cdn.shop.generation = before + 1
    prefix = path.rpartition("/")[0] + "/"
    await provider.send(one(Kind.PREFIX, prefix, mode=Mode.SOFT))
    assert cdn.generation(path) == before
    eventually(lambda: cdn.generation(path) == before + 1, "the new picture comes")


@real
async def test_everything_is_everything(provider: Provider, kind: str, cdn: Cdn) -> None:
    paths = [path_of(asset_called(f"all {kind} {number}")) for number in range(3)]
    before = cdn.shop.generation
    assert {cdn.generation(path) for path in paths} == {before}
    cdn.shop.generation += 1
    has_all = Kind.ALL in provider.limits.per_batch
    await provider.send(one(Kind.ALL) if has_all else one(Kind.TAG, "all"))
    assert {cdn.generation(path) for path in paths} == {before + 1}


@vendors
async def test_one_batch_is_one_call_of_the_vendor(provider: Provider, cdn: Cdn) -> None:
    before = len(cdn.calls())
    await provider.send(one(Kind.TAG, *(f"a-{asset_called(f'call {n}')}" for n in range(100))))
    (call,) = cdn.calls()[before:]
    assert (call["targets"], call["status"], call["is_soft"]) == (100, 200, False)


@vendors
async def test_what_the_rate_headers_say_is_handed_on(provider: Provider) -> None:
    first = await provider.send(one(Kind.TAG, f"n-{TENANT}x"))
    assert first.budget is not None
    assert first.budget.remaining is not None
    assert first.budget.remaining > 0
    assert first.budget.reset_s is not None
    assert 0 <= first.budget.reset_s <= 3_600


@vendors
async def test_a_429_is_busy_with_the_seconds_to_wait(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    cdn.fail(kind, "429", retry_after_s=7)
    with pytest.raises(ProviderBusy) as caught:
        await provider.send(one(Kind.TAG, "all"))
    assert 5 < caught.value.retry_after_s <= 7
    assert caught.value.code == "provider.busy"
    assert (await provider.send(one(Kind.TAG, f"n-{TENANT}x"))).ids


@vendors
async def test_a_500_is_unavailable_and_is_asked_once(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    before = len(cdn.calls())
    cdn.fail(kind, "500", times=None)
    with pytest.raises(ProviderUnavailable) as caught:
        await provider.send(one(Kind.TAG, f"n-{TENANT}x"))
    assert caught.value.code == "provider.unavailable"
    assert "500" in caught.value.log
    assert len(cdn.calls()) == before + 1


@vendors
async def test_an_answer_that_comes_too_late_is_a_timeout_although_it_was_done(
    kind: str, cdn: Cdn
) -> None:
    path = path_of(asset_called(f"late {kind}"))
    before = cdn.generation(path)
    cdn.shop.generation = before + 1
    place = place_of(kind, cdn)
    provider = opened(kind, Place(place.base_url, place.secret, place.scope, timeout_s=0.5))
    cdn.fail(kind, "timeout", delay_s=3)
    with pytest.raises(ProviderUnavailable) as caught:
        await provider.send(one(Kind.TAG, f"a-{path.split('/')[3]}"))
    assert caught.value.code == "provider.timeout"
    eventually(lambda: cdn.generation(path) == before + 1, "the purge was done")
    await provider.close()
    cdn.calm()


@vendors
async def test_what_is_accepted_and_not_done_is_an_acceptance_so_only_a_probe_can_tell(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    path = path_of(asset_called(f"not done {kind}"))
    before = cdn.generation(path)
    cdn.shop.generation = before + 1
    cdn.fail(kind, "not-done")
    assert (await provider.send(one(Kind.TAG, f"a-{path.split('/')[3]}"))).ids
    assert cdn.generation(path) == before


@vendors
async def test_what_is_partly_done_is_done_after_it_is_sent_again(
    provider: Provider, kind: str, cdn: Cdn
) -> None:
    assets = [asset_called(f"partly {kind} {number}") for number in range(4)]
    before = cdn.shop.generation
    assert {cdn.generation(path_of(asset)) for asset in assets} == {before}
    cdn.shop.generation += 1
    cdn.fail(kind, "partial")
    batch = one(Kind.TAG, *(f"a-{asset}" for asset in assets))
    await provider.send(batch)
    assert {cdn.generation(path_of(asset)) for asset in assets} == {before, before + 1}
    await provider.send(batch)
    assert {cdn.generation(path_of(asset)) for asset in assets} == {before + 1}


async def refusal_of(kind: str, place: Place) -> ProviderError:
    """Send to a place that does not take it, and return the error."""
    provider = opened(kind, place)
    with pytest.raises(ProviderError) as caught:
        await provider.send(one(Kind.TAG, "all"))
    await provider.close()
    return caught.value


@real
async def test_a_wrong_secret_is_refused_for_good_and_is_in_no_message_or_log(
    kind: str, cdn: Cdn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    place = place_of(kind, cdn)
    error = await refusal_of(kind, Place(place.base_url, WRONG, place.scope))
    assert isinstance(error, ProviderRefused)
    assert error.code == "provider.credentials"
    assert f"the-{kind}" in error.log
    assert WRONG not in f"{error!r} {error.log} {error.public} {caplog.text}"


@vendors
async def test_a_wrong_zone_or_service_is_refused_for_good_with_its_name(
    kind: str, cdn: Cdn
) -> None:
    place = place_of(kind, cdn)
    wrong = place.scope[:-1] + "9"
    error = await refusal_of(kind, Place(place.base_url, place.secret, wrong))
    assert isinstance(error, ProviderRefused)
    assert error.code == "provider.zone"
    assert wrong in error.log


@real
async def test_nobody_there_is_unavailable(kind: str, cdn: Cdn) -> None:
    place = place_of(kind, cdn)
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    error = await refusal_of(kind, Place(nobody, place.secret, place.scope))
    assert isinstance(error, ProviderUnavailable)
    assert "no connection" in error.log


@contextmanager
def stranger(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Answer everything the same; give the base URL and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> object:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def answer(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@real
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html>a captive portal</html>", {"Content_Type": "text/html"}),
        (200, b"{}", {"Content_Type": "application/json"}),
        (200, b"null", {"Content_Type": "application/json"}),
        (302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
        (204, b"", {}),
    ],
    ids=["a page", "an empty document", "null", "a redirect", "nothing"],
)
async def test_a_stranger_who_says_yes_is_never_an_acceptance(
    kind: str, cdn: Cdn, status: int, body: bytes, headers: dict[str, str]
) -> None:
    place = place_of(kind, cdn)
    with stranger(status, body, **headers) as (base_url, asked):
        await refusal_of(kind, Place(base_url, place.secret, place.scope))
    assert len(asked) == 1


@vendors
async def test_a_vendors_text_that_repeats_the_token_is_told_without_it(
    kind: str, cdn: Cdn
) -> None:
    place = place_of(kind, cdn)
    echo = f'{{"msg":"{WRONG} is\\nno token","errors":[{{"code":1,"message":"{WRONG} is no"}}]}}'
    with stranger(400, echo.encode(), Content_Type="application/json") as (base_url, _):
        error = await refusal_of(kind, Place(base_url, WRONG, place.scope))
    assert isinstance(error, ProviderRefused)
    assert WRONG not in str(error)
    assert "[secret]" in error.log
    assert "\n" not in error.log


async def test_cloudflares_client_is_not_misled_by_the_accounts_of_the_environment(
    cdn: Cdn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_EMAIL", "someone@example.com")
    monkeypatch.setenv("CLOUDFLARE_API_KEY", "another")
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1")
    provider = opened("cloudflare", place_of("cloudflare", cdn))
    assert (await provider.send(one(Kind.TAG, f"n-{TENANT}x"))).ids
    await provider.close()


async def test_the_plans_limit_is_enforced_and_said(tmp_path: Path) -> None:
    if find_missing() is not None:
        missing(str(find_missing()))
    accounts = Accounts(cloudflare_plan="free", fastly_per_hour=3, hosts=(HOST,))
    with running_cdn(tmp_path, accounts, now=lambda: 1_800_000_000.0) as cdn:
        for kind, allowed in (("cloudflare", 25), ("fastly", 3)):
            provider = opened(kind, place_of(kind, cdn))
            for _ in range(allowed):
                await provider.send(one(Kind.TAG, f"n-{TENANT}x"))
            with pytest.raises(ProviderBusy) as caught:
                await provider.send(one(Kind.TAG, f"n-{TENANT}x"))
            await provider.close()
            assert 0 <= caught.value.retry_after_s <= 3_600
            assert cdn.calls()[-1]["status"] == 429
