"""What is in the bytes: the settings that were chosen, and no metadata but a photo's rights."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL.JpegImagePlugin import JpegImageFile

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.render.encode import encode, encode_master, rights_packet
from origin.render.plan import Rights
from tests.images.photos import photo_pixels
from tests.images.profiles import built_in
from tests.unit.render.facts import CUTOUT, PHOTO, plan_of

EXTS = ("avif", "webp", "jpg", "png")
PROGRESSIVE, BASELINE = b"\xff\xc2", b"\xff\xc0"
ROBIDOUX_ROW = [16, 16, 16, 18, 25, 37, 56, 85]
"""The first row of the table that JPEG quality 50 uses as it is (ImageMagick, N. Robidoux)."""


def picture(**metadata: Any) -> pyvips.Image:
    image = pyvips.Image.new_from_array(photo_pixels(96, 64, 5), interpretation="srgb")
    return image.copy(**metadata)


def segment(content: bytes, marker: bytes) -> bytes:
    """Return what follows a JPEG marker and its length."""
    return content[content.index(marker) + 4 :]


@pytest.mark.parametrize("ext", EXTS)
def test_every_format_shows_the_picture(ext: str) -> None:
    content = encode(picture(), plan_of(PHOTO, ext))
    found = pyvips.Image.new_from_buffer(content, "").numpy()
    assert found.shape == (64, 96, 3)
    assert np.abs(found.astype(int) - photo_pixels(96, 64, 5)).mean() < 8


def test_png_loses_nothing() -> None:
    found = pyvips.Image.pngload_buffer(encode(picture(), plan_of(PHOTO, "png"))).numpy()
    assert (found == photo_pixels(96, 64, 5)).all()


@pytest.mark.parametrize("ext", ["avif", "webp", "jpg"])
def test_a_lower_q_takes_fewer_bytes(ext: str) -> None:
    sizes = [len(encode(picture(), plan_of(PHOTO, ext, q=q))) for q in (30, 50, 80, 95)]
    assert sizes == sorted(set(sizes))


def test_a_jpeg_is_baseline_optimised_and_has_the_chosen_table() -> None:
    content = encode(picture(), plan_of(PHOTO, "jpg", q=50))
    assert PROGRESSIVE not in content
    assert JpegImageFile(BytesIO(content)).quantization[0][:8] == ROBIDOUX_ROW
    plain = picture().jpegsave_buffer(Q=50, quant_table=3, keep=0)
    assert isinstance(plain, bytes)
    assert len(content) < len(plain)


def test_a_thorough_avif_is_smaller_and_the_same_each_time() -> None:
    noise = pyvips.Image.gaussnoise(320, 240, sigma=30, mean=128, seed=1).gaussblur(1)
    image = noise.bandjoin(noise.flip("horizontal")).bandjoin(noise.flip("vertical")).cast("uchar")
    image = image.copy(interpretation="srgb").copy_memory()
    plan = plan_of(PHOTO, "avif")
    thorough = [encode(image, replace(plan, is_thorough=True)) for _ in range(2)]
    assert thorough[0] == thorough[1]
    assert len(thorough[0]) < len(encode(image, plan))


def test_an_avif_is_av1_of_eight_bits() -> None:
    found = pyvips.Image.heifload_buffer(encode(picture(), plan_of(PHOTO, "avif")))
    assert found.get("heif-compression") == "av1"
    assert found.get("bits-per-sample") == 8


@pytest.mark.parametrize("halves", [False, True])
def test_a_master_is_baseline_and_has_full_colour_unless_it_may_be_halved(*, halves: bool) -> None:
    content = encode_master(picture(), halves_colour=halves)
    frame = segment(content, BASELINE)
    sampling = [frame[7 + 3 * band] for band in range(3)]
    assert sampling == [0x22 if halves else 0x11, 0x11, 0x11]
    assert PROGRESSIVE not in content


@pytest.mark.parametrize("ext", EXTS)
def test_whatever_a_source_carries_the_bytes_are_the_same(ext: str) -> None:
    laden = with_profile(picture(xres=11.8, yres=11.8), built_in("p3"))
    for name in ("exif-data", "xmp-data", "iptc-data"):
        laden.set_type(pyvips.GValue.blob_type, name, b"Exif\0\0 secret")  # type: ignore[arg-type]  # a blob
    laden.set_type(pyvips.GValue.gstr_type, "png-comment-0-Author", "secret")
    assert encode(laden, plan_of(PHOTO, ext)) == encode(picture(), plan_of(PHOTO, ext))
    plain = encode_master(picture(), halves_colour=False)
    assert encode_master(laden, halves_colour=False) == plain


@pytest.mark.parametrize("ext", EXTS)
def test_rights_are_written_where_a_plan_has_them(ext: str) -> None:
    how = replace(plan_of(PHOTO, ext), rights=Rights("© A <b> & Sons", None))
    found = pyvips.Image.new_from_buffer(encode(picture(), how), "")
    packet: Any = found.get("xmp-data")
    assert "© A &lt;b&gt; &amp; Sons" in bytes(packet).decode()
    assert b"creator" not in bytes(packet)


def test_control_characters_never_reach_the_packet() -> None:
    packet = rights_packet(Rights("a\0b\n\x1fc\ufffe", "Ann\u202e Lee"))
    assert packet is not None
    assert b">a b c<" in packet
    assert b">Ann Lee<" in packet


@pytest.mark.parametrize("rights", [Rights(None, None), Rights("", " \n")])
def test_without_words_there_is_no_packet(rights: Rights) -> None:
    assert rights_packet(rights) is None
    how = plan_of(PHOTO, "jpg")
    assert encode(picture(), replace(how, rights=rights)) == encode(picture(), how)


@pytest.mark.parametrize("ext", ["avif", "webp", "png"])
def test_four_bands_keep_their_alpha(ext: str) -> None:
    image = picture().bandjoin(picture()[0] > 118).copy(interpretation="srgb")
    found = pyvips.Image.new_from_buffer(encode(image, plan_of(CUTOUT, ext)), "")
    assert found.bands == 4
    assert found[3].max() == 255
    assert found[3].min() == 0
