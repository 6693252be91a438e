"""What workers run for the preflight: look at a photo as a product would print it, or at a PDF."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from cache_keys.design_look import Crop, DesignLook, PhotoLook
from origin.ingest.caps import Caps
from origin.printing.pdfx_rules.finding import Finding
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.product import Product
from origin.printing.values import Check
from origin.values import Photo

SHARE: Final = 100_000
NO_ASSET: Final = "a" * 26
"""A bare file has no id; nothing of a recipe made here is kept."""


def load() -> None:
    """Import what these jobs need; no pixel is touched and no thread begins."""
    import origin.ingest.guard
    import origin.printing.decide
    import origin.printing.pdfx_rules.run
    import origin.printing.preflight.run  # noqa: F401
    from origin.flow.jobs import load as load_previews

    load_previews()


def check_photo(
    source: Path,
    caps: Caps,
    product: Product,
    look: DesignLook | None,
    added_profile: Path | None,
    limits: PreflightLimits,
) -> tuple[Check, ...]:
    """Return every check of a photo on a product.

    look: None, or one without a crop, prints as much of the photo as the sheet's shape takes,
    about its centre. added_profile: the file of the product's profile where a shop added it.
    Raises PhotoRefused, DesignError, BadDocument, NotFound: it cannot be printed so.
    """
    from origin.ingest.guard import guard
    from origin.printing.decide import Subject, make_recipe
    from origin.printing.preflight.run import preflight
    from origin.printing.profiles import Profiles

    photo = guard(source, caps).photo
    asked = look or DesignLook(PhotoLook(NO_ASSET))
    if asked.photo.crop is None:
        asked = replace(asked, photo=replace(asked.photo, crop=covering(photo, asked, product)))
    lent = {} if added_profile is None else {product.colour.profile: added_profile}
    profiles = Profiles(lent=lent)
    lenient = replace(product, dpi_floor=0)  # too few px are a finding here, not a refusal
    subject = Subject(asked.photo.asset, "0" * 64, 0, photo)
    recipe = make_recipe(subject, asked, lenient, source, profiles, "preflight")
    return preflight(recipe, source, profiles, limits, dpi_floor=product.dpi_floor)


def check_pdf(path: Path) -> tuple[Finding, ...]:
    """Return the rules that a PDF breaks; raises BadDocument 422 "print.pdf"."""
    from origin.printing.pdfx_rules.run import broken_rules

    return broken_rules(path.read_bytes())


def covering(photo: Photo, look: DesignLook, product: Product) -> Crop:
    """Return the largest crop about the centre that has the shape of the sheet."""
    is_sideways = look.photo.turn in (90, 270)
    width, height = photo.width_px, photo.height_px
    seen = (height, width) if is_sideways else (width, height)
    trim = look.sheet_um or product.trim_for(is_landscape=seen[0] >= seen[1])
    wanted = Fraction(*trim[::-1]) if is_sideways else Fraction(*trim)
    own = Fraction(width, height)
    across = SHARE if own <= wanted else round(SHARE * wanted / own)
    down = SHARE if own >= wanted else round(SHARE * own / wanted)
    return (SHARE - across) // 2, (SHARE - down) // 2, across, down
