"""The page's px by one affine, and what lies where the photo ends before the page does.

libvips' affine repeats an edge for interpolation only and is black beyond (measured on 8.18), so
the window is first made as large as the page looks.
"""

from __future__ import annotations

import math
from typing import Final

from origin.decode.libvips import pyvips
from origin.printing.recipe import Recipe
from origin.render.inks import levels
from origin.render.plan import Plan
from origin.render.recipe import MARGIN_PX, Sampling
from origin.render.resample import average

EXTEND: Final = {"stretch": "copy", "mirror": "mirror", "colour": "copy"}
COVERED: Final = 255


def place(image: pyvips.Image, plan: Plan, fill: str) -> pyvips.Image:
    """Map the upright window onto the page; beyond the photo its edge is repeated or mirrored.

    fill: ``bleed_fill`` of the product.
    """
    return average(_mapped(image, plan, EXTEND[fill]), plan)


def lay_fill(image: pyvips.Image, plan: Plan, recipe: Recipe) -> pyvips.Image:
    """Lay the product's colour where the photo ends; image: the page in its output space."""
    if recipe.bleed_fill != "colour" or not any(overhang(plan)):
        return image
    assert plan.sampling is not None
    window = plan.sampling.window
    photo = (pyvips.Image.black(window.width, window.height) + COVERED).cast("uchar")
    mask = average(_mapped(photo, plan, "black"), plan)
    paint = image.new_from_image(levels(image, recipe.fill_colour))
    return mask.ifthenelse(image, paint.copy(interpretation=image.interpretation), blend=True)


def overhang(plan: Plan) -> tuple[int, int, int, int]:
    """Return how far the page looks beyond the window: left, top, right, bottom, window px."""
    exact = plan.sampling
    assert exact is not None
    a, b, c, d = exact.matrix
    determinant = a * d - b * c
    across, down = [], []
    for u in (-0.5, plan.view.width_px * exact.n - 0.5):
        for v in (-0.5, plan.view.height_px * exact.n - 0.5):
            x, y = u - exact.odx, v - exact.ody
            across.append((d * x - b * y) / determinant)
            down.append((a * y - c * x) / determinant)
    return (
        _room(-min(across) - 0.5),
        _room(-min(down) - 0.5),
        _room(max(across) + 0.5 - exact.window.width),
        _room(max(down) + 0.5 - exact.window.height),
    )


def _room(beyond_px: float) -> int:
    return math.ceil(beyond_px) + MARGIN_PX if beyond_px > 0 else 0


def _mapped(image: pyvips.Image, plan: Plan, extend: str) -> pyvips.Image:
    exact = plan.sampling
    assert exact is not None
    left, top, right, bottom = overhang(plan)
    width, height = image.width + left + right, image.height + top + bottom
    wide = image.embed(left, top, width, height, extend=extend)
    return _affine(wide, exact, (left, top), (plan.view.width_px, plan.view.height_px))


def _affine(
    image: pyvips.Image, exact: Sampling, origin_px: tuple[int, int], page_px: tuple[int, int]
) -> pyvips.Image:
    return image.affine(
        list(exact.matrix),
        interpolate=pyvips.Interpolate.new(exact.interpolator),
        idx=-origin_px[0],
        idy=-origin_px[1],
        odx=exact.odx,
        ody=exact.ody,
        oarea=[0, 0, page_px[0] * exact.n, page_px[1] * exact.n],
        extend="copy",
    )
