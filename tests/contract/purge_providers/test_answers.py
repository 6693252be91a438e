"""What the vendors say beside yes: rates, failures, yes without a deed."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.local_varnish import find_missing
from edgeproof.cdn_double.desk import Accounts
from purge.errors import ProviderBusy, ProviderUnavailable
from purge.ports import Provider
from purge.values import Kind
from tests.conftest import missing
from tests.contract.purge_providers.place import Place, one, opened, place_of, vendors
from tests.edge.cdn import HOST, TENANT, Cdn, asset_called, eventually, path_of, running_cdn

pytestmark = pytest.mark.anyio


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
