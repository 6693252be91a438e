"""What of the photo is not on the print."""

from __future__ import annotations

from origin.printing.plan import finished_crop
from origin.printing.preflight.seen import Seen
from origin.printing.values import Check, Severity
from origin.render import geometry


def check_crop(seen: Seen) -> Check:
    """Say how much of the photo lies outside the crop."""
    photo, look = seen.recipe.photo, seen.recipe.look
    region, _ = finished_crop(photo, look, seen.trim_um)
    kept = float(region.width * region.height) / (photo.width_px * photo.height_px)
    percent = round(100 * (1 - kept), 1)
    limit = seen.limits.cropped_percent
    if percent <= limit:
        words = "Nearly all of the photo is on the print."
        return Check("preflight.crop", None, percent, limit, "%", words)
    words = f"{percent:.0f} % of the photo is not on the print; look whether anybody is cut off."
    return Check("preflight.crop", Severity.NOTE, percent, limit, "%", words)


def check_aspect(seen: Seen) -> Check:
    """Say by how much the crop's shape differs from the sheet's; what is over is trimmed.

    More than the limit never gets here: it is refused (print.aspect).
    """
    photo, look = seen.recipe.photo, seen.recipe.look
    asked = geometry.crop_region((photo.width_px, photo.height_px), look.photo.crop)
    region, _ = finished_crop(photo, look, seen.trim_um)
    lost = 1 - min(float(region.width / asked.width), float(region.height / asked.height))
    limit = float(geometry.TRIM_SHARE_MAX) * 100
    words = "The crop has the shape of the sheet."
    return Check("preflight.aspect", None, round(100 * lost, 2), limit, "%", words)
