"""Which token may purge what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from edgeproof.purge_access import check_auditor, check_operator, check_purge
from origin.errors import Unauthorized
from origin.ports import TokenRecord
from purge.values import Subject, What

pytestmark = pytest.mark.anyio
ASSET, FOREIGN = "a" * 52, "b" * 52


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def token(tenant: str, *scopes: str) -> TokenRecord:
    return TokenRecord("t", "digest", tenant, scopes, 0, None)


async def owners(subjects: Sequence[Subject]) -> Mapping[Subject, Sequence[str]]:
    """The records know one photo of acme and one of zeta."""
    known = {f"a-{ASSET}": [f"acme/{ASSET}"], f"a-{FOREIGN}": [f"zeta/{FOREIGN}"]}
    return {one: known[one.name] for one in subjects if one.name in known}


async def may(record: TokenRecord, *subjects: Subject) -> bool:
    try:
        await check_purge(record, subjects, owners)
    except Unauthorized:
        return False
    return True


PATH = f"/v1/acme/{ASSET}/w_320.jpg"
URL = Subject(What.URL, "", PATH)
ONE = Subject(What.ASSET, "acme", ASSET)
SHOP = Subject(What.TENANT, "acme")
ENGINE = Subject(What.ENGINE, "", "v1")
EVERYTHING = Subject(What.ALL)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("purge:url", [True, False, False, False, False]),
        ("purge:tag", [True, True, False, False, False]),
        ("purge:tenant", [True, True, True, False, False]),
        ("purge:all", [True, True, True, True, True]),
        ("assets", [False] * 5),
        ("audit:read", [False] * 5),
    ],
)
async def test_a_wider_scope_may_do_what_the_narrower_ones_may(
    scope: str, allowed: list[bool]
) -> None:
    record = token("*", scope)
    assert [await may(record, one) for one in (URL, ONE, SHOP, ENGINE, EVERYTHING)] == allowed


@pytest.mark.parametrize(
    ("subject", "is_allowed"),
    [
        (ONE, True),
        (Subject(What.ASSET, "zeta", FOREIGN), False),
        (SHOP, True),
        (Subject(What.TENANT, "zeta"), False),
        (URL, True),
        (Subject(What.URL, "", f"https://img.example{PATH}?exp=1"), True),
        (Subject(What.URL, "", PATH.replace("acme", "zeta")), False),
        (Subject(What.PREFIX, "", "/v1/zeta/"), False),
        (Subject(What.TAG, "", "n-acme"), True),
        (Subject(What.TAG, "", "n-zeta"), False),
        (Subject(What.TAG, "", "t-acme.card~1"), True),
        (Subject(What.TAG, "", "t-zeta.card~1"), False),
        (Subject(What.TAG, "", f"a-{ASSET}"), True),
        (Subject(What.TAG, "", f"a-{FOREIGN}"), False),
        (Subject(What.TAG, "", f"a-{'c' * 52}"), False),
        (Subject(What.TAG, "", "something"), False),
        (ENGINE, False),
        (EVERYTHING, False),
        (Subject(What.TAG, "", "all"), False),
        (Subject(What.PREFIX, "", "/v1/"), False),
    ],
)
async def test_a_shops_token_purges_that_shop_only(subject: Subject, *, is_allowed: bool) -> None:
    assert await may(token("acme", "purge:all"), subject) is is_allowed


async def test_one_foreign_subject_refuses_all_of_them() -> None:
    assert not await may(token("acme", "purge:tag"), ONE, Subject(What.TAG, "", f"a-{FOREIGN}"))


@pytest.mark.parametrize("tenant", ["acme", "*"])
@pytest.mark.parametrize("scope", ["purge:all", "audit:read"])
async def test_the_audit_and_the_dead_letters_are_of_all_shops(tenant: str, scope: str) -> None:
    for check, wanted in ((check_auditor, "audit:read"), (check_operator, "purge:all")):
        if (tenant, scope) == ("*", wanted):
            check(token(tenant, scope))
        else:
            with pytest.raises(Unauthorized):
                check(token(tenant, scope))
