"""Reads a finished file again: what was written is what the recipe says, or there is no print."""

from __future__ import annotations

import hashlib
from typing import Final

from origin.decode.attached import attached_profile
from origin.decode.libvips import pyvips
from origin.errors import RenderFailed
from origin.printing.encode import PDF
from origin.printing.recipe import Recipe

DPI_SLACK: Final = 0.5
MM_PER_INCH: Final = 25.4
BANDS: Final = {"srgb": 3, "cmyk": 4}
NOTHING: Final = hashlib.sha256(b"").hexdigest()
BLOCK: Final = 8
"""Side of a JPEG's blocks: at 1/8 every bit of the file is read and its averages are exact."""
DRIFT_MAX: Final = 2.0
"""Levels, averaged over all blocks: measured at most 0.6 at qualities of 80 to 100 with photos and
noise, half of it the truncation of an 8-bit shrink; an inverted page differs by 14 and more."""


def read_back(content: bytes, recipe: Recipe, page: pyvips.Image) -> None:
    """Decode the file and compare size, space, profile, resolution and px with what was meant.

    page: the px that were encoded, uint8, in memory.
    Raises RenderFailed 500 "print.read_back".
    """
    try:
        image = _opened(content, recipe, 1)
        drift = _drift(content, recipe, page)
    except pyvips.Error as error:
        raise RenderFailed("print.read_back", log=" ".join(str(error).split())[:500]) from error
    profile = attached_profile(image) or b""
    found = {
        "size": (image.width, image.height),
        "space": str(image.interpretation),
        "bands": image.bands,
        "profile": hashlib.sha256(profile).hexdigest(),
        "dpi": abs(image.xres * MM_PER_INCH - recipe.dpi) <= DPI_SLACK,
        "px": drift <= (0 if recipe.file_format == "tiff" else DRIFT_MAX),
    }
    wanted = {
        "size": recipe.page_px,
        "space": recipe.colour.space,
        "bands": BANDS[recipe.colour.space],
        "profile": profile_sha256(recipe),
        "dpi": True,
        "px": True,
    }
    wrong = [
        f"{name}: {found[name]}, not {value}"
        for name, value in wanted.items()
        if found[name] != value
    ]
    if wrong:
        raise RenderFailed("print.read_back", log="; ".join(wrong) + f"; px differ by {drift:.2f}")


def profile_sha256(recipe: Recipe) -> str:
    """Return the digest of the profile in the file: the product's, or of nothing for a PDF.

    A PDF has it in its output intent, which the rules of the finished file look at.
    """
    return NOTHING if recipe.file_format == PDF else recipe.colour.profile_sha256


def _drift(content: bytes, recipe: Recipe, page: pyvips.Image) -> float:
    """Return the average difference in levels: of every px of a TIFF, of a JPEG's whole blocks."""
    if recipe.file_format == "tiff":
        return float((_opened(content, recipe, 1) - page).abs().avg())
    across, down = page.width // BLOCK, page.height // BLOCK
    wanted = page.crop(0, 0, across * BLOCK, down * BLOCK).shrink(BLOCK, BLOCK)
    small = _opened(content, recipe, BLOCK).crop(0, 0, across, down)
    return float((small - wanted).abs().avg())


def _opened(content: bytes, recipe: Recipe, shrink: int) -> pyvips.Image:
    source = pyvips.Source.new_from_memory(content)  # a buffer would be copied
    if recipe.file_format == "tiff":
        return pyvips.Image.tiffload_source(source, fail_on="error")
    return pyvips.Image.jpegload_source(source, shrink=shrink, fail_on="error")
