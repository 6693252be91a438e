"""Reads a finished file again: what was written is what the recipe says, or there is no print."""

from __future__ import annotations

import hashlib
from typing import Final

from origin.decode.attached import attached_profile
from origin.decode.libvips import pyvips
from origin.errors import RenderFailed
from origin.printing.recipe import Recipe

DPI_SLACK: Final = 0.5
BANDS: Final = {"srgb": 3, "cmyk": 4}


def read_back(content: bytes, recipe: Recipe) -> None:
    """Decode the whole file and compare size, space, profile and resolution with the recipe.

    Raises RenderFailed 500 "print.read_back".
    """
    if recipe.file_format == "tiff":
        image = pyvips.Image.tiffload_buffer(content, fail_on="error")
    else:
        image = pyvips.Image.jpegload_buffer(content, fail_on="error")
    image.avg()  # decodes every px
    profile = attached_profile(image) or b""
    found = {
        "size": (image.width, image.height),
        "space": str(image.interpretation),
        "bands": image.bands,
        "profile": hashlib.sha256(profile).hexdigest(),
        "dpi": abs(image.xres * 25.4 - recipe.dpi) <= DPI_SLACK,
    }
    wanted = {
        "size": recipe.page_px,
        "space": recipe.colour.space,
        "bands": BANDS[recipe.colour.space],
        "profile": recipe.colour.profile_sha256,
        "dpi": True,
    }
    wrong = [
        f"{name}: {found[name]}, not {value}"
        for name, value in wanted.items()
        if found[name] != value
    ]
    if wrong:
        raise RenderFailed("print.read_back", log="; ".join(wrong))
