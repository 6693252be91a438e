"""A design's caption on its sheet."""

from __future__ import annotations

from fractions import Fraction

from cache_keys.design_look import DesignLook
from origin.decode.libvips import pyvips
from origin.render.letters import ink_um, place_line, set_line
from origin.render.paint import Surface, lay
from origin.render.sheet import caption_block

SHARE = {"left": Fraction(0), "centre": Fraction(1, 2), "right": Fraction(1)}


def draw_caption(image: pyvips.Image, look: DesignLook, surface: Surface) -> pyvips.Image:
    """Return the picture (3 or 4 bands sRGB, 8 or 16 bit) with the look's caption.

    Lines are aligned by their ink: a left line begins where its first letter does.
    """
    caption = look.caption
    assert caption is not None
    assert look.sheet_um is not None  # the reader refuses a caption without a sheet
    block = caption_block(caption, look.frame, look.sheet_um)
    lines = caption.text.split("\n")
    for text, baseline_um in zip(lines, block.baselines_um, strict=True):
        if not text:
            continue
        line = set_line(text, caption.font, look.locale)
        spare = block.room.right - block.room.left - ink_um(line, caption.size_um)
        left_um = block.room.left + spare * SHARE[caption.align]
        mask = place_line(line, surface, caption.size_um, left_um, baseline_um)
        image = lay(image, mask, caption.colour)
    return image
