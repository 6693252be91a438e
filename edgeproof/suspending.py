"""Suspends a shop everywhere: at the origin, and in the same transaction for every cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeproof import settings
from edgeproof.erase_run import this_account
from edgeproof.purging import open_purging
from edgeproof.wiring import open_stores
from purge.desk import Wish
from purge.values import Mode, Subject, What

REASON = "shop suspended"


async def suspended(name: str) -> str | None:
    """Suspend a shop and return the order of its purge; None when there is none of that name.

    No generation moves: what the origin has stored is right again when the shop is resumed.
    """
    loaded = settings.load()
    wish = Wish(Mode.HARD, by=this_account(), reason=REASON, is_takedown=True)
    ordered: list[str] = []
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_purging(loaded, stores.database) as purging,
    ):

        async def also(connection: Any, moved: Mapping[str, int]) -> None:
            subjects = [Subject(What.TENANT, name)]
            order = await purging.desk.order_in(connection, subjects, wish, generations=moved)
            ordered.append(order.order)

        await stores.records.update_tenant(name, is_suspended=True, also=also)
    return ordered[-1] if ordered else None


async def resumed(name: str) -> bool:
    """Answer for a shop again; False when there is none of that name."""
    async with open_stores(settings.load(), is_new_allowed=False) as stores:
        return await stores.records.update_tenant(name, is_suspended=False)
