"""TenantRecords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from origin.errors import BadDocument
from tests.contract.conftest import Records
from tests.contract.samples import TENANT

pytestmark = pytest.mark.anyio


async def test_an_unknown_shop_is_none(records: Records) -> None:
    assert await records.tenant("acme") is None
    assert list(await records.tenants()) == []


async def test_a_shop_comes_back_whole(records: Records) -> None:
    shop = replace(
        TENANT,
        id_key=bytes(range(32)),
        is_public=True,
        keeps_copyright=True,
        browser_max_age_s=60,
        exp_bucket_s=3600,
    )
    await records.add_tenant(shop)
    assert await records.tenant("acme") == shop


async def test_shops_are_listed_by_name(records: Records) -> None:
    for name in ("zeta", "acme", "m-1"):
        await records.add_tenant(replace(TENANT, name=name))
    assert [shop.name for shop in await records.tenants()] == ["acme", "m-1", "zeta"]


async def test_a_second_shop_of_one_name_is_refused_and_changes_nothing(records: Records) -> None:
    await records.add_tenant(TENANT)
    with pytest.raises(BadDocument, match=r"tenant\.exists"):
        await records.add_tenant(replace(TENANT, id_key=b"x" * 32))
    assert await records.tenant("acme") == TENANT


async def test_a_shop_is_suspended_and_taken_back(records: Records) -> None:
    await records.add_tenant(TENANT)
    assert await records.update_tenant("acme", is_suspended=True)
    assert await records.tenant("acme") == replace(TENANT, is_suspended=True)
    assert await records.update_tenant("acme", is_suspended=False)
    assert await records.tenant("acme") == TENANT


async def test_an_unknown_shop_cannot_be_suspended(records: Records) -> None:
    assert not await records.update_tenant("acme", is_suspended=True)


async def test_what_belongs_to_a_suspension_is_committed_with_it_or_not_at_all(
    records: Records,
) -> None:
    await records.add_tenant(TENANT)
    seen: list[object] = []

    async def also(_: object, moved: Mapping[str, int]) -> None:
        seen.append(dict(moved))
        if len(seen) == 1:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await records.update_tenant("acme", is_suspended=True, also=also)
    assert await records.tenant("acme") == TENANT
    assert not await records.update_tenant("nobody", is_suspended=True, also=also)
    assert await records.update_tenant("acme", is_suspended=True, also=also)
    assert seen == [{}, {}], "not for a shop that there is not"


async def test_the_secret_of_a_shop_is_not_in_its_words() -> None:
    assert "kkkk" not in repr(TENANT)
