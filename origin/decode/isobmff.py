"""Reads the boxes of HEIF files, not their pixels: AVIF, HEIC (ISO/IEC 14496-12, 23008-12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from origin.decode.view import View, damaged, number
from origin.errors import PhotoRefused

BOXES_MAX: Final = 5_000
"""Boxes side by side; a 48 MP iPhone photo has about 200."""
STEPS_MAX: Final = 50_000
"""Items, extents, properties and references read of one file: about 50 ms of our time."""
NAME_BYTES: Final = 100
CHANNELS_MAX: Final = 5
EXIF_BYTES_MAX: Final = 1 << 20

CODINGS: Final = {b"hvc1": "heic", b"av01": "avif"}
"""Item types that we read: HEVC through libheif, AV1 through libvips."""
DERIVED: Final = frozenset({b"grid", b"iden", b"iovl"})
ALPHA_SIGNS: Final = (b":auxiliary:alpha", b":hevc:2015:auxid:1")
GAIN_MAP_SIGNS: Final = (b"hdrgainmap", b"urn:iso:std:iso:ts:21496:-1")

HDR_TRANSFERS: Final = frozenset({16, 18})
"""PQ and HLG among the TransferCharacteristics of ITU-T H.273."""


@dataclass(frozen=True, slots=True)
class Nclx:
    """Colour by numbers (ITU-T H.273): primaries, transfer, matrix."""

    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True, slots=True)
class Heif:
    """What the boxes say of the main picture. Sides are before its own turn and crop, in px."""

    coding: str | None  # heic, avif, or None for one that we do not read
    item_type: str
    width_px: int
    height_px: int
    images: int
    bits: int
    has_alpha: bool
    has_gain_map: bool
    is_sequence: bool
    profile_bytes: int
    nclx: Nclx | None
    exif: bytes = field(default=b"", repr=False)  # a TIFF structure


@dataclass(slots=True)
class _Meta:
    """The tables of a meta box, by item id."""

    primary: int = 0
    types: dict[int, bytes] = field(default_factory=dict)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # start, length
    properties: list[tuple[bytes, int, int]] = field(default_factory=list)  # type, start, end
    owned: dict[int, list[int]] = field(default_factory=dict)  # indices of properties, from 0
    references: list[tuple[bytes, int, tuple[int, ...]]] = field(default_factory=list)
    steps_left: int = STEPS_MAX

    def spend(self, steps: int) -> None:
        """Count steps; raises PhotoRefused "photo.chunks" when a file asks for too many."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise PhotoRefused("photo.chunks", log=f"more than {STEPS_MAX} entries in its boxes")


def read_heif(view: View) -> Heif:
    """Read the main picture's description.

    Raises PhotoRefused "photo.damaged": a box past its parent's end, no main picture, or pixels
    that lie past the end of the file (it was cut off).
    """
    top = {kind: (start, end) for kind, start, end in boxes(view, 0, len(view), is_file=True)}
    if b"meta" not in top:
        damaged("no meta box")
    meta = _read_meta(view, *top[b"meta"])
    if meta.primary not in meta.types:
        damaged("no main picture")
    tiles = _referred(meta, b"dimg", meta.primary)
    coded_type = meta.types[meta.primary]
    if coded_type in DERIVED and tiles:
        coded_type = meta.types.get(tiles[0], b"")
    for item in {meta.primary, *tiles}:
        _refuse_cut_off(view, meta, item)
    width_px, height_px = _sides(view, meta)
    profile_bytes, nclx = _colour(view, meta, (meta.primary, *tiles[:1]))
    return Heif(
        coding=CODINGS.get(coded_type),
        item_type=coded_type.decode("latin-1"),
        width_px=width_px,
        height_px=height_px,
        images=_images(meta),
        bits=_bits(view, meta, (meta.primary, *tiles[:1])),
        has_alpha=_has_auxiliary(view, meta, ALPHA_SIGNS),
        has_gain_map=b"tmap" in meta.types.values() or _has_auxiliary(view, meta, GAIN_MAP_SIGNS),
        is_sequence=b"moov" in top,
        profile_bytes=profile_bytes,
        nclx=nclx,
        exif=_exif(view, meta),
    )


def boxes(
    view: View, at: int, end: int, *, is_file: bool = False
) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end of the payload of each box in ``at``..``end``.

    is_file: the last box may be cut off (it holds pixels, which are checked by themselves).
    Raises PhotoRefused "photo.damaged".
    """
    for _ in range(BOXES_MAX):
        if at + 8 > end:
            return
        length, kind, start = number(view, at, 4), view[at + 4 : at + 8], at + 8
        if length == 1:
            length, start = number(view, at + 8, 8), at + 16
        elif length == 0:
            length = end - at
        if at + length > end and is_file:
            length = end - at
        if length < start - at or at + length > end:
            damaged(f"box {kind!r} of {length} bytes at {at}")
        yield kind, start, at + length
        at += length
    damaged(f"more than {BOXES_MAX} boxes")


def _read_meta(view: View, start: int, end: int) -> _Meta:
    meta = _Meta()
    idat_at = 0
    locations: tuple[int, int] | None = None
    for kind, at, box_end in boxes(view, start + 4, end):
        match kind:
            case b"pitm":
                meta.primary = number(view, at + 4, 4 if number(view, at, 1) else 2)
            case b"iinf":
                _read_items(view, at, box_end, meta)
            case b"iref":
                _read_references(view, at, box_end, meta)
            case b"iprp":
                _read_properties(view, at, box_end, meta)
            case b"idat":
                idat_at = at
            case b"iloc":
                locations = at, box_end
    if locations is None:
        damaged("no iloc box")
    _read_locations(view, locations, idat_at, meta)
    return meta


def _read_items(view: View, at: int, end: int, meta: _Meta) -> None:
    first_at = at + (8 if number(view, at, 1) else 6)
    for kind, start, _ in boxes(view, first_at, end):
        version = number(view, start, 1)
        if kind == b"infe" and version >= 2:
            id_bytes = 4 if version > 2 else 2
            type_at = start + 4 + id_bytes + 2
            meta.types[number(view, start + 4, id_bytes)] = view[type_at : type_at + 4]


def _read_references(view: View, at: int, end: int, meta: _Meta) -> None:
    size = 4 if number(view, at, 1) else 2
    for kind, start, _ in boxes(view, at + 4, end):
        count = number(view, start + size, 2)
        meta.spend(count)
        to_at = start + size + 2
        to = tuple(number(view, to_at + size * index, size) for index in range(count))
        meta.references.append((kind, number(view, start, size), to))


def _read_properties(view: View, at: int, end: int, meta: _Meta) -> None:
    for kind, start, box_end in boxes(view, at, end):
        if kind == b"ipco":
            meta.properties = list(boxes(view, start, box_end))
        elif kind == b"ipma":
            _read_owned(view, start, meta)


def _read_owned(view: View, at: int, meta: _Meta) -> None:
    id_bytes = 4 if number(view, at, 1) else 2
    size = 2 if number(view, at + 3, 1) & 1 else 1
    essential = 0x8000 if size == 2 else 0x80
    count, at = number(view, at + 4, 4), at + 8
    for _ in range(count):
        item, owned = number(view, at, id_bytes), number(view, at + id_bytes, 1)
        meta.spend(1 + owned)
        at += id_bytes + 1
        indices = [number(view, at + size * i, size) & ~essential for i in range(owned)]
        meta.owned.setdefault(item, []).extend(index - 1 for index in indices if index)
        at += size * owned


def _read_locations(view: View, span: tuple[int, int], idat_at: int, meta: _Meta) -> None:
    at, end = span
    version = number(view, at, 1)
    sizes = number(view, at + 4, 2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version in (1, 2) else 0
    id_bytes = 4 if version == 2 else 2
    count, at = number(view, at + 6, id_bytes), at + 6 + id_bytes
    for _ in range(count):
        item, at = number(view, at, id_bytes), at + id_bytes
        method = number(view, at, 2) & 15 if version in (1, 2) else 0
        at += (2 if version in (1, 2) else 0) + 2
        base, at = number(view, at, base_bytes), at + base_bytes
        extents, at = number(view, at, 2), at + 2
        step = index_bytes + offset_bytes + length_bytes
        if at + extents * step > end:
            damaged("iloc is cut off")
        meta.spend(1 + extents)
        meta.extents[item] = [
            (
                base
                + (idat_at if method == 1 else 0)
                + number(view, at + step * i + index_bytes, offset_bytes),
                number(view, at + step * i + index_bytes + offset_bytes, length_bytes),
            )
            for i in range(extents)
        ]
        if method > 1:
            meta.extents[item] = []
        at += extents * step


def _refuse_cut_off(view: View, meta: _Meta, item: int) -> None:
    for start, length in meta.extents.get(item, ()):
        if start + length > len(view):
            damaged(f"item {item} ends at {start + length}, the file at {len(view)}")


def _referred(meta: _Meta, kind: bytes, item: int) -> tuple[int, ...]:
    for of_kind, source, to in meta.references:
        if of_kind == kind and source == item:
            return to
    return ()


def _of(meta: _Meta, item: int, kind: bytes) -> Iterator[tuple[int, int]]:
    for index in meta.owned.get(item, ()):
        if index < len(meta.properties) and meta.properties[index][0] == kind:
            yield meta.properties[index][1:]


def _images(meta: _Meta) -> int:
    """Count the pictures that stand for themselves: no tile, thumbnail, alpha or depth."""
    pictures = {item for item, kind in meta.types.items() if kind in CODINGS or kind in DERIVED}
    for kind, source, to in meta.references:
        if kind == b"dimg":
            pictures -= {*to}
        elif kind in (b"auxl", b"thmb"):
            pictures.discard(source)
    return max(1, len(pictures))


def _sides(view: View, meta: _Meta) -> tuple[int, int]:
    start = next((start for start, _ in _of(meta, meta.primary, b"ispe")), None)
    if start is None:
        damaged("the main picture has no size")
    sides = number(view, start + 4, 4), number(view, start + 8, 4)
    if not all(sides):
        damaged("a side of the main picture is 0")
    return sides


def _bits(view: View, meta: _Meta, items: tuple[int, ...]) -> int:
    """Return the deepest channel that a pixi property names, 8 without one."""
    deepest = 8
    for item in items:
        for start, _ in _of(meta, item, b"pixi"):
            channels = range(min(number(view, start + 4, 1), CHANNELS_MAX))
            deepest = max(deepest, *(number(view, start + 5 + i, 1) for i in channels), 8)
    return deepest


def _has_auxiliary(view: View, meta: _Meta, signs: tuple[bytes, ...]) -> bool:
    for kind, source, to in meta.references:
        if kind == b"auxl" and meta.primary in to:
            for start, end in _of(meta, source, b"auxC"):
                name = view[start + 4 : min(end, start + 4 + NAME_BYTES)]
                if any(sign in name for sign in signs):
                    return True
    return False


def _colour(view: View, meta: _Meta, items: tuple[int, ...]) -> tuple[int, Nclx | None]:
    """Return the size of the ICC profile and the colour numbers of the first item that has them."""
    profile_bytes, nclx = 0, None
    for item in items:
        for start, end in _of(meta, item, b"colr"):
            kind = view[start : start + 4]
            if kind in (b"prof", b"rICC"):
                profile_bytes = profile_bytes or end - start - 4
            elif kind == b"nclx" and nclx is None:
                nclx = Nclx(*(number(view, start + 4 + 2 * i, 2) for i in range(3)))
    return profile_bytes, nclx


def _exif(view: View, meta: _Meta) -> bytes:
    for item, kind in meta.types.items():
        if kind == b"Exif" and meta.extents.get(item):
            start, length = meta.extents[item][0]
            block = view[start : min(start + length, start + EXIF_BYTES_MAX)]
            return block[4 + int.from_bytes(block[:4], "big") :]
    return b""
