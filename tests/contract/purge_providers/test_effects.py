"""What each provider's purges do to a real Varnish, the same for all of them."""

from __future__ import annotations

import pytest

from purge.ports import Provider
from purge.values import Kind, Mode
from tests.contract.purge_providers.place import VENDORS, one, real
from tests.edge.cdn import Cdn, asset_called, eventually, path_of

pytestmark = pytest.mark.anyio


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
