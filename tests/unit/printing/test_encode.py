"""Files as labs read them: resolution, profile, no subsampling, CMYK the right way round."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from origin.decode.attached import attached_profile
from origin.decode.libvips import pyvips
from origin.errors import RenderFailed
from origin.printing.encode import encode
from origin.printing.page import finished
from origin.printing.plan import plan_page
from origin.printing.read_back import profile_sha256, read_back
from origin.printing.recipe import Recipe
from origin.render.pipeline import Clock
from tests.images import prints
from tests.images.photos import photo_jpeg

REFERENCES = ("photo-10x15~1", "canvas-60x40~1", "calendar-a3~1", "page-a4-tiff~1", "page-a4~1")
Made = tuple[Recipe, pyvips.Image, bytes]


@pytest.fixture(scope="module", params=REFERENCES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(600, 400, 1))
    wanted = prints.product(request.param, trim_um=(60_000, 40_000), dpi_floor=1)
    recipe = prints.recipe_of(path, wanted)
    page = finished(recipe, plan_page(recipe), path, prints.PROFILES, Clock())
    return recipe, page, encode(page, recipe)


def test_another_reader_sees_the_same_page(made: Made) -> None:
    """Pillow knows nothing of ours: size, resolution, profile and the numbers themselves."""
    recipe, page, content = made
    image: Any = Image.open(BytesIO(content))
    assert image.size == recipe.page_px
    assert image.mode == {"srgb": "RGB", "cmyk": "CMYK"}[recipe.colour.space]
    assert [round(float(side)) for side in image.info["dpi"]] == [recipe.dpi, recipe.dpi]
    digest = hashlib.sha256(image.info.get("icc_profile", b"")).hexdigest()
    assert digest == profile_sha256(recipe)
    away = np.abs(np.asarray(image).astype(int) - page.numpy().astype(int))
    assert away.max() == 0 if recipe.file_format == "tiff" else away.mean() < 1


def test_a_jpeg_is_baseline_and_keeps_every_chroma_sample(made: Made) -> None:
    recipe, _, content = made
    image: Any = Image.open(BytesIO(content))
    assert image.format == ("TIFF" if recipe.file_format == "tiff" else "JPEG")
    assert not image.info.get("progressive")
    assert {layer[1:3] for layer in getattr(image, "layer", [])} <= {(1, 1)}


def test_cmyk_is_written_as_photoshop_does(made: Made) -> None:
    """An Adobe marker and no JFIF header, which knows no four bands."""
    recipe, _, content = made
    is_cmyk = recipe.file_format in ("cmyk-jpeg", "pdfx4")
    assert (b"Adobe\x00d" in content) is is_cmyk
    assert (content[2:12] == b"\xff\xe1\x00\x4aExif\x00\x00") is is_cmyk
    assert (content[2:11] == b"\xff\xe0\x00\x10JFIF\x00") is (recipe.file_format == "jpeg")


def test_nothing_of_the_photo_but_its_px_is_in_the_file(made: Made) -> None:
    recipe, _, content = made
    image = pyvips.Image.new_from_buffer(content, "")
    assert (attached_profile(image) is None) is (recipe.file_format == "pdfx4")
    private = [name for name in image.get_fields() if "xmp" in name or "iptc" in name]
    assert private == []
    exif = {name for name in image.get_fields() if name.startswith("exif-ifd")}
    own = ("XResolution", "YResolution", "ResolutionUnit", "Exif", "Flash", "Pixel", "Color")
    assert all(any(word in name for word in (*own, "Components", "YCbCr")) for name in exif)


def test_a_file_as_written_reads_back(made: Made) -> None:
    recipe, page, content = made
    read_back(content, recipe, page)


def test_a_file_that_is_not_as_meant_is_never_handed_on(made: Made) -> None:
    recipe, page, content = made
    broken = {
        "cut off": (content[: len(content) // 2], page),
        "inverted": (content, page.invert()),
        "other px": (content, page.fliphor()),
        "no file": (b"", page),
    }
    for name, (file, wanted) in broken.items():
        with pytest.raises(RenderFailed) as caught:
            read_back(file, recipe, wanted)
        assert caught.value.code == "print.read_back", name


def test_a_file_of_another_recipe_is_never_handed_on(made: Made) -> None:
    recipe, page, content = made
    colour = replace(recipe.colour, profile_sha256="0" * 64)
    others = [replace(recipe, dpi=recipe.dpi + 1), replace(recipe, page_px=(1, 1))]
    if recipe.file_format == "pdfx4":  # a PDF's JPEG has no profile, so none may be there
        others.append(replace(recipe, file_format="cmyk-jpeg"))
    else:
        others.append(replace(recipe, colour=colour))
    for other in others:
        with pytest.raises(RenderFailed) as caught:
            read_back(content, other, page)
        assert caught.value.code == "print.read_back"
