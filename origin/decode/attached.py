"""The ICC profile that travels with a libvips image."""

from __future__ import annotations

from typing import Any, Final

from origin.decode.libvips import pyvips

PROFILE: Final = "icc-profile-data"
"""The field of a libvips image that holds it."""


def attached_profile(image: pyvips.Image) -> bytes | None:
    """Return the profile of an image, None when it has none."""
    if not image.get_typeof(PROFILE):
        return None
    content: Any = image.get(PROFILE)
    return bytes(content)


def with_profile(image: pyvips.Image, profile: bytes) -> pyvips.Image:
    """Return the image with that profile attached; its pixels stay as they are."""
    image = image.copy()
    content: Any = profile  # the stubs know no blobs
    image.set_type(pyvips.GValue.blob_type, PROFILE, content)
    return image
