"""The finished page as a file: JPEG without chroma subsampling, or TIFF; its profile inside."""

from __future__ import annotations

import struct
from typing import Any, Final

from origin.decode.libvips import pyvips
from origin.printing.recipe import Recipe

MM_PER_INCH: Final = 25.4
SOI: Final = b"\xff\xd8"
APP0: Final = b"\xff\xe0"
MEDIA_TYPES: Final = {
    "jpeg": "image/jpeg",
    "cmyk-jpeg": "image/jpeg",
    "tiff": "image/tiff",
    "pdfx4": "application/pdf",
}


def encode(image: pyvips.Image, recipe: Recipe) -> bytes:
    """Return the page's bytes; a page that becomes a PDF is encoded as the JPEG in it.

    image: (h, w, 3) sRGB or (h, w, 4) CMYK, uint8, profile attached. Only the profile and the
    resolution go along, nothing else of the photo's metadata.
    """
    page = _measured(image, recipe.dpi)
    if recipe.file_format == "tiff":
        # Deflate with prediction: lossless, and read by every RIP since TIFF 6 (Adobe, 2002).
        tiff: Any = page.tiffsave_buffer(
            compression="deflate",
            predictor="horizontal",
            resunit="inch",
            keep=pyvips.enums.ForeignKeep.ICC,
        )
        return bytes(tiff)
    jpeg: Any = page.jpegsave_buffer(
        Q=recipe.jpeg_quality,
        subsample_mode="off",
        optimize_coding=True,
        interlace=False,  # labs' machines read baseline
        keep=pyvips.enums.ForeignKeep.ICC,
    )
    return with_density(bytes(jpeg), recipe.dpi)


def with_density(jpeg: bytes, dpi: int) -> bytes:
    """Return a JPEG with its resolution in a JFIF header (JFIF 1.02, APP0), which labs read.

    libvips 8.18 writes it into EXIF alone, and with ``keep="icc"`` not even there (measured).
    """
    assert jpeg[:2] == SOI, "not a JPEG"
    assert jpeg[2:4] != APP0, "a JFIF header is there already"
    body = b"JFIF\x00\x01\x02\x01" + struct.pack(">HHBB", dpi, dpi, 0, 0)
    return SOI + APP0 + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def _measured(image: pyvips.Image, dpi: int) -> pyvips.Image:
    """Return the image with its resolution and no other metadata than the profile."""
    per_mm = dpi / MM_PER_INCH
    return image.copy(xres=per_mm, yres=per_mm)
