"""Contain: lays the picture on a canvas of exactly the box, padded with a colour."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.render.alpha import rgb
from origin.render.plan import Plan


def lay(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Pad with the background; around a transparent picture the padding is opaque."""
    canvas = plan.canvas
    if canvas is None:
        return image
    colour = [*rgb(plan.background), 255.0][: image.bands]
    return image.embed(
        canvas.left_px,
        canvas.top_px,
        canvas.width_px,
        canvas.height_px,
        extend="background",
        background=colour,
    )
