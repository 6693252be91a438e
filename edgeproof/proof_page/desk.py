"""What the proof page asks of the running origin: products, a proof sheet, an order, its state."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from cache_keys.design import canonical_json
from cache_keys.design_look import DesignLook, PhotoLook
from edgeproof.print_words import size_words
from edgeproof.wiring import Origin
from origin.flow.print_jobs import ProofSheet, make_proof_sheet
from origin.flow.prints import Decided, Order, added_profile, lent_source
from origin.printing.plan import effective_dpi
from origin.printing.product import Product
from origin.printing.values import Check
from origin.prints import PrintRecord
from origin.render.geometry import SHARE
from origin.routes.prints import document_of
from origin.values import Photo, Tenant

#: Of the page's longer side: a laptop's window, and twice a phone's.
SIDE_PX: Final = 1_100


@dataclass(frozen=True, slots=True)
class ProofDesk:
    """The print lane as the proof page sees it. owner: whose the designs and prints are."""

    origin: Origin
    owner: str

    def products(self) -> list[dict[str, object]]:
        """Return the products that can be ordered, by title."""
        found = sorted(self.origin.printing.products.all(), key=lambda one: one.title)
        return [{"product": one.reference, "title": one.title} for one in found]

    async def proof(self, tenant: Tenant, order: Order) -> dict[str, object]:
        """Return the page of a print with its lines, its checks and its pictures."""
        order = await self._with_crop(tenant, order)
        printing, settings = self.origin.printing, self.origin.settings
        decided = await printing.prints.decide(tenant, order)
        async with lent_source(self.origin.stores.sources, decided.asset) as source:
            sheet = await printing.pool.run(
                make_proof_sheet,
                decided.document,
                SIDE_PX,
                source,
                added_profile(settings.profiles_path, decided.recipe.colour.profile),
                settings.preflight_limits,
                deadline_s=settings.print_deadline_s,
            )
        return {"design": order.design, **sheet_document(decided, sheet)}

    async def order(self, tenant: Tenant, order: Order) -> dict[str, object]:
        """Order the print and return its document."""
        order = await self._with_crop(tenant, order)
        record, is_new = await self.origin.printing.prints.order(tenant, order)
        if is_new:
            self.origin.printing.work.wake()
        return self._document(record)

    async def look(self, tenant: Tenant, print_id: str) -> dict[str, object]:
        """Return where a print is."""
        return self._document(await self.origin.printing.prints.find(tenant.name, print_id))

    async def _with_crop(self, tenant: Tenant, order: Order) -> Order:
        """Give a bare photo the largest crop of the product's shape, as a design."""
        if order.design is not None:
            return Order(order.asset, order.product, order.design, self.owner)
        product = self.origin.printing.products.by_reference(order.product)
        asset = await self.origin.printing.prints.photo(tenant.name, order.asset)
        look = DesignLook(PhotoLook(order.asset, middle_crop(asset.photo, product)))
        body = canonical_json(look)
        stored = await self.origin.personalize.take(tenant, body, owner=self.owner)
        return Order(order.asset, order.product, stored.design, self.owner)

    def _document(self, record: PrintRecord) -> dict[str, object]:
        return document_of(record, self.origin.printing.links)


def middle_crop(photo: Photo, product: Product) -> tuple[int, int, int, int]:
    """Return the largest crop of a product's shape about the photo's middle, in 1/100000."""
    width, height = photo.width_px, photo.height_px
    trim = product.trim_for(is_landscape=width >= height)
    share = Fraction(trim[0] * height, trim[1] * width)  # of the width, at the whole height
    w = SHARE if share >= 1 else max(1, int(share * SHARE))
    h = SHARE if share <= 1 else max(1, int(SHARE / share))
    return (SHARE - w) // 2, (SHARE - h) // 2, w, h


def sheet_document(decided: Decided, sheet: ProofSheet) -> dict[str, object]:
    """Return what the page draws: lines in shares of the page, checks, pictures as base64."""
    recipe, pictures = decided.recipe, sheet.pictures
    dpi = effective_dpi(recipe.photo, recipe.look, recipe.trim_um)
    return {
        "product": recipe.product,
        "title": recipe.title,
        "size": size_words(recipe.trim_um),
        "colour": recipe.colour.output_condition,
        "is_press": recipe.colour.space == "cmyk",
        "dpi": int(dpi),
        "dpi_wanted": recipe.dpi,
        "bleed_mm": recipe.bleed_um / 1_000,
        "safe_mm": recipe.safe_um / 1_000,
        "trim": insets(recipe.trim_um, recipe.bleed_um, recipe.bleed_um),
        "safe": insets(recipe.trim_um, recipe.bleed_um, recipe.bleed_um + recipe.safe_um),
        "checks": [check_document(check) for check in in_order(sheet.checks)],
        "alarm_share": pictures.alarm_share,
        "width": pictures.width_px,
        "height": pictures.height_px,
        "before": _text(pictures.before),
        "after": _text(pictures.after),
        "alarm": _text(pictures.alarm),
    }


def insets(trim_um: tuple[int, int], bleed_um: int, inset_um: int) -> list[float]:
    """Return how far a rectangle lies inside the page, across and down, in shares of the page."""
    return [round(inset_um / (side + 2 * bleed_um), 6) for side in trim_um]


def in_order(checks: Sequence[Check]) -> list[Check]:
    """Return what stops a print first, then warnings, notes, and what is well."""
    places = ("block", "warn", "note", None)
    return sorted(checks, key=lambda check: places.index(check.severity))


def check_document(check: Check) -> Mapping[str, Any]:
    """Return one check for the page."""
    return {
        "code": check.code,
        "severity": check.severity.value if check.severity else "ok",
        "words": check.words,
    }


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
