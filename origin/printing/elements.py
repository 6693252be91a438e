"""Frame and caption, drawn in the output space at print resolution, bleed included."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.printing.plan import um_per_px
from origin.printing.recipe import Recipe
from origin.render.caption import draw_caption
from origin.render.frame import draw_frame
from origin.render.paint import Surface
from origin.render.plan import Elements, Plan


def draw_elements(image: pyvips.Image, plan: Plan, recipe: Recipe) -> pyvips.Image:
    """Return the page (8-bit sRGB or CMYK, profile attached) with its frame and caption.

    Their sRGB colours go through the product's profile; black is the black plate alone.
    """
    view = plan.view
    elements = Elements(recipe.look, um_per_px(recipe, view), (-view.left, -view.top))
    return drawn(image, elements)


def drawn(image: pyvips.Image, elements: Elements | None) -> pyvips.Image:
    """Return a picture (sRGB or CMYK, 8 or 16 bit) with its frame and caption, if it has them."""
    if elements is None or elements.design.sheet_um is None:
        return image
    look, sheet_um = elements.design, elements.design.sheet_um
    surface = Surface(image.width, image.height, elements.um_per_px, elements.origin_px)
    if look.frame is not None:
        image = draw_frame(image, look.frame, sheet_um, surface)
    if look.caption is not None:
        image = draw_caption(image, look, surface)
    return image
