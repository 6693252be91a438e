"""A posted design: read, normalise, check against its photo, store under the id of its look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from cache_keys.design import CanonicalDesign, read_design
from cache_keys.ids import design_id
from cache_keys.presets import layer
from cache_keys.transform import Transform
from origin.errors import Gone, NotFound
from origin.ports import AssetRecords, DesignRecord, DesignRecords
from origin.render.fonts import check_caption
from origin.render.plan import plan
from origin.values import Asset, Tenant


@dataclass(frozen=True, slots=True)
class StoredDesign:
    """What the API answers: the id, and whether the photo is large enough to be looked at."""

    design: str
    asset: str


class Personalize:
    """Takes designs in."""

    def __init__(
        self, designs: DesignRecords, assets: AssetRecords, *, now: Callable[[], float] = time.time
    ) -> None:
        self._designs = designs
        self._assets = assets
        self._now = now

    async def take(self, tenant: Tenant, body: bytes, *, owner: str) -> StoredDesign:
        """Store a design and return its id; equal looks have equal ids.

        Raises DesignError with a code and the field, NotFound "asset.unknown", Gone.
        """
        design = read_design(body)
        asset = await self._asset(tenant, design)
        # Fonts are read from disk the first time, which takes half a second.
        await asyncio.to_thread(check_against_photo, design, asset)
        name = design_id(tenant.id_key, design.canonical)
        record = DesignRecord(
            tenant.name, name, asset.asset, design.canonical, owner, int(self._now())
        )
        await self._designs.add_design(record)
        return StoredDesign(name, asset.asset)

    async def _asset(self, tenant: Tenant, design: CanonicalDesign) -> Asset:
        asset = await self._assets.asset(tenant.name, design.look.photo.asset)
        if asset is None:
            raise NotFound("asset.unknown", field="/photos/0/asset")
        if asset.is_erased:
            raise Gone("asset.erased")
        return asset


def check_against_photo(design: CanonicalDesign, asset: Asset) -> None:
    """Refuse what could not be rendered: a crop outside the photo, a caption that does not fit."""
    look = layer(None, Transform("jpg", design="", w=320), design.look)
    plan(asset.photo, look, None)
    if design.look.caption is not None:
        check_caption(design.look)
