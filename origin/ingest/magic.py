"""Knows a file's kind from its first bytes: six families are let in, the others get a sentence."""

from __future__ import annotations

from typing import Final

from origin.errors import PhotoRefused

HEAD_BYTES: Final = 1024
"""How much of a file recognise() wants to see."""

SHORTEST_BYTES: Final = 12
"""Below this no format that we read has room for its header."""

EXPORT = "please export it as JPEG, TIFF or PNG and upload that."
RAW = f"This is a camera's raw file: {EXPORT}"
SVG = f"SVG drawings are not printed as photos: {EXPORT}"
PDF = "This is a PDF document, not a photo: please export its page as JPEG, TIFF or PNG."
JXL = f"JPEG XL is not read yet: {EXPORT}"
JP2 = f"JPEG 2000 is not read: {EXPORT}"
VIDEO = "This is a video: please save one of its frames as JPEG and upload that."
ARCHIVE = "This is an archive: please unpack it and upload the photos in it."
WORDS = "This is a text or web page, not a picture."
OTHER = f"This picture format is not read: {EXPORT}"
UNKNOWN = (
    "This is not a picture format that we print: JPEG, PNG, TIFF, WebP, AVIF, HEIC or GIF are."
)

HEIF_BRANDS: Final = frozenset(
    {b"mif1", b"mif2", b"msf1", b"miaf", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
    | {b"avif", b"avis"}
)

REFUSED_STARTS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", PDF),
    (b"\x0aXMP", OTHER),
    (b"\xff\x0a", JXL),
    (b"\x00\x00\x00\x0cJXL ", JXL),
    (b"\x00\x00\x00\x0cjP  ", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\x00", RAW),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"\x00MRM", RAW),
    (b"II\x1a\x00\x00\x00HEAPCCDR", RAW),
    (b"II*\x00\x10\x00\x00\x00CR", RAW),
    (b"8BPS", f"Photoshop files are not read: {EXPORT}"),
    (b"gimp xcf", f"GIMP files are not read: {EXPORT}"),
    (b"BM", f"BMP pictures are not read: {EXPORT}"),
    (b"\x00\x00\x01\x00", f"Icons are not printed: {EXPORT}"),
    (b"icns", f"Icons are not printed: {EXPORT}"),
    (b"%!PS", f"PostScript is not read: {EXPORT}"),
    (b"\xc5\xd0\xd3\xc6", f"PostScript is not read: {EXPORT}"),
    (b"\x1aE\xdf\xa3", VIDEO),
    (b"FLV\x01", VIDEO),
    (b"OggS", VIDEO),
    (b"\x00\x00\x01\xba", VIDEO),
    (b"PK\x03\x04", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"Rar!", ARCHIVE),
    (b"7z\xbc\xaf", ARCHIVE),
    (b"DDS ", OTHER),
    (b"\x01\xda", OTHER),
    (b"\x76\x2f\x31\x01", OTHER),
    (b"#?RADIANCE", OTHER),
)

FAMILY_STARTS: Final = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
CR2: Final = b"CR"
"""What Canon's raw files have at 8, after a TIFF's start."""


def recognise(head: bytes) -> str:
    """Return the family of a file: jpeg, png, gif, webp, tiff or heif (AVIF and HEIC).

    head: its first HEAD_BYTES, or all of it when shorter. The file's name plays no part.
    Raises PhotoRefused "photo.empty" below SHORTEST_BYTES, else "photo.format" with a sentence
    that says what to do instead.
    """
    if len(head) < SHORTEST_BYTES:
        raise PhotoRefused("photo.empty", log=f"{len(head)} bytes")
    family = _family(head)
    if family is None:
        raise PhotoRefused("photo.format", _sentence(head), log=f"starts with {head[:16].hex()}")
    return family


def _family(head: bytes) -> str | None:
    for start, family in FAMILY_STARTS:
        if head.startswith(start) and (family != "tiff" or head[8:10] != CR2):
            return family
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and HEIF_BRANDS & _brands(head):
        return "heif"
    return None


def _brands(head: bytes) -> frozenset[bytes]:
    length = min(int.from_bytes(head[:4], "big"), len(head))
    return frozenset(head[at : at + 4] for at in (8, *range(16, length - 3, 4)))


def _sentence(head: bytes) -> str:
    for start, sentence in REFUSED_STARTS:
        if head.startswith(start):
            return sentence
    if head[4:8] == b"ftyp":
        return RAW if b"crx " in _brands(head) else VIDEO
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free") or head[:4] == b"RIFF":
        return VIDEO
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return SVG
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<?php", b"{", b"#!")):
        return WORDS
    return UNKNOWN
