"""Photos of our own making: one of each kind that intake takes, and the parts of broken ones."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from origin.decode.isobmff import Nclx
from origin.decode.libvips import pyvips
from origin.decode.nclx import profile_of

WIDTH_PX, HEIGHT_PX = 320, 240
DISPLAY_P3 = profile_of(Nclx(12, 13, 1)) or b""


@cache
def scene(bands: int = 3) -> pyvips.Image:
    """Draw a textured picture, 320 x 240 uchar: no codec makes a handful of bytes of it."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX]
    planes = [127 + 70 * np.sin(x / (9 + n)) * np.cos(y / (13 + n)) for n in range(bands)]
    noise = random.normal(0, 14, (HEIGHT_PX, WIDTH_PX, bands))
    pixels = np.clip(np.stack(planes, axis=-1) + noise, 0, 255).astype(np.uint8)
    space = {1: "b-w", 2: "b-w", 3: "srgb", 4: "cmyk"}[bands]
    return pyvips.Image.new_from_array(pixels).copy(interpretation=space)


def saved(suffix: str, *, bands: int = 3, **options: Any) -> bytes:
    """Encode the scene with libvips."""
    return bytes(scene(bands).write_to_buffer(suffix, **options))


def pillow_scene(mode: str) -> Image.Image:
    """Return the scene as a Pillow picture of that mode."""
    return Image.fromarray(scene(3).numpy()).convert(mode)


def pillow_saved(kind: str, mode: str, **options: Any) -> bytes:
    """Encode the scene with Pillow."""
    file = io.BytesIO()
    pillow_scene(mode).save(file, kind, **options)
    return file.getvalue()


def heic(**options: Any) -> bytes:
    """Encode the scene as HEIC."""
    file = io.BytesIO()
    pillow_heif.from_pillow(pillow_scene("RGB")).save(file, quality=90, **options)
    return file.getvalue()


def exif_of(orientation: int) -> bytes:
    """Return an Exif block that says how the picture stands, with a maker and a position."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Ourcam"
    exif[0x0110] = "One\x00"
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 10:11:12"
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


KINDS: dict[str, Callable[[], bytes]] = {
    "jpeg baseline": lambda: saved(".jpg", Q=90),
    "jpeg progressive": lambda: saved(".jpg", Q=90, interlace=True),
    "jpeg grey": lambda: saved(".jpg", bands=1),
    "jpeg cmyk with Adobe's inversion": lambda: saved(".jpg", bands=4, Q=90),
    "png 8 bits": lambda: saved(".png"),
    "png 16 bits": lambda: bytes(
        (scene() * 257).cast("ushort").write_to_buffer(".png", bitdepth=16)
    ),
    "png palette": lambda: saved(".png", palette=True),
    "png interlaced": lambda: saved(".png", interlace=True),
    "webp lossy": lambda: saved(".webp", Q=80),
    "webp lossless": lambda: saved(".webp", lossless=True),
    "avif": lambda: saved(".avif", Q=80, effort=0),
    "tiff with its directory at the end": lambda: saved(".tif", compression="deflate"),
    "tiff with its directory in front": lambda: pillow_saved("TIFF", "RGB"),
    "tiff in tiles": lambda: saved(".tif", compression="lzw", tile=True),
    "gif": lambda: pillow_saved("GIF", "RGB"),
    "heic": heic,
}
"""What intake must take, each with its maker."""


@cache
def photo(kind: str) -> bytes:
    """Return the bytes of a kind of KINDS."""
    return KINDS[kind]()


def format_of(kind: str) -> str:
    """Return the format of a kind of KINDS: its first word."""
    return kind.split(maxsplit=1)[0]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a PNG chunk with its checksum."""
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(*chunks: bytes, sides: tuple[int, int] = (8, 8), interlace: int = 0) -> bytes:
    """Return an RGB PNG with extra chunks before its pixels."""
    header = struct.pack(">IIBBBBB", *sides, 8, 2, 0, 0, interlace)
    pixels = zlib.compress(b"".join(b"\0" + bytes(24) for _ in range(8)))
    parts = (png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", pixels))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + png_chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    """Return a JPEG segment with its length."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def frame(marker: int, width: int, height: int, bands: int = 3) -> bytes:
    """Return a JPEG frame header, 4:2:0 where there is chroma."""
    factors = [0x22, 0x11, 0x11, 0x11] if bands > 1 else [0x11]
    components = b"".join(bytes([n + 1, factors[n], 0]) for n in range(bands))
    return segment(marker, struct.pack(">BHHB", 8, height, width, bands) + components)


SCAN = segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\x12\x34\xff\x00\x56"


def jpeg(*parts: bytes) -> bytes:
    """Return the markers of a JPEG with those parts between its start and its end."""
    return b"\xff\xd8" + b"".join(parts) + b"\xff\xd9"


def tiff(*entries: tuple[int, int, int, int], next_at: int = 0) -> bytes:
    """Return a little-endian TIFF of one directory: (tag, type, count, value or offset) each."""
    table = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    return head + table + struct.pack("<I", next_at)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """Return a WebP container of those chunks."""
    body = b"WEBP"
    for kind, content in chunks:
        body += kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) & 1)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return an ISO-BMFF box."""
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body
