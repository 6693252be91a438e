"""A product that is printed: its sheet, and how the photo meets the knife."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cache_keys import policy
from cache_keys.design_schema import SHEET_UM
from cache_keys.document import Node, in_units, parse_json, scaled

NAME: Final = re.compile(policy.NAME)
VERSION_MAX: Final = 9_999
MARGIN_UM_MAX: Final = 100_000
"""Bleed and safe area, 10 cm: canvas that is folded around a stretcher takes the most."""


@dataclass(frozen=True, slots=True)
class Product:
    """One version of a product; a version never changes. Lengths in µm.

    trim_um: width and height after cutting, as the customer holds it. bleed_um: photo beyond the
    trim on every side. safe_um: how far inside the trim nothing important should be.
    """

    name: str
    version: int
    trim_um: tuple[int, int]
    bleed_um: int
    safe_um: int

    @property
    def page_um(self) -> tuple[int, int]:
        """Return the sides with the bleed."""
        return self.trim_um[0] + 2 * self.bleed_um, self.trim_um[1] + 2 * self.bleed_um


def read_product(body: bytes) -> Product:
    """Read a product definition (JSON); lengths may be in µm, mm or inches.

    Raises DesignError 422 ``product.*`` with the JSON pointer of the field.
    """
    root = parse_json(body, "product")
    fields = root.fields(("name", "version", *in_units("trim", "bleed", "safe")))
    trim = fields.length("trim")
    if trim is None:
        absent = Node("product", "/trim_um", None)
        absent.refuse("missing_field", "This field is needed.")
    width, height = (scaled(side, trim[1], *SHEET_UM) for side in trim[0].items(2, 2))
    safe_um = fields.length_um("safe", 0, MARGIN_UM_MAX, 0)
    if 2 * safe_um >= min(width, height):
        root.refuse("safe", "The safe area leaves nothing of the sheet.")
    return Product(
        name=fields.need("name").match(NAME, "A name is 1 to 20 of a-z, 0-9 and -, first no -."),
        version=fields.need("version").integer(1, VERSION_MAX),
        trim_um=(width, height),
        bleed_um=fields.length_um("bleed", 0, MARGIN_UM_MAX, 0),
        safe_um=safe_um,
    )
