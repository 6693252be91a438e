"""Orders of prints: decide the recipe, record it, and say later what became of it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cache_keys.design import read_design
from cache_keys.design_look import DesignLook, PhotoLook
from origin.errors import BadDocument, Gone, NotFound, PhotoRefused, StoreUnavailable
from origin.flow.print_jobs import decide_print
from origin.ports import AssetRecords, DesignRecords, SourceStore, Workers
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.recipe import Recipe, read_recipe, recipe_id
from origin.prints import PrintLane, PrintRecord, PrintRecords, PrintRequest, PrintState
from origin.values import Asset, Tenant

#: Formats whose colours a press defines: a careful eye, so a careful lane.
CAREFUL_SPACE = "cmyk"


class Records(AssetRecords, DesignRecords, PrintRecords, Protocol):
    """The records that an order reads and writes."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be printed. design: None is the photo as it is. owner: None is all of its own."""

    asset: str
    product: str
    design: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A print that could be made: its photo, its recipe and the recipe's canonical JSON."""

    asset: Asset
    product: Product
    recipe: Recipe
    document: bytes


@dataclass(frozen=True, slots=True)
class PrintParts:
    """What an order needs. profiles_folder: of the profiles that a shop has added."""

    records: Records
    sources: SourceStore
    workers: Workers
    products: Products
    profiles_folder: Path


class Prints:
    """Takes orders and answers about them."""

    def __init__(
        self,
        parts: PrintParts,
        *,
        engine: str,
        deadline_s: float,
        fast_px_max: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        """deadline_s: of deciding one recipe. fast_px_max: the largest page of the fast lane."""
        self._parts = parts
        self._engine = engine
        self._deadline_s = deadline_s
        self._fast_px_max = fast_px_max
        self._now = now

    async def order(
        self, tenant: Tenant, order: Order, request: PrintRequest | None = None
    ) -> tuple[PrintRecord, bool]:
        """Record an order and return the print, and whether it is new.

        The same key with the same body, and an equal order, give the same print. Raises NotFound
        ("product.unknown", "asset.unknown", "design.unknown"), Gone, PhotoRefused, DesignError
        and BadDocument for what cannot be printed so.
        """
        if request is not None:
            known = await self._parts.records.print_of_request(tenant.name, request)
            if known is not None:
                return known, False
        decided = await self.decide(tenant, order)
        recipe = decided.recipe
        record = PrintRecord(
            tenant=tenant.name,
            print_id=recipe_id(tenant.id_key, decided.document),
            assets=(order.asset,),
            design=order.design,
            product=recipe.product,
            engine=recipe.engine,
            lane=self._lane(recipe),
            recipe=decided.document,
            created_at_s=int(self._now()),
        )
        return await self._parts.records.add_print(record, owner=order.owner, request=request)

    async def decide(self, tenant: Tenant, order: Order) -> Decided:
        """Return what would be printed, and order nothing; raises what ``order`` raises."""
        product = self._parts.products.by_reference(order.product)
        asset = await self.photo(tenant.name, order.asset)
        look = await self._look(tenant.name, order)
        async with lent_source(self._parts.sources, asset) as source:
            document = await self._parts.workers.run(
                decide_print,
                asset,
                look,
                product,
                self._engine,
                source,
                added_profile(self._parts.profiles_folder, product.colour.profile),
                deadline_s=self._deadline_s,
            )
        return Decided(asset, product, read_recipe(document), document)

    async def photo(self, tenant: str, name: str) -> Asset:
        """Return a photo that may be printed; raises NotFound, Gone, PhotoRefused."""
        asset = await self._parts.records.asset(tenant, name)
        if asset is None:
            raise NotFound("asset.unknown", field="asset")
        if asset.is_erased:
            raise Gone("asset.erased", field="asset")
        if asset.is_quarantined:
            raise PhotoRefused("photo.quarantined", field="asset")
        return asset

    async def find(self, tenant: str, print_id: str) -> PrintRecord:
        """Return a print; raises NotFound "print.unknown", Gone "print.erased"."""
        record = await self._parts.records.print_record(tenant, print_id)
        if record is None:
            raise NotFound("print.unknown")
        if record.state is PrintState.ERASED:
            raise Gone("print.erased")
        return record

    async def resume(self, tenant: str, print_id: str) -> PrintRecord:
        """Put a paused or refused print back into the queue.

        Raises NotFound, Gone, BadDocument 409 "print.resume".
        """
        resumed = await self._parts.records.resume_print(tenant, print_id)
        if resumed is None:
            record = await self.find(tenant, print_id)
            raise BadDocument("print.resume", f"This print is {record.state.value}.")
        return resumed

    async def _look(self, tenant: str, order: Order) -> DesignLook:
        if order.design is None:
            return DesignLook(PhotoLook(order.asset))
        record = await self._parts.records.design(tenant, order.design)
        if record is None or record.asset != order.asset:
            raise NotFound("design.unknown", field="design")
        return read_design(record.look).look

    def _lane(self, recipe: Recipe) -> PrintLane:
        width, height = recipe.page_px
        is_small = width * height <= self._fast_px_max
        is_careful = recipe.colour.space == CAREFUL_SPACE or not is_small
        return PrintLane.CAREFUL if is_careful else PrintLane.FAST


def added_profile(folder: Path | None, name: str) -> Path | None:
    """Return the file of a profile that the shop added, None for one that comes along."""
    path = None if folder is None else folder / f"{name}.icc"
    return path if path is not None and path.is_file() else None


@asynccontextmanager
async def lent_source(sources: SourceStore, asset: Asset) -> AsyncIterator[Path]:
    """Lend the untouched upload; raises StoreUnavailable "store.damaged" when it is not there."""
    async with sources.local_path(asset.tenant, asset.asset) as path:
        if path is None:
            raise StoreUnavailable("store.damaged", log=f"no source of {asset.asset}")
        yield path
