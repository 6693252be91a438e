"""The boxes of HEIF files, built by hand."""

from __future__ import annotations

import struct

import pytest

from origin.decode.isobmff import Nclx, read_heif
from origin.errors import PhotoRefused
from tests.unit.ingest.made import box, heic, photo

FTYP = box(b"ftyp", b"mif1\0\0\0\0mif1heic")
HDLR = box(b"hdlr", bytes(4), bytes(4), b"pict", bytes(13))


def full(kind: bytes, version: int, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def item(number: int, kind: bytes) -> bytes:
    return full(b"infe", 2, struct.pack(">HH", number, 0), kind, b"\0")


def located(*spans: tuple[int, int, int]) -> bytes:
    """Return an iloc box of (item, offset, length)."""
    entries = b"".join(struct.pack(">HHHII", i, 0, 1, at, size) for i, at, size in spans)
    return full(b"iloc", 0, b"\x44\0", struct.pack(">H", len(spans)), entries)


def ispe(width: int, height: int) -> bytes:
    return full(b"ispe", 0, struct.pack(">II", width, height))


def owned(*pairs: tuple[int, tuple[int, ...]]) -> bytes:
    entries = b"".join(struct.pack(">HB", i, len(to)) + bytes(to) for i, to in pairs)
    return full(b"ipma", 0, struct.pack(">I", len(pairs)), entries)


def referring(*references: tuple[bytes, int, tuple[int, ...]]) -> bytes:
    boxes = (
        box(kind, struct.pack(f">HH{len(to)}H", source, len(to), *to))
        for kind, source, to in references
    )
    return full(b"iref", 0, *boxes)


def heif(
    *,
    items: dict[int, bytes],
    properties: tuple[bytes, ...] = (ispe(640, 480),),
    owns: tuple[tuple[int, tuple[int, ...]], ...] = ((1, (1,)),),
    references: tuple[tuple[bytes, int, tuple[int, ...]], ...] = (),
    spans: tuple[tuple[int, int, int], ...] = (),
    primary: int = 1,
) -> bytes:
    infos = full(b"iinf", 0, struct.pack(">H", len(items)), *[item(*i) for i in items.items()])
    parts = (
        HDLR,
        full(b"pitm", 0, struct.pack(">H", primary)),
        infos,
        located(*spans),
        referring(*references),
        box(b"iprp", box(b"ipco", *properties), owned(*owns)),
    )
    return FTYP + full(b"meta", 0, *parts) + box(b"mdat", bytes(100))


def refusal(content: bytes) -> str:
    with pytest.raises(PhotoRefused) as refused:
        read_heif(content)
    return refused.value.code


def test_a_single_picture_is_read() -> None:
    found = read_heif(heif(items={1: b"hvc1"}))
    assert (found.coding, found.width_px, found.height_px) == ("heic", 640, 480)
    assert (found.images, found.bits, found.has_alpha) == (1, 8, False)


def test_a_grid_is_coded_as_its_tiles_are_and_is_one_picture() -> None:
    found = read_heif(
        heif(
            items={1: b"grid", 2: b"av01", 3: b"av01"},
            references=((b"dimg", 1, (2, 3)),),
        )
    )
    assert (found.coding, found.images) == ("avif", 1)


def test_another_coding_is_named() -> None:
    found = read_heif(heif(items={1: b"unci"}))
    assert (found.coding, found.item_type) == (None, "unci")


def test_alpha_and_gain_map_are_known_by_their_names() -> None:
    names = (
        full(b"auxC", 0, b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"),
        full(b"auxC", 0, b"urn:com:apple:photo:2020:aux:hdrgainmap\0"),
    )
    found = read_heif(
        heif(
            items={1: b"hvc1", 2: b"hvc1", 3: b"hvc1"},
            properties=(ispe(64, 64), *names),
            owns=((1, (1,)), (2, (2,)), (3, (3,))),
            references=((b"auxl", 2, (1,)), (b"auxl", 3, (1,))),
        )
    )
    assert (found.has_alpha, found.has_gain_map, found.images) == (True, True, 1)


def test_colour_numbers_profile_and_depth_are_read() -> None:
    properties = (
        ispe(64, 64),
        box(b"colr", b"nclx", struct.pack(">HHHB", 12, 13, 6, 0x80)),
        box(b"colr", b"prof", bytes(500)),
        full(b"pixi", 0, bytes([3, 10, 10, 10])),
    )
    found = read_heif(heif(items={1: b"av01"}, properties=properties, owns=((1, (1, 2, 3, 4)),)))
    assert (found.nclx, found.profile_bytes, found.bits) == (Nclx(12, 13, 6), 500, 10)


def test_thumbnails_do_not_count_as_pictures_and_others_do() -> None:
    found = read_heif(
        heif(items={1: b"hvc1", 2: b"hvc1", 3: b"hvc1"}, references=((b"thmb", 2, (1,)),))
    )
    assert found.images == 2


def test_pixels_past_the_end_of_the_file_are_damage() -> None:
    whole = heif(items={1: b"hvc1"}, spans=((1, 250, 50),))
    assert read_heif(whole).coding == "heic"
    assert refusal(heif(items={1: b"hvc1"}, spans=((1, 250, 5000),))) == "photo.damaged"


def test_exif_of_a_real_photo_is_found() -> None:
    found = read_heif(heic(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"))
    assert found.exif.startswith(b"MM\0*")


def test_real_photos_are_read() -> None:
    assert read_heif(photo("heic")).coding == "heic"
    assert read_heif(photo("avif")).coding == "avif"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FTYP, id="no meta box"),
        pytest.param(heif(items={1: b"hvc1"}, primary=7), id="no main picture"),
        pytest.param(heif(items={1: b"hvc1"}, owns=()), id="no size"),
        pytest.param(heif(items={1: b"hvc1"}, properties=(ispe(0, 5),)), id="a side of 0"),
        pytest.param(FTYP + full(b"meta", 0, HDLR), id="no iloc"),
        pytest.param(FTYP + full(b"meta", 0, b"\0\0\xff\xffpitm"), id="a box past its parent"),
        pytest.param(FTYP + full(b"meta", 0, b"\0\0\0\x04pitm"), id="a box shorter than its head"),
        pytest.param(FTYP * 5001, id="5,001 boxes"),
        pytest.param(FTYP + full(b"meta", 0, located()[:-1]), id="cut off in iloc"),
    ],
)
def test_broken_boxes_are_damage(content: bytes) -> None:
    assert refusal(content) == "photo.damaged"


def test_a_table_that_repeats_itself_without_end_is_refused_early() -> None:
    wide = full(b"iloc", 0, b"\0\0", struct.pack(">H", 2), struct.pack(">HHH", 1, 0, 65535) * 2)
    content = FTYP + full(b"meta", 0, HDLR, full(b"pitm", 0, b"\0\1"), wide)
    assert refusal(content) == "photo.chunks"
