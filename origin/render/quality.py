"""What ``q`` means in each format: the same q looks equally good in all of them.

Measured at equal SSIMULACRA2 (docs/rendering.md): about 80 is JPEG 80, WebP 85, AVIF 65; about 70
is 60, 70, 50. The URL's q is JPEG's; the straight lines through both points give the others.
"""

from __future__ import annotations

from typing import Final

Q_DEFAULT: Final = 80
"""JPEG's number for SSIMULACRA2 of about 80."""


def encoder_quality(ext: str, q: int | None) -> int:
    """Return the encoder's own number for a URL's q (30..95, None: the default).

    avif 27..76, webp 47..96, jpg 30..95; png is lossless and takes any.
    """
    scale = Q_DEFAULT if q is None else q
    match ext:
        case "avif":
            return (3 * scale + 20) // 4
        case "webp":
            return (3 * scale + 100) // 4
        case _:
            return scale
