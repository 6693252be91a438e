"""Tags that nothing of ours carries: sent all the same, but whoever mistyped one should know."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cache_keys import policy, tags
from edgeproof.purge_access import shop_of
from edgeproof.purge_catalogue import SqlCatalogue
from origin.ports import TenantRecords
from purge.ports import Transactions
from purge.values import Subject, What

#: Of more tags than this only the form is looked at: each photo or design is a look-up.
LOOKED_UP_MAX = 1_000
#: Tags are functions of URL and engine only, so there are no others.
_FORM = re.compile(
    f"{tags.ALL}|a-{policy.HASH}|d-{policy.HASH}|n-{policy.TENANT}|e-{policy.ENGINE}"
    f"|t-{policy.TENANT}\\.{policy.NAME}~{policy.VER}"
)


async def unknown_tags(
    records: TenantRecords, purges: Transactions, subjects: Sequence[Subject]
) -> list[str]:
    """Return the tags that are of no form of ours, or name a shop, photo or design that is unknown.

    Raises QueueUnavailable.
    """
    named = [subject for subject in subjects if subject.what is What.TAG]
    strange = [one.name for one in named if _FORM.fullmatch(one.name) is None]
    if not named or len(named) > LOOKED_UP_MAX:
        return strange
    shops = {tenant.name for tenant in await records.tenants()}
    strange += [one.name for one in named if shop_of(one) not in shops | {""}]
    ours = [one for one in named if one.name[:2] in {"a-", "d-"} and one.name not in strange]
    if not ours:
        return strange
    found = await purges.write(lambda connection: SqlCatalogue().assets(connection, ours))
    return strange + [one.name for one in ours if one not in found]
