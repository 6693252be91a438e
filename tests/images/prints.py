"""Prints made in tests by the printing functions themselves, from products that come along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.printing.colour import Colouring
from origin.printing.decide import Subject, make_recipe
from origin.printing.input_profile import input_profile_of
from origin.printing.page import finished
from origin.printing.plan import plan_page
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.profiles import Profiles
from origin.printing.recipe import Recipe
from origin.render.pipeline import Clock
from origin.values import Photo

ASSET: Final = "a" * 52
ENGINE: Final = "test"
DATED_S: Final = 1_700_000_000
WHOLE: Final = DesignLook(PhotoLook(ASSET, None, 0, 0, ""))
PROFILES: Final = Profiles()


def product(reference: str = "photo-10x15~1", **changes: Any) -> Product:
    """Return a product that comes along, with other values where asked.

    ``dpi``: the target; then nothing is refused for too few px.
    """
    found = Products().by_reference(reference)
    dpi = changes.pop("dpi", None)
    if dpi is not None:
        changes |= {"dpi_target": dpi, "dpi_floor": 1}
    return replace(found, **changes)


def photo_of(path: Path) -> Photo:
    """Return a photo's facts as intake finds them."""
    return guard(path, Caps()).photo


def recipe_of(path: Path, wanted: Product, look: DesignLook = WHOLE, **facts: Any) -> Recipe:
    """Return the recipe of a print of a file. facts: of the photo, other than intake's."""
    photo = replace(photo_of(path), **facts)
    subject = Subject(ASSET, blake3(path.read_bytes()).hexdigest(), DATED_S, photo)
    return make_recipe(subject, look, wanted, path, PROFILES, ENGINE)


def page_pixels(path: Path, recipe: Recipe) -> NDArray[np.uint8]:
    """Return the page before it is encoded: (h, w, 3) sRGB or (h, w, 4) CMYK."""
    return np.asarray(finished(recipe, plan_page(recipe), path, PROFILES, Clock()).numpy())


def colouring(path: Path, wanted: Product) -> Colouring:
    """Return how an unfiltered photo's colours come to a product."""
    photo = photo_of(path)
    found = input_profile_of(path, photo, PROFILES, wanted)
    return Colouring(photo, found, WHOLE.photo.filters, wanted.colour)
