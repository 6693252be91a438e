"""Decides a photo's colour space: its profile if that fits the pixels, else a stated fallback."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from PIL import Image, ImageCms

from origin.values import ProfileStatus

HEADER_BYTES: Final = 128
CLASSES: Final = frozenset({b"mntr", b"scnr", b"prtr", b"spac"})
"""Profiles of devices and colour spaces (ICC.1:2022, 7.2.5); a link is no source."""
SPACES: Final = {b"RGB ": "srgb", b"GRAY": "gray", b"CMYK": "cmyk", b"Lab ": "lab"}
MODES: Final = {"srgb": "RGB", "gray": "L", "cmyk": "CMYK", "lab": "LAB"}
"""Pillow's pixel modes by colour space."""
TAGS_MAX: Final = 200
NAME_MAX: Final = 80
WIDE_SHARE: Final = 1.08
"""A gamut is wide when red, green and blue span this much more of the a*b* plane than sRGB does.
Measured: Adobe RGB 1.44, Display P3 1.48, BT.2020 1.95; sRGB profiles of seven makers 1.00."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The decision, recorded with the asset."""

    status: ProfileStatus
    name: str | None
    is_wide: bool = False
    reason: str = field(default="", compare=False)  # why it was rejected, for the log


def judge(profile: bytes | None, space: str) -> Profile:
    """Say whether an embedded profile can be applied to pixels of this space.

    space: "srgb", "scrgb", "gray", "cmyk" or "lab". A profile is kept when its header and tag
    table hold, its class can be a source, its space is the pixels' and LittleCMS can use it.
    """
    if profile is None:
        return Profile(ProfileStatus.ASSUMED, None)
    name = name_of(profile)
    fault = _fault(profile, space)
    if fault:
        return Profile(ProfileStatus.REJECTED, name, reason=fault)
    try:
        gamut = _gamut(profile) if space == "srgb" else _proof(profile, space)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        return Profile(ProfileStatus.REJECTED, name, reason=str(error)[:200])
    return Profile(ProfileStatus.EMBEDDED, name, is_wide=gamut > WIDE_SHARE * _srgb_gamut())


def _fault(profile: bytes, space: str) -> str:
    if len(profile) < HEADER_BYTES + 4 or profile[36:40] != b"acsp":
        return "no ICC header"
    if int.from_bytes(profile[:4], "big") > len(profile):
        return "cut off"
    if profile[12:16] not in CLASSES:
        return f"class {profile[12:16]!r}"
    if SPACES.get(profile[16:20]) != space:
        return f"space {profile[16:20]!r} for {space} pixels"
    tags = int.from_bytes(profile[128:132], "big")
    if tags > TAGS_MAX or len(profile) < HEADER_BYTES + 4 + 12 * tags:
        return f"{tags} tags"
    return ""


def _proof(profile: bytes, space: str) -> float:
    """Prove that LittleCMS can use the profile; there is no gamut to measure: 0."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), MODES[space], "RGB")
    ImageCms.applyTransform(Image.new(MODES[space], (1, 1)), transform)
    return 0.0


def _gamut(profile: bytes) -> float:
    """Return the area that a profile's red, green and blue span in the a*b* plane of CIELAB."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("LAB"), "RGB", "LAB")
    corners = Image.frombytes("RGB", (3, 1), bytes([255, 0, 0, 0, 255, 0, 0, 0, 255]))
    converted = ImageCms.applyTransform(corners, transform)
    assert converted is not None
    raw = struct.unpack("9b", converted.tobytes())
    (ax, ay), (bx, by), (cx, cy) = (raw[at + 1 : at + 3] for at in (0, 3, 6))
    return float(abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))) / 2


@cache
def _srgb_gamut() -> float:
    return _gamut(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def name_of(profile: bytes) -> str | None:
    """Return a profile's description, printable and at most NAME_MAX characters, if readable."""
    tags = min(int.from_bytes(profile[128:132], "big"), TAGS_MAX)
    for at in range(132, 132 + 12 * tags, 12):
        if profile[at : at + 4] == b"desc":
            start = int.from_bytes(profile[at + 4 : at + 8], "big")
            return _printable(_description(profile[start : start + 4096]))
    return None


def _description(tag: bytes) -> str:
    """Read a textDescriptionType (ICC.1:2001, 6.5.17) or multiLocalizedUnicode (2022, 10.15)."""
    if tag[:4] == b"desc":
        return tag[12 : 12 + int.from_bytes(tag[8:12], "big")].split(b"\x00")[0].decode("latin-1")
    if tag[:4] == b"mluc":
        length, start = (int.from_bytes(tag[at : at + 4], "big") for at in (20, 24))
        return tag[start : start + length].decode("utf-16-be", "replace")
    return ""


def _printable(text: str) -> str | None:
    kept = "".join(sign for sign in text if sign.isprintable() and sign != "�").strip()
    return kept[:NAME_MAX] or None
