"""The first bytes decide; each format that is not printed gets its own sentence."""

from __future__ import annotations

import pytest

from origin.errors import PhotoRefused
from origin.ingest import magic

PAD = bytes(40)


@pytest.mark.parametrize(
    ("head", "family"),
    [
        pytest.param(b"\xff\xd8\xff\xe0" + PAD, "jpeg", id="JPEG"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + PAD, "png", id="PNG"),
        pytest.param(b"GIF87a" + PAD, "gif", id="GIF of 1987"),
        pytest.param(b"GIF89a" + PAD, "gif", id="GIF of 1989"),
        pytest.param(b"RIFF\x24\0\0\0WEBPVP8 " + PAD, "webp", id="WebP"),
        pytest.param(b"II*\0\x08\0\0\0" + PAD, "tiff", id="TIFF, little-endian"),
        pytest.param(b"MM\0*\0\0\0\x08" + PAD, "tiff", id="TIFF, big-endian"),
        pytest.param(b"II+\0\x08\0\0\0" + PAD, "tiff", id="BigTIFF"),
        pytest.param(b"\0\0\0\x1cftypavif\0\0\0\0mif1" + PAD, "heif", id="AVIF"),
        pytest.param(b"\0\0\0\x18ftypmif1\0\0\0\0heic" + PAD, "heif", id="HEIC"),
        pytest.param(b"\0\0\0\x18ftypXXXX\0\0\0\0heic" + PAD, "heif", id="a compatible brand"),
    ],
)
def test_a_family_that_is_read_is_named(head: bytes, family: str) -> None:
    assert magic.recognise(head) == family


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        pytest.param(b"%PDF-1.7\n" + PAD, magic.PDF, id="PDF"),
        pytest.param(b"<svg xmlns='x'>" + PAD, magic.SVG, id="SVG"),
        pytest.param(b"\xef\xbb\xbf \n<?xml version='1.0'?><svg>" + PAD, magic.SVG, id="SVG, BOM"),
        pytest.param(b"<!DOCTYPE html><html>" + PAD, magic.WORDS, id="web page"),
        pytest.param(b"\xff\x0a" + PAD, magic.JXL, id="JPEG XL, bare"),
        pytest.param(b"\0\0\0\x0cJXL \r\n\x87\n" + PAD, magic.JXL, id="JPEG XL, boxed"),
        pytest.param(b"\0\0\0\x0cjP  \r\n\x87\n" + PAD, magic.JP2, id="JPEG 2000"),
        pytest.param(b"II*\0\x10\0\0\0CR\x02\0" + PAD, magic.RAW, id="CR2, a TIFF at first sight"),
        pytest.param(b"\0\0\0\x18ftypcrx \0\0\0\x01" + PAD, magic.RAW, id="CR3"),
        pytest.param(b"FUJIFILMCCD-RAW 0201" + PAD, magic.RAW, id="RAF"),
        pytest.param(b"IIU\0\x18\0\0\0" + PAD, magic.RAW, id="RW2"),
        pytest.param(b"\0\0\0\x18ftypisom\0\0\0\0mp41" + PAD, magic.VIDEO, id="MP4"),
        pytest.param(b"\0\0\0\x14ftypqt  \0\0\0\0" + PAD, magic.VIDEO, id="QuickTime"),
        pytest.param(b"\x1aE\xdf\xa3" + PAD, magic.VIDEO, id="WebM"),
        pytest.param(b"RIFF\x24\0\0\0AVI LIST" + PAD, magic.VIDEO, id="AVI"),
        pytest.param(b"PK\x03\x04" + PAD, magic.ARCHIVE, id="ZIP"),
        pytest.param(b"8BPS\0\x01" + PAD, "Photoshop", id="PSD"),
        pytest.param(b"BM" + PAD, "BMP", id="BMP"),
        pytest.param(b"\0\0\x01\0\x01\0" + PAD, "Icons", id="ICO"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF" + PAD, "PostScript", id="EPS"),
        pytest.param(b"\x42" * 60, magic.UNKNOWN, id="anything else"),
    ],
)
def test_a_format_that_is_not_read_gets_a_sentence_that_helps(head: bytes, sentence: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        magic.recognise(head)
    assert (refused.value.status, refused.value.code) == (415, "photo.format")
    assert sentence in refused.value.public


@pytest.mark.parametrize("head", [b"", b"\xff", b"\xff\xd8\xff\xd9"])
def test_a_file_too_short_for_any_header_is_empty(head: bytes) -> None:
    with pytest.raises(PhotoRefused) as refused:
        magic.recognise(head)
    assert refused.value.code == "photo.empty"
