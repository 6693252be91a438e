"""Which token may purge what: scopes from narrow to wide, and one shop's tokens only that shop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from edgeproof.purge_words import is_everything, is_of_a_whole_shop
from origin.errors import Unauthorized
from origin.flow.tokens import PURGE_SCOPES
from origin.ports import TokenRecord
from purge.values import OrderStatus, Subject, What

AUDIT = "audit:read"
#: The token's tenant that stands for all of them.
EVERY_SHOP = "*"
URL, TAG, TENANT, ALL = PURGE_SCOPES

#: Whose photos tags name: subject to ``tenant/asset``s, as Catalogue.assets answers.
Owners = Callable[[Sequence[Subject]], Awaitable[Mapping[Subject, Sequence[str]]]]


def scope_of(subject: Subject) -> str:
    """Return the narrowest scope that allows a purge. Engines are of all shops."""
    is_engine = subject.what is What.ENGINE or (
        subject.what is What.TAG and subject.name.startswith("e-")
    )
    if is_engine or is_everything(subject):
        return ALL
    if is_of_a_whole_shop(subject):
        return TENANT
    return URL if subject.what is What.URL else TAG


def check_purger(record: TokenRecord) -> None:
    """Raise Unauthorized unless the token may purge anything at all."""
    if not set(record.scopes) & set(PURGE_SCOPES):
        raise Unauthorized("api.token_scope")


def check_auditor(record: TokenRecord) -> None:
    """Raise Unauthorized unless the token may read the audit, which is of all shops."""
    if AUDIT not in record.scopes or record.tenant != EVERY_SHOP:
        raise Unauthorized("api.token_scope")


def check_operator(record: TokenRecord) -> None:
    """Raise Unauthorized unless the token may purge everything everywhere."""
    if ALL not in record.scopes or record.tenant != EVERY_SHOP:
        raise Unauthorized("api.token_scope")


def check_reader(record: TokenRecord, status: OrderStatus, name: str) -> None:
    """Raise Unauthorized unless the token may see an order: its shop's, or its own."""
    if AUDIT not in record.scopes:
        check_purger(record)
    if record.tenant not in {EVERY_SHOP, status.order.tenant} and status.order.by != name:
        raise Unauthorized("api.token_scope")


async def check_purge(record: TokenRecord, subjects: Sequence[Subject], owners: Owners) -> None:
    """Raise Unauthorized unless the token may purge all of these."""
    widest = max((PURGE_SCOPES.index(s) for s in record.scopes if s in PURGE_SCOPES), default=-1)
    if any(PURGE_SCOPES.index(scope_of(subject)) > widest for subject in subjects):
        raise Unauthorized("api.token_scope")
    if record.tenant == EVERY_SHOP:
        return
    unsaid = [one for one in subjects if (shop := shop_of(one)) != record.tenant and not shop]
    if any(shop_of(subject) not in {"", record.tenant} for subject in subjects):
        raise Unauthorized("api.token_scope")
    found = await owners(unsaid) if unsaid else {}
    for subject in unsaid:
        shops = {name.partition("/")[0] for name in found.get(subject, ())}
        if shops != {record.tenant}:
            raise Unauthorized("api.token_scope")


def shop_of(subject: Subject) -> str:
    """Return the shop that a subject itself names, nothing when only the records know it."""
    if subject.tenant:
        return subject.tenant
    name = subject.name
    if subject.what in {What.URL, What.PREFIX}:
        return name[name.find("/v1/") :].split("/")[2]
    if subject.what is What.TAG and name.startswith("n-"):
        return name[2:]
    if subject.what is What.TAG and name.startswith("t-"):
        return name[2:].partition(".")[0]
    return ""
