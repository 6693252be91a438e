"""DesignRecords and TokenRecords."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from origin.errors import BadDocument, Gone, NotFound
from origin.ports import DesignRecord, TokenRecord
from tests.contract.conftest import NOW_S, Records
from tests.contract.samples import ASSET, with_photo

pytestmark = pytest.mark.anyio
LOOK = '{"caption":{"text":"Zoë & ✨"}}'.encode()
DESIGN = DesignRecord("acme", "d" * 52, ASSET, LOOK, "anna", 1_790_000_000)
TOKEN = TokenRecord("ci", "a" * 64, "acme", ("assets:write", "designs:write"), 1, None)


async def test_an_unknown_design_is_none(records: Records) -> None:
    assert await records.design("acme", DESIGN.design) is None


async def test_a_design_comes_back_to_the_byte(records: Records) -> None:
    await with_photo(records)
    await records.add_design(DESIGN)
    assert await records.design("acme", DESIGN.design) == DESIGN
    assert await records.design("other", DESIGN.design) is None


async def test_the_same_design_may_come_again_from_anyone(records: Records) -> None:
    await with_photo(records)
    await records.add_design(DESIGN)
    await records.add_design(replace(DESIGN, owner="ben", created_at_s=1_800_000_000))
    assert await records.design("acme", DESIGN.design) == DESIGN


async def test_a_design_of_an_unknown_photo_is_refused(records: Records) -> None:
    with pytest.raises(NotFound, match=r"asset\.unknown"):
        await records.add_design(DESIGN)


async def test_a_design_of_an_erased_photo_is_refused_and_not_kept(records: Records) -> None:
    await with_photo(records)
    await records.mark_erased("acme", ASSET)
    with pytest.raises(Gone, match=r"asset\.erased"):
        await records.add_design(DESIGN)
    assert await records.design("acme", DESIGN.design) is None


async def test_designs_that_come_while_their_photo_is_erased_do_not_outlive_it(
    records: Records,
) -> None:
    await with_photo(records)
    many = [replace(DESIGN, design=f"{number:052d}") for number in range(12)]
    adding = [records.add_design(design) for design in many]
    erasing = records.mark_erased("acme", ASSET)
    await asyncio.gather(*adding[:6], erasing, *adding[6:], return_exceptions=True)
    assert [await records.design("acme", design.design) for design in many] == [None] * 12


async def test_an_unknown_token_is_none(records: Records) -> None:
    assert await records.token(TOKEN.token_sha256) is None


async def test_a_token_comes_back_whole(records: Records) -> None:
    await records.add_token(TOKEN)
    assert await records.token(TOKEN.token_sha256) == TOKEN


async def test_tokens_are_listed_by_name(records: Records) -> None:
    await records.add_token(replace(TOKEN, name="z", token_sha256="f" * 64))
    await records.add_token(TOKEN)
    assert [token.name for token in await records.tokens()] == ["ci", "z"]


async def test_a_second_token_of_one_name_is_refused(records: Records) -> None:
    await records.add_token(TOKEN)
    with pytest.raises(BadDocument, match=r"api\.parameter") as caught:
        await records.add_token(replace(TOKEN, token_sha256="b" * 64))
    assert caught.value.field == "name"
    assert await records.token("b" * 64) is None


async def test_a_revoked_token_says_when(records: Records) -> None:
    await records.add_token(TOKEN)
    assert await records.revoke_token("ci")
    revoked = replace(TOKEN, revoked_at_s=int(NOW_S))
    assert await records.token(TOKEN.token_sha256) == revoked


async def test_revoking_again_is_harmless_and_an_unknown_name_is_told(records: Records) -> None:
    await records.add_token(replace(TOKEN, revoked_at_s=5))
    assert await records.revoke_token("ci")
    token = await records.token(TOKEN.token_sha256)
    assert token is not None
    assert token.revoked_at_s == 5
    assert not await records.revoke_token("nobody")
