"""Steps that draw on the developed picture: a design's elements and a preset's watermark."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.render.plan import Plan


def draw_design(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Draw filters, frame and caption where a design has them."""
    elements = plan.elements
    if elements is None:
        return image
    from origin.render.elements import apply_elements

    return apply_elements(image, elements.design, elements.um_per_px, elements.origin_px)


def draw_watermark(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Lay the preset's watermark over everything."""
    if plan.watermark is None:
        return image
    from origin.render.watermark import apply_watermark

    return apply_watermark(image, plan.watermark)
