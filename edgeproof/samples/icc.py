"""ICC matrix profiles, byte by byte: sRGB and Display P3 (ICC.1:2022, sections 7, 9 and 10)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

D50 = np.array([0.9642, 1.0, 0.8249])  # the profile connection space's white, ICC.1:2022 7.2.16
D65_XY = (0.3127, 0.3290)
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)  # ICC.1:2022 annex E
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # IEC 61966-2-1, as g a b c d
HEADER_BYTES = 128


@dataclass(frozen=True, slots=True)
class Primaries:
    """A display's red, green and blue as CIE xy, white D65, tone curve that of sRGB."""

    name: str
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


SRGB = Primaries("edgeproof sRGB", (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))  # IEC 61966-2-1
DISPLAY_P3 = Primaries(
    "Display P3", (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)
)  # SMPTE EG 432-1


def matrix_profile(primaries: Primaries) -> bytes:
    """Return a version 4 display profile: three colorants, one parametric curve for all three."""
    colorants, adaptation = _colorants(primaries)
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + b"".join(map(_fixed, SRGB_CURVE))
    tags = {
        b"desc": _text(primaries.name),
        b"cprt": _text("Public domain: made by edgeproof from published primaries"),
        b"wtpt": _xyz(D50),
        b"chad": b"sf32" + bytes(4) + b"".join(_fixed(float(v)) for v in adaptation.ravel()),
        b"rXYZ": _xyz(colorants[:, 0]),
        b"gXYZ": _xyz(colorants[:, 1]),
        b"bXYZ": _xyz(colorants[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(tags)


def _colorants(primaries: Primaries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    xyz = np.array([_from_xy(xy) for xy in (primaries.red, primaries.green, primaries.blue)]).T
    white = _from_xy(D65_XY)
    linear = xyz * np.linalg.solve(xyz, white)
    cones = (BRADFORD @ D50) / (BRADFORD @ white)
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD
    return adaptation @ linear, adaptation


def _from_xy(xy: tuple[float, float]) -> NDArray[np.float64]:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(value: float) -> bytes:
    """Return an s15Fixed16Number."""
    return struct.pack(">i", round(value * 65536))


def _xyz(value: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(float(v)) for v in value)


def _text(words: str) -> bytes:
    """Return a multiLocalizedUnicodeType with one record, en-US."""
    encoded = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    start = HEADER_BYTES + 4 + 12 * len(tags)
    table, body, places = b"", b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    whole_bytes = start + len(body)
    # A fixed date keeps the profile the same, byte for byte, on every machine.
    header = struct.pack(
        ">I4sI4s4s4s6H4s",
        whole_bytes,
        b"",
        0x04400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        2026,
        1,
        1,
        0,
        0,
        0,
        b"acsp",
    )
    header += bytes(28) + b"".join(_fixed(float(v)) for v in D50)
    return header.ljust(HEADER_BYTES, b"\0") + struct.pack(">I", len(tags)) + table + body
