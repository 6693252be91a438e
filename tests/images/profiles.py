"""ICC profiles for colour tests: libvips' own CMYK and Display P3, and wide ones from Pillow."""

from __future__ import annotations

from functools import cache

from PIL import ImageCms

from origin.decode.libvips import pyvips


@cache
def built_in(name: str) -> bytes:
    """Return libvips' built-in profile "cmyk", "p3" or "srgb"."""
    image = pyvips.Image.black(2, 2, bands=3).copy(interpretation="srgb")
    profile = image.icc_transform(name, input_profile="srgb").get("icc-profile-data")
    assert isinstance(profile, bytes)
    return profile


def opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    """Return the profile as Pillow holds it."""
    from io import BytesIO

    return ImageCms.ImageCmsProfile(BytesIO(profile))
