"""What a source's numbers mean: its own profile where that fits, else one that is named.

Nothing is guessed silently: the decision is in the recipe, in the checks, and a product may refuse
a photo whose colour had to be assumed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from origin.decode.attached import attached_profile
from origin.decode.open import open_source
from origin.errors import BadDocument
from origin.printing.product import Product
from origin.printing.profiles import Profiles
from origin.printing.recipe import InputProfile, Recipe
from origin.printing.values import Check, Severity
from origin.values import Photo, ProfileStatus

CMYK_ASSUMED: Final = "coated-fogra39"
"""What untagged CMYK is read by: the commonest press condition of Europe. libvips' built-in one is
a chemical proof's and wrong for press files."""
RGB_ASSUMED: Final = "srgb"
"""What untagged RGB and grey are read by, as every browser does (CSS Color 4, 10.1)."""
LAB: Final = "lab-d50"
"""CIELAB says itself what it means."""


def input_profile_of(
    source: Path, photo: Photo, profiles: Profiles, product: Product
) -> InputProfile:
    """Decide what a source's numbers mean. It opens the header, so it runs in a worker.

    A source in the product's very own profile keeps its numbers.
    Raises BadDocument 422 "profile.refused" where the product takes no assumed colour.
    """
    found = _found(source, photo, profiles, product.colour.profile_sha256)
    if is_doubtful(found, photo) and product.profile_rule == "refuse":
        words = f"{product.title} takes only photos whose colour profile can be read."
        raise BadDocument("profile.refused", words, field="/photos/0/asset")
    return found


def is_doubtful(found: InputProfile, photo: Photo) -> bool:
    """Say whether colours may come out otherwise than meant.

    Untagged RGB is sRGB by convention; untagged CMYK could be any press.
    """
    is_open = found.status is ProfileStatus.ASSUMED and photo.space == "cmyk"
    return found.status is ProfileStatus.REJECTED or is_open


def check_profile(recipe: Recipe) -> Check:
    """Return the decision as a check, in a customer's words. measured: 1 when it is doubtful."""
    found, photo = recipe.input_profile, recipe.photo
    doubtful = is_doubtful(found, photo)
    words = {
        ProfileStatus.EMBEDDED: "The photo says itself what its colours mean.",
        ProfileStatus.ASSUMED: f"The photo has no colour profile; it is read as {found.name}.",
        ProfileStatus.REJECTED: (
            f"The photo's own colour profile does not fit it; it is read as {found.name}."
        ),
    }[found.status]
    severity = Severity.WARN if doubtful else None
    return Check("preflight.profile", severity, float(doubtful), 0.0, "", words)


def _found(source: Path, photo: Photo, profiles: Profiles, target: str) -> InputProfile:
    status = photo.profile_status
    if status is ProfileStatus.EMBEDDED:
        embedded = attached_profile(open_source(source, photo.format))
        if embedded is not None:
            digest = hashlib.sha256(embedded).hexdigest()
            return InputProfile(status, "", digest, digest == target)
        status = ProfileStatus.REJECTED  # it was there when the photo came in
    if photo.space == "lab":
        return InputProfile(status, LAB, "")
    fallback = profiles.by_name(CMYK_ASSUMED if photo.space == "cmyk" else RGB_ASSUMED)
    return InputProfile(status, fallback.name, fallback.sha256, fallback.sha256 == target)
