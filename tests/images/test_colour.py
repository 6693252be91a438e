"""Colour before encoding against LittleCMS through Pillow: same profile, intent, black point."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from cache_keys.presets import Look
from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.decode.open import open_source
from origin.decode.upright import upright
from origin.errors import PhotoRefused
from origin.render.colour import source_to_srgb
from origin.render.depth import plain_depth
from origin.values import ProfileStatus
from tests.images.difference import delta_e
from tests.images.photos import photo_pixels
from tests.images.profiles import built_in
from tests.images.rendering import Kept

DELTA_E_MEAN_MAX = 0.5
"""Half of what two people looking side by side can tell apart; the issue of record's limit."""
FOLDERS = ("wide_gamut", "cmyk", "gen_photo", "raw16", "cielab_sep")
LEFT_OUT = ("trunc99", "trunc75", "trunc25", "bitflip", "panorama")
"""Damaged on purpose, or too large to compare quickly."""


def colourful(space: str) -> pyvips.Image:
    """Return 300 x 200 px that use much of a space: light by texture, hue and chroma by place."""
    height, width = 200, 300
    light = photo_pixels(width, height, 7).mean(axis=2)
    y, x = np.mgrid[0:height, 0:width]
    angle = x / width * 2 * np.pi
    chroma = 90 * y / height
    bands = [
        np.clip(light + chroma * np.cos(angle - shift), 0, 255)
        for shift in (0, 2 * np.pi / 3, 4 * np.pi / 3)
    ]
    if space == "cmyk":
        bands = [255 - band for band in bands]
        bands.append(np.full_like(light, 30))
    pixels = np.stack(bands, 2).astype(np.uint8)
    return pyvips.Image.new_from_array(pixels, interpretation=space)


def store(path: Path, image: pyvips.Image, profile: bytes | None) -> Path:
    if profile:
        image = with_profile(image, profile)
    image.tiffsave(str(path), compression="deflate")
    return path


def ours(path: Path) -> tuple[NDArray[np.uint8], Kept]:
    kept = Kept(path)
    image = plain_depth(open_source(path, kept.photo.format))
    image = upright(source_to_srgb(image, kept.photo), kept.photo.orientation)
    return np.asarray(image.numpy())[:, :, :3], kept


def littlecms(image: Image.Image, profile: bytes) -> NDArray[np.uint8]:
    result = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert result is not None
    return np.asarray(result)


@pytest.mark.parametrize(("space", "profile"), [("srgb", "p3"), ("srgb", "srgb"), ("cmyk", "cmyk")])
def test_a_tagged_source_is_converted_as_littlecms_does(
    tmp_path: Path, space: str, profile: str
) -> None:
    path = store(tmp_path / "photo.tif", colourful(space), built_in(profile))
    found, kept = ours(path)
    assert kept.photo.profile_status is ProfileStatus.EMBEDDED
    error = delta_e(found, littlecms(Image.open(path), built_in(profile)))
    assert error.mean() <= DELTA_E_MEAN_MAX / 10
    assert error.max() <= 1


def test_a_wide_gamut_source_really_changes(tmp_path: Path) -> None:
    """The test above would pass for a converter that did nothing only if this one failed."""
    found, _ = ours(store(tmp_path / "photo.tif", colourful("srgb"), built_in("p3")))
    assert delta_e(found, np.asarray(colourful("srgb").numpy())).mean() > 2


def test_sixteen_bits_are_converted_with_their_profile(tmp_path: Path) -> None:
    eight = colourful("srgb")
    deep = (eight * 257).cast("ushort").copy(interpretation="rgb16")
    found, kept = ours(store(tmp_path / "deep.tif", deep, built_in("p3")))
    assert kept.photo.bits == 16
    wanted = littlecms(Image.fromarray(np.asarray(eight.numpy())), built_in("p3"))
    assert delta_e(found, wanted).mean() <= DELTA_E_MEAN_MAX / 2


def test_lab_is_the_lab_of_icc(tmp_path: Path) -> None:
    lab = ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(
        Image.fromarray(np.asarray(colourful("srgb").numpy())),
        ImageCms.createProfile("sRGB"),
        lab,
        outputMode="LAB",
    )
    assert image is not None
    eight = np.asarray(image)
    light, chroma = eight[:, :, :1] * (100 / 255), eight[:, :, 1:].view(np.int8)
    values = np.concatenate([light, chroma], axis=2).astype(np.float32)
    path = tmp_path / "lab.tif"
    pyvips.Image.new_from_array(values, interpretation="lab").colourspace("labs").tiffsave(
        str(path)
    )
    found, kept = ours(path)
    assert kept.photo.space == "lab"
    profile = ImageCms.ImageCmsProfile(lab).tobytes()
    assert delta_e(found, littlecms(image, profile)).mean() <= DELTA_E_MEAN_MAX


def test_untagged_px_are_srgb_as_they_stand(tmp_path: Path) -> None:
    found, kept = ours(store(tmp_path / "photo.tif", colourful("srgb"), None))
    assert kept.photo.profile_status is ProfileStatus.ASSUMED
    assert (found == colourful("srgb").numpy()).all()


def test_untagged_cmyk_is_read_by_the_built_in_profile(tmp_path: Path) -> None:
    path = store(tmp_path / "photo.tif", colourful("cmyk"), None)
    found, _ = ours(path)
    assert delta_e(found, littlecms(Image.open(path), built_in("cmyk"))).mean() <= DELTA_E_MEAN_MAX


@pytest.mark.parametrize("space", ["srgb", "cmyk"])
def test_a_whole_preview_keeps_the_colour(tmp_path: Path, space: str) -> None:
    """Through master and resize: the same as converting each px and averaging."""
    profile = built_in("cmyk" if space == "cmyk" else "p3")
    path = store(tmp_path / "photo.tif", colourful(space), profile)
    found = Kept(path).pixels(Look(ext="png", w=96))
    whole = littlecms(Image.open(path), profile)
    wanted = np.asarray(Image.fromarray(whole).resize((96, 64), Image.Resampling.BOX))
    assert delta_e(found, wanted).mean() <= 2 * DELTA_E_MEAN_MAX


def test_every_tagged_photo_of_the_corpus_is_converted_as_littlecms_does(corpus: Path) -> None:
    """Files that intake refuses, or whose profile it rejects, are not compared."""
    compared, wrong = 0, []
    files = sorted(path for folder in FOLDERS for path in (corpus / folder).glob("*"))
    for path in files:
        if path.name.startswith(LEFT_OUT):
            continue
        try:
            found, kept = ours(path)
            with Image.open(path) as image:
                image.load()
                upright_px = ImageOps.exif_transpose(image)
        except (PhotoRefused, OSError, SyntaxError):
            continue
        profile = upright_px.info.get("icc_profile")
        if kept.photo.profile_status is not ProfileStatus.EMBEDDED or not profile:
            continue
        if upright_px.mode not in ("RGB", "CMYK", "LAB", "L") or kept.photo.bits > 8:
            continue  # Pillow cuts 16 bits to 8 before the conversion: wrong for linear light
        if upright_px.size != found.shape[1::-1] or upright_px.width * upright_px.height > 3e6:
            continue
        compared += 1
        error = delta_e(found, littlecms(upright_px, profile)).mean()
        if error > DELTA_E_MEAN_MAX:
            wrong.append((path.name, round(float(error), 3)))
    assert compared >= 15
    assert wrong == []
