"""How much ink a CMYK page asks for, px by px."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from origin.decode.libvips import pyvips
from origin.printing.recipe import Recipe
from origin.printing.values import Check, Severity

FULL: Final = 255
SHARE: Final = 0.999
"""The limit is judged at this share of the px: single px may be over by interpolation."""
SLACK_PERCENT: Final = 2.0
"""An 8-bit plate counts in steps of 0.4 %, four of them."""
JUDGED_PX_MIN: Final = 1_000_000
"""A larger page is judged by a grid of at least so many of its px: 1,000 of them may be over."""


def check_ink(image: pyvips.Image, recipe: Recipe) -> tuple[Check, ...]:
    """Compare the sum of the four plates with the product's limit; nothing to check in RGB.

    image: (h, w, 4) uint8 CMYK. A page over the limit smears and blocks in the stack, so it is a
    block: it happens only with CMYK photos whose numbers are printed as they are.
    """
    limit = recipe.colour.ink_limit_percent
    if image.interpretation != "cmyk" or limit is None:
        return ()
    percent = ink_percent(image, SHARE)
    is_over = percent > limit + SLACK_PERCENT
    words = f"The picture asks for {percent:.0f} % ink; this product takes {limit} %."
    severity = Severity.BLOCK if is_over else None
    return (Check("preflight.ink", severity, round(percent, 1), float(limit), "%", words),)


def ink_percent(image: pyvips.Image, share: float) -> float:
    """Return the total area coverage, in percent, that ``share`` of the px stay at or below.

    image: (h, w, 4) uint8 CMYK. Of over 4 megapixels a regular grid is judged.
    """
    step = max(1, math.isqrt(image.width * image.height // JUDGED_PX_MIN))
    cyan, magenta, yellow, black = image.subsample(step, step).bandsplit()
    total = (cyan + magenta + yellow + black).cast("ushort")
    below = np.cumsum(total.hist_find().numpy().reshape(-1).astype(np.int64))
    level = int(np.searchsorted(below, share * below[-1]))
    return level * 100 / FULL
