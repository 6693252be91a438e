"""Transparency: resampled premultiplied, then kept or laid on a colour."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.render.plan import Plan
from origin.values import Photo


def has_alpha(plan: Plan) -> bool:
    """Say whether the raster's last band is alpha; masters lie on white already."""
    return plan.level is None and plan.photo.has_alpha


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
        return image.flatten(background=rgb(plan.background))
    return image


def rgb(colour: str) -> list[float]:
    """Return rrggbb as three numbers 0..255."""
    return [float(part) for part in bytes.fromhex(colour)]


def _opaque(photo: Photo) -> int:
    return 65_535 if photo.bits > 8 else 255
