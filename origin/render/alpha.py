"""Transparency: resampled premultiplied, then kept or laid on a colour."""

from __future__ import annotations

from typing import Final

from origin.decode.libvips import pyvips
from origin.render.plan import Plan
from origin.values import Photo

OPAQUE: Final = 255
OPAQUE_DEEP: Final = 65_535
"""The alpha of an opaque px of 8 and of 16 bits."""


def has_alpha(plan: Plan) -> bool:
    """Say whether the raster's last band is alpha; masters lie on white already."""
    return plan.level is None and carries_alpha(plan.photo)


def carries_alpha(photo: Photo) -> bool:
    """Say whether a source's last band is transparency; of Lab it is an ink or a selection."""
    return photo.has_alpha and photo.space != "lab"


def premultiply(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Weigh colours by alpha, so that the colour of clear px never bleeds into its neighbours."""
    return premultiplied(image, plan.photo) if has_alpha(plan) else image


def unpremultiply(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Undo ``premultiply``: 8 or 16 bits again as the source had, alpha last."""
    return unpremultiplied(image, plan.photo) if has_alpha(plan) else image


def premultiplied(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    """Return float px of the same range, colours weighed by the last band."""
    return image.premultiply(max_alpha=_opaque(photo))


def unpremultiplied(image: pyvips.Image, photo: Photo) -> pyvips.Image:
    """Return uint8 or uint16 px, as the source has them."""
    straight = image.unpremultiply(max_alpha=_opaque(photo)).rint()
    return straight.cast("ushort" if photo.bits > 8 else "uchar")


def flatten(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Lay an RGBA picture on the background unless its transparency stays."""
    if image.bands == 4 and not plan.keeps_alpha:
        return flattened(image, plan.background)
    return image


def flattened(image: pyvips.Image, colour: str) -> pyvips.Image:
    """Return an 8-bit RGBA picture laid on rrggbb, rounded.

    libvips' own flatten of 8 bit truncates and is darker by half a level on average (measured).
    """
    laid = image.cast("float").flatten(background=rgb(colour), max_alpha=OPAQUE)
    return laid.rint().cast("uchar")


def rgb(colour: str) -> list[float]:
    """Return rrggbb as three numbers 0..255."""
    return [float(part) for part in bytes.fromhex(colour)]


def _opaque(photo: Photo) -> int:
    return OPAQUE_DEEP if photo.bits > 8 else OPAQUE
