"""What exiftool finds in print files of photos with camera data: nothing of the photo.

A sample of the corpus runs in every test run; EDGEPROOF_PRINT_METADATA_ALL=1 takes every photo.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from cache_keys.design_look import DesignLook, PhotoLook
from cache_keys.errors import Refusal
from origin.errors import OriginError, PhotoRefused
from origin.flow.preflight_jobs import covering
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.printing.decide import Subject, make_recipe
from origin.printing.page import render_page
from origin.printing.pdfx import as_pdf
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.profiles import Profiles
from tests.images.test_metadata import tags

ID = "a" * 26
SUFFIX = {"jpeg": ".jpg", "tiff": ".tif", "cmyk-jpeg": ".jpg", "pdfx4": ".pdf"}
#: A file per format; small sheets at few dpi, since metadata does not grow with px.
PRODUCTS = ("photo-10x15~1", "canvas-60x40~1", "calendar-a3~1", "postcard-a6~1")
SAMPLE = 6
#: What a print file may say: its own making, its resolution, its profile.
OWN = {"SourceFile", "ExifTool", "File", "JFIF", "APP14", "ICC_Profile", "PDF", "Composite"}
OWN_EXIF = {
    "XResolution", "YResolution", "ResolutionUnit", "YCbCrPositioning", "ExifVersion",
    "ComponentsConfiguration", "FlashpixVersion", "ColorSpace",
    # TIFF's own structure, which is written as tags too
    "SubfileType", "ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "StripOffsets",
    "PhotometricInterpretation", "SamplesPerPixel", "RowsPerStrip", "StripByteCounts",
    "PlanarConfiguration", "Predictor", "SampleFormat", "Orientation", "InkSet", "NumberofInks",
    "ExtraSamples", "ExifImageWidth", "ExifImageHeight",
}  # fmt: skip
OWN_XMP = {
    "Format", "Title", "Producer", "Trapped", "GTS_PDFXVersion", "CreateDate", "CreatorTool",
    "MetadataDate", "ModifyDate", "DocumentID", "RenditionClass", "VersionID",
}  # fmt: skip


def small(reference: str) -> Product:
    product = Products().by_reference(reference)
    return replace(product, dpi_target=36, dpi_floor=0)


def printed(path: Path, product: Product) -> bytes:
    """Return the print file of as much of a photo as fits."""
    photo = guard(path, Caps()).photo
    crop = covering(photo, DesignLook(PhotoLook(ID)), product)
    digest = blake3(path.read_bytes()).hexdigest()
    profiles = Profiles()
    subject = Subject(ID, digest, 1_700_000_000, photo)
    look = DesignLook(PhotoLook(ID, crop=crop))
    recipe = make_recipe(subject, look, product, path, profiles, "test")
    page = render_page(recipe, path, profiles)
    if recipe.file_format == "pdfx4":
        profile = profiles.by_name(recipe.colour.profile).content()
        page = as_pdf(page, recipe, profile, ID)
    return page.content


def foreign(row: dict[str, object]) -> list[str]:
    """Return the tags that are not a print file's own."""
    found = []
    for name in row:
        group, _, tag = name.partition(":")
        is_own = group in OWN or (group, tag) in {("XMP", one) for one in OWN_XMP}
        if not is_own and not (group == "EXIF" and tag in OWN_EXIF):
            found.append(name)
    return sorted(found)


@pytest.fixture(scope="module")
def photos(corpus: Path) -> list[Path]:
    """Photos whose metadata say something, those with a place first."""
    located: list[Path] = []
    others: list[Path] = []
    for folder in ("photos", "exif"):
        for path in sorted((corpus / folder).glob("*")):
            try:
                has_place = guard(path, Caps()).capture.get("gps") == "yes"
            except (OriginError, Refusal):
                continue
            (located if has_place else others).append(path)
    assert len(located) >= SAMPLE // 2
    if os.environ.get("EDGEPROOF_PRINT_METADATA_ALL") == "1":
        return located + others
    return [*located[: SAMPLE // 2], *others[: SAMPLE // 2]]


@pytest.mark.parametrize("reference", PRODUCTS)
def test_a_print_file_says_nothing_of_its_photo(
    photos: list[Path], exiftool: str, tmp_path: Path, reference: str
) -> None:
    product = small(reference)
    made = 0
    for path in photos:
        try:
            content = printed(path, product)
        except PhotoRefused:
            continue
        (tmp_path / f"{path.stem}{SUFFIX[product.file_format]}").write_bytes(content)
        made += 1
    found = tags(exiftool, tmp_path)
    assert len(found) == made >= SAMPLE - 2
    assert {name: foreign(row) for name, row in found.items() if foreign(row)} == {}


def test_the_test_sees_what_a_photo_says(photos: list[Path], exiftool: str, tmp_path: Path) -> None:
    (tmp_path / f"photo{photos[0].suffix}").write_bytes(photos[0].read_bytes())
    row = next(iter(tags(exiftool, tmp_path).values()))
    assert any("GPS" in name for name in foreign(row))
