"""The finished page as a file: JPEG without chroma subsampling, or TIFF; its profile inside."""

from __future__ import annotations

import struct
from typing import Any, Final

from origin.decode.libvips import pyvips
from origin.printing.recipe import Recipe

MM_PER_INCH: Final = 25.4
SOI: Final = b"\xff\xd8"
APP0: Final = b"\xff\xe0"
APP1: Final = b"\xff\xe1"
RESOLUTION_TAGS: Final = ((282, 5, 50), (283, 5, 58))
"""XResolution and YResolution (Exif 2.32, table 4): tag, type rational, where the value stands."""
INCHES: Final = 2
PDF: Final = "pdfx4"
MEDIA_TYPES: Final = {
    "jpeg": "image/jpeg",
    "cmyk-jpeg": "image/jpeg",
    "tiff": "image/tiff",
    PDF: "application/pdf",
}


def encode(image: pyvips.Image, recipe: Recipe) -> bytes:
    """Return the page's bytes; a page that becomes a PDF is encoded as the JPEG in it.

    image: (h, w, 3) sRGB or (h, w, 4) CMYK, uint8, profile attached. Only the profile and the
    resolution go along, nothing else of the photo's metadata; a PDF has the profile once, in its
    output intent. CMYK is written as Photoshop does: an Adobe marker, and 255 - ink in the samples
    (Adobe TN 5116), which every reader undoes.
    """
    if recipe.file_format == "tiff":
        return _tiff(image, recipe.dpi)
    keep = pyvips.enums.ForeignKeep
    jpeg: Any = image.jpegsave_buffer(
        Q=recipe.jpeg_quality,
        subsample_mode="off",
        optimize_coding=True,
        interlace=False,  # labs' machines read baseline
        keep=keep.NONE if recipe.file_format == PDF else keep.ICC,
    )
    return with_density(bytes(jpeg), recipe.dpi, is_cmyk=image.interpretation == "cmyk")


def with_density(jpeg: bytes, dpi: int, *, is_cmyk: bool) -> bytes:
    """Return a JPEG with its resolution where labs read it.

    libvips 8.18 writes it into EXIF alone, and with ``keep="icc"`` not even there (measured). A
    JFIF header (JFIF 1.02, APP0) has it first, but knows no CMYK, which gets the least EXIF.
    """
    assert jpeg[:2] == SOI, "not a JPEG"
    assert jpeg[2:4] not in (APP0, APP1), "a header is there already"
    marker, body = (APP1, _exif(dpi)) if is_cmyk else (APP0, _jfif(dpi))
    head = SOI + marker + struct.pack(">H", len(body) + 2) + body
    return b"".join((head, memoryview(jpeg)[len(SOI) :]))  # one copy of what may be 100 MB


def _jfif(dpi: int) -> bytes:
    return b"JFIF\x00\x01\x02\x01" + struct.pack(">HHBB", dpi, dpi, 0, 0)


def _exif(dpi: int) -> bytes:
    """Return an EXIF block of three tags: both resolutions and their unit."""
    tags = b"".join(struct.pack(">HHII", tag, kind, 1, at) for tag, kind, at in RESOLUTION_TAGS)
    tags += struct.pack(">HHIHH", 296, 3, 1, INCHES, 0)
    ifd = struct.pack(">H", len(RESOLUTION_TAGS) + 1) + tags + struct.pack(">I", 0)
    return (
        b"Exif\x00\x00MM\x00\x2a" + struct.pack(">I", 8) + ifd + struct.pack(">4I", dpi, 1, dpi, 1)
    )


def _tiff(image: pyvips.Image, dpi: int) -> bytes:
    """Deflate with prediction: lossless, and read by every RIP since TIFF 6 (Adobe, 2002)."""
    per_mm = dpi / MM_PER_INCH
    content: Any = image.copy(xres=per_mm, yres=per_mm).tiffsave_buffer(
        compression="deflate",
        predictor="horizontal",
        resunit="inch",
        keep=pyvips.enums.ForeignKeep.ICC,
    )
    return bytes(content)
