"""Rules of the pictures: what their numbers mean, and that the page is all picture."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Final

from pikepdf import Array, Dictionary, Name, Object, Stream, parse_content_stream

from origin.printing.pdfx_rules.boxes import box
from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Rule

DEVICE: Final = {Name.DeviceRGB: b"RGB ", Name.DeviceCMYK: b"CMYK"}
SPACES: Final = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
BANDS: Final = {Name.DeviceGray: 1, Name.DeviceRGB: 3, Name.DeviceCMYK: 4}
INTENTS: Final = {
    Name.AbsoluteColorimetric,
    Name.RelativeColorimetric,
    Name.Saturation,
    Name.Perceptual,
}
FRAMES: Final = {0xC0, 0xC1, 0xC2}
"""JPEG's start-of-frame markers that PDF allows: baseline, extended, progressive."""
STANDALONE: Final = {0x01, *range(0xD0, 0xD9)}
INVERTED: Final = [1, 0] * 4
UNTOUCHED: Final = [0, 1] * 4
SLACK_PT: Final = Decimal("0.01")
OPERATORS: Final = ["q", "cm", "Do", "Q"]


def device_colour(opened: Opened) -> str | None:
    """Device colours mean the press of the output intent, so it must be of that space."""
    press = opened.profile[16:20]
    used = [one.get("/ColorSpace") for one in opened.pictures]
    for name, wanted in DEVICE.items():
        if name in used and press != wanted:
            return f"{name} and a press profile of {press.decode('ascii', 'replace') or 'no'} space"
    return None


def own_profile(opened: Opened) -> str | None:
    """A picture's own profile is whole, and N counts its colours."""
    for stream in _profiles(opened):
        content = bytes(stream.read_bytes())
        bands = SPACES.get(content[16:20])
        if content[36:40] != b"acsp" or bands is None or stream.get("/N") != bands:
            return f"N is {stream.get('/N')}, the profile {content[16:20]!r}"
    return None


def not_the_press(opened: Opened) -> str | None:
    """CMYK for the very press is device colour: tagged, it might be converted once more."""
    is_cmyk = opened.profile[16:20] == b"CMYK"
    same = any(bytes(one.read_bytes()) == opened.profile for one in _profiles(opened))
    return "the press's own profile" if is_cmyk and same else None


def intent(opened: Opened) -> str | None:
    """A rendering intent is one of the four."""
    found = [one.get("/Intent") for one in opened.pictures if "/Intent" in one]
    wrong = [str(name) for name in found if name not in INTENTS]
    return wrong[0] if wrong else None


def jpeg(opened: Opened) -> str | None:
    """A JPEG's own header says what the dictionary says."""
    for one, content in opened.jpegs:
        frame = jpeg_frame(content)
        if frame is None:
            return "a DCT stream that is no JPEG"
        bands = _bands(one.get("/ColorSpace"))
        stated = (*_sides(one), _number(one, "/BitsPerComponent"), bands)
        if frame != stated:
            return f"the JPEG is {frame}, the dictionary says {stated}"
    return None


def polarity(opened: Opened) -> str | None:
    """A CMYK JPEG with an Adobe marker holds 255 - ink, which Decode must turn round."""
    for one, content in opened.jpegs:
        if one.get("/ColorSpace") != Name.DeviceCMYK:
            continue
        is_adobe = has_adobe_marker(content)
        decode = [int(value) for value in one.get("/Decode", UNTOUCHED)]
        if decode != (INVERTED if is_adobe else UNTOUCHED):
            return f"Decode {decode} of a JPEG {'with' if is_adobe else 'without'} Adobe marker"
    return None


def whole_page(opened: Opened) -> str | None:
    """The page is one picture from edge to edge of its bleed."""
    page = opened.pages[0]
    steps = list(parse_content_stream(page))
    if [str(step.operator) for step in steps] != OPERATORS:
        return "other drawing than q cm Do Q"
    a, b, c, d, e, f = (Decimal(str(value)) for value in steps[1].operands)
    media = box(page, "/MediaBox")
    if media is None or b or c:
        return "a picture that is turned"
    found = e, f, e + a, f + d
    is_all = all(abs(have - want) <= SLACK_PT for have, want in zip(found, media, strict=True))
    return None if is_all else f"the picture covers {found} of {media}"


def one_picture(opened: Opened) -> str | None:
    """One picture, in device CMYK or with its profile."""
    count = len(opened.pictures)
    return f"{count} pictures" if count != 1 else None


def of_recipe(opened: Opened) -> str | None:
    """The picture has the recipe's px and the space of the product."""
    recipe = opened.recipe
    if recipe is None:
        return None
    one = opened.pictures[0]
    found = _sides(one)
    bands = _bands(one.get("/ColorSpace"))
    wanted = {"srgb": 3, "cmyk": 4}[recipe.colour.space]
    is_right = found == recipe.page_px and bands == wanted
    return None if is_right else f"{found} px in {bands} bands"


def jpeg_frame(content: bytes | memoryview) -> tuple[int, int, int, int] | None:
    """Return width, height, bits and bands of a JPEG's frame header (ITU-T T.81, B.2.2)."""
    for marker, body in _segments(content):
        if marker in FRAMES and len(body) >= 6:
            bits, height, width, bands = struct.unpack(">BHHB", body[:6])
            return width, height, bits, bands
    return None


def has_adobe_marker(content: bytes | memoryview) -> bool:
    """Say whether a JPEG has Adobe's APP14 (Adobe Technical Note 5116)."""
    return any(marker == 0xEE and body[:5] == b"Adobe" for marker, body in _segments(content))


def _segments(content: bytes | memoryview) -> list[tuple[int, bytes]]:
    """Return the marker segments before a JPEG's pixels."""
    found: list[tuple[int, bytes]] = []
    at = 2
    while content[:2] == b"\xff\xd8" and at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in STANDALONE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        found.append((marker, bytes(content[at + 4 : at + 2 + size])))
        if marker == 0xDA or size < 2:
            break
        at += 2 + size
    return found


def _profiles(opened: Opened) -> list[Stream]:
    """Return the ICC streams that colour spaces of pictures and resources name."""
    found = [one.get("/ColorSpace") for one in opened.pictures]
    for part in opened.everything:
        named = part.get("/ColorSpace")
        if isinstance(named, Dictionary):
            found += [space for _, space in named.items()]
    profiles = (_icc(space) for space in found)
    return [profile for profile in profiles if profile is not None]


def _icc(space: Object | None) -> Stream | None:
    if isinstance(space, Array) and len(space) == 2 and space[0] == Name.ICCBased:
        profile = space[1]
        return profile if isinstance(profile, Stream) else None
    return None


def _bands(space: Object | None) -> int | None:
    if isinstance(space, Name):
        return BANDS.get(space)
    profile = _icc(space)
    return None if profile is None else _number(profile, "/N")


def _sides(picture: Stream) -> tuple[int, int]:
    return _number(picture, "/Width"), _number(picture, "/Height")


def _number(found: Object, key: str) -> int:
    """Return an integer entry; raises TypeError for what is none."""
    return int(found[key])


RULES: Final = (
    Rule(
        "picture.device",
        "Device colours are those of the press profile.",
        f"{PDFX4}; ISO 32000-1, 8.6.5.6",
        device_colour,
    ),
    Rule(
        "picture.profile",
        "ICC profiles of pictures are whole, and N says so.",
        "ISO 32000-1, 8.6.5.5",
        own_profile,
    ),
    Rule(
        "picture.not_press",
        "No CMYK picture carries the press's own profile.",
        PDFX4,
        not_the_press,
    ),
    Rule("picture.intent", "Rendering intents are known ones.", "ISO 32000-1, 8.6.5.8", intent),
    Rule(
        "picture.jpeg",
        "A JPEG is of the size and bands that are stated.",
        "ISO 32000-1, 7.4.8 and 8.9.5",
        jpeg,
    ),
    Rule(
        "picture.polarity",
        "Decode turns Adobe's inverted CMYK round.",
        f"{HOUSE}: Adobe Technical Note 5116; ISO 32000-1, 8.9.5.2",
        polarity,
    ),
    Rule("picture.one", "There is one picture.", f"{HOUSE}: the page is a picture", one_picture),
    Rule(
        "picture.page",
        "The picture covers the page, bleed included.",
        f"{HOUSE}: registration with the preview",
        whole_page,
    ),
    Rule("picture.recipe", "The picture has the recipe's px.", f"{HOUSE}: the recipe", of_recipe),
)
