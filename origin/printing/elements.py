"""Frame and caption, drawn in the output space at print resolution, bleed included."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.printing.plan import um_per_px
from origin.printing.recipe import Recipe
from origin.render.caption import draw_caption
from origin.render.frame import draw_frame
from origin.render.paint import Surface
from origin.render.plan import Plan


def draw_elements(image: pyvips.Image, plan: Plan, recipe: Recipe) -> pyvips.Image:
    """Return the page (8-bit sRGB or CMYK, profile attached) with its frame and caption.

    Their sRGB colours go through the product's profile; black is the black plate alone.
    """
    look, view = recipe.look, plan.view
    sheet_um = look.sheet_um
    if sheet_um is None:
        return image
    origin_px = -view.left, -view.top
    surface = Surface(image.width, image.height, um_per_px(recipe, view), origin_px)
    if look.frame is not None:
        image = draw_frame(image, look.frame, sheet_um, surface)
    if look.caption is not None:
        image = draw_caption(image, look, surface)
    return image
