"""The marker walk: one reader per family, none of them inflates a pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from origin.decode.view import View, viewed
from origin.ingest.caps import Caps
from origin.ingest.gif_walk import walk_gif
from origin.ingest.heif_walk import walk_heif
from origin.ingest.jpeg_walk import walk_jpeg
from origin.ingest.layout import Layout
from origin.ingest.magic import HEAD_BYTES, recognise
from origin.ingest.png_walk import walk_png
from origin.ingest.tiff_walk import walk_tiff
from origin.ingest.webp_walk import walk_webp

WALKS: Final[Mapping[str, Callable[[View, Caps], Layout]]] = {
    "jpeg": walk_jpeg,
    "png": walk_png,
    "webp": walk_webp,
    "gif": walk_gif,
    "tiff": walk_tiff,
    "heif": walk_heif,
}


def walk(path: Path, caps: Caps) -> Layout:
    """Recognise a file and read what its container declares.

    Raises PhotoRefused: what recognise() and the family's walk say.
    """
    with viewed(path) as view:
        return WALKS[recognise(view[:HEAD_BYTES])](view, caps)
