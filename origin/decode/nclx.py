"""Turns colour by numbers (nclx, ITU-T H.273) into an ICC profile that a renderer can apply."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from origin.decode.isobmff import Nclx, read_heif
from origin.decode.view import viewed

XY = tuple[float, float]

PRIMARIES: Final[dict[int, tuple[str, tuple[XY, XY, XY]]]] = {
    1: ("sRGB", ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))),
    9: ("BT.2020", ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
}
"""Chromaticities of red, green, blue by ColourPrimaries (H.273, table 2), all with white D65."""
WHITE_D65: Final = (0.3127, 0.3290)
WHITE_D50: Final = (0.9642, 1.0, 0.8249)
BRADFORD: Final = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
"""ICC.1:2022, annex E.3."""

SRGB_CURVE: Final = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
CURVES: Final[dict[int, tuple[float, ...]]] = {
    1: SRGB_CURVE,
    2: SRGB_CURVE,
    4: (2.2,),
    5: (2.8,),
    6: SRGB_CURVE,
    8: (1.0,),
    13: SRGB_CURVE,
    14: SRGB_CURVE,
    15: SRGB_CURVE,
}
"""By TransferCharacteristics (H.273, table 3). The camera curves of BT.601, 709 and 2020 are shown
on sRGB screens and taken as sRGB. PQ (16) and HLG (18) have no curve here: they are HDR."""

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def is_plain(nclx: Nclx) -> bool:
    """Say whether the numbers mean sRGB, so that no profile is needed."""
    return nclx.primaries in (1, 2) and CURVES.get(nclx.transfer) == SRGB_CURVE


def profile_of(nclx: Nclx) -> bytes | None:
    """Return an ICC v4 display profile for the numbers; None when plain sRGB or unknown."""
    curve, primaries = CURVES.get(nclx.transfer), PRIMARIES.get(nclx.primaries)
    if is_plain(nclx) or curve is None or primaries is None:
        return None
    name, points = primaries
    columns = _colorants(points)
    parametric = _parametric(curve)
    tags = {
        b"desc": _text(name),
        b"cprt": _text("CC0"),
        b"wtpt": _xyz(WHITE_D50),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": parametric,
        b"gTRC": parametric,
        b"bTRC": parametric,
    }
    return _assemble(tags)


def profile_by_numbers(path: Path) -> bytes | None:
    """Return the profile that the numbers of a HEIF file's main picture stand for, if any."""
    with viewed(path) as view:
        nclx = read_heif(view).nclx
    return profile_of(nclx) if nclx else None


def _colorants(points: tuple[XY, XY, XY]) -> Matrix:
    """Return the XYZ of red, green and blue under D50, so that they add up to white."""
    unscaled = [(x / y, 1.0, (1 - x - y) / y) for x, y in points]
    x, y = WHITE_D65
    white = (x / y, 1.0, (1 - x - y) / y)
    shares = _solve(_columns(unscaled), white)
    adapt = _adaptation(white)
    red, green, blue = (
        _times(adapt, (share * a, share * b, share * c))
        for share, (a, b, c) in zip(shares, unscaled, strict=True)
    )
    return red, green, blue


def _adaptation(white: Vector) -> Matrix:
    """Return the Bradford matrix from ``white`` to D50."""
    source, target = _times(BRADFORD, white), _times(BRADFORD, WHITE_D50)
    gains = [t / s for s, t in zip(source, target, strict=True)]
    columns = []
    for unit in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)):
        a, b, c = _times(BRADFORD, unit)
        columns.append(_solve(BRADFORD, (a * gains[0], b * gains[1], c * gains[2])))
    return _columns(columns)


def _columns(vectors: list[Vector]) -> Matrix:
    a, b, c = zip(*vectors, strict=True)
    return a, b, c


def _times(matrix: Matrix, vector: Vector) -> Vector:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _solve(matrix: Matrix, wanted: Vector) -> Vector:
    """Solve a 3 x 3 system by Cramer's rule."""
    whole = _determinant(matrix)
    parts = []
    for column in range(3):
        rows = [
            tuple(wanted[i] if j == column else matrix[i][j] for j in range(3)) for i in range(3)
        ]
        parts.append(_determinant(rows) / whole)
    return parts[0], parts[1], parts[2]


def _determinant(rows: Sequence[Sequence[float]]) -> float:
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(vector: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, vector))


def _parametric(curve: tuple[float, ...]) -> bytes:
    kind = 3 if len(curve) > 1 else 0
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(map(_fixed, curve))


def _text(words: str) -> bytes:
    encoded = words.encode("utf-16-be")
    return (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
    )


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = [struct.pack(">I", len(tags))], []
    for name, content in tags.items():
        padded = content + b"\0" * (-len(content) % 4)
        table.append(struct.pack(">4sII", name, at, len(content)))
        body.append(padded)
        at += len(padded)
    header = struct.pack(">I4sI4s4s4s", at, b"\0\0\0\0", 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(map(_fixed, WHITE_D50)) + b"\0" * 48
    return header + b"".join(table) + b"".join(body)
