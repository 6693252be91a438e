"""What exiftool finds in print files and proofs of photos with camera data: nothing of the photo.

A sample of the corpus runs in every test run; EDGEPROOF_PRINT_METADATA_ALL=1 takes every file of it
that intake accepts, in every format.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3

from cache_keys.design_look import DesignLook, PhotoLook
from cache_keys.errors import Refusal
from origin.errors import OriginError
from origin.flow.preflight_jobs import covering
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.printing.decide import Subject, make_recipe
from origin.printing.page import render_page
from origin.printing.product import Product
from origin.printing.products import Products
from origin.printing.profiles import Profiles
from origin.printing.sheet import proof_pictures
from tests.images.corpus_rows import CHOICES, HEIC_IS_READ
from tests.images.test_metadata import tags

ID = "a" * 26
SUFFIX = {"jpeg": ".jpg", "tiff": ".tif", "cmyk-jpeg": ".jpg", "pdfx4": ".pdf"}
#: A file per format; small sheets at few dpi, since metadata does not grow with px.
PRODUCTS = ("photo-10x15~1", "canvas-60x40~1", "calendar-a3~1", "postcard-a6~1")
SAMPLE = 6
PROOF_PX = 200
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
#: Structure of the PNG that a proof's overlay is.
OWN_PNG = {
    "ImageWidth",
    "ImageHeight",
    "BitDepth",
    "ColorType",
    "Compression",
    "Filter",
    "Interlace",
    "PixelUnits",
    "PixelsPerUnitX",
    "PixelsPerUnitY",
}
#: Why a picture that intake takes cannot be printed: a line of px has no crop of a sheet's shape.
UNPRINTABLE = {"print.aspect"}


def small(reference: str) -> Product:
    product = Products().by_reference(reference)
    return replace(product, dpi_target=36, dpi_floor=0)


def made_of(path: Path, product: Product) -> dict[str, bytes]:
    """Return the print file and the proof of as much of a photo as fits, by their suffixes."""
    photo = guard(path, Caps()).photo
    crop = covering(photo, DesignLook(PhotoLook(ID)), product)
    digest = blake3(path.read_bytes()).hexdigest()
    profiles = Profiles()
    subject = Subject(ID, digest, 1_700_000_000, photo)
    look = DesignLook(PhotoLook(ID, crop=crop))
    recipe = make_recipe(subject, look, product, path, profiles, "test")
    proof = proof_pictures(recipe, path, profiles, PROOF_PX)
    alarm = {} if proof.alarm is None else {"-alarm.png": proof.alarm}
    return {
        SUFFIX[recipe.file_format]: render_page(recipe, path, profiles, ID).content,
        "-before.jpg": proof.before,
        "-after.jpg": proof.after,
        **alarm,
    }


def foreign(row: dict[str, object]) -> list[str]:
    """Return the tags that are not a print file's own."""
    found = []
    for name in row:
        group, _, tag = name.partition(":")
        own = {"XMP": OWN_XMP, "PNG": OWN_PNG, "EXIF": OWN_EXIF}.get(group, set())
        if group not in OWN and tag not in own:
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
        return [*located, *sorted(accepted(corpus) - set(located))]
    return [*located[: SAMPLE // 2], *others[: SAMPLE // 2]]


def accepted(corpus: Path) -> set[Path]:
    """Return every file that the manifest, or our reasoned choice beside it, takes in."""
    with (corpus / "manifest.tsv").open(encoding="utf-8") as file:
        verdicts = {row["file"]: row["expected"] for row in csv.DictReader(file, delimiter="\t")}
    verdicts |= dict.fromkeys(HEIC_IS_READ, "ok") | CHOICES
    return {corpus / name for name, verdict in verdicts.items() if verdict == "ok"}


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("reference", PRODUCTS)
def test_a_print_file_says_nothing_of_its_photo(
    photos: list[Path],
    exiftool: str,
    tmp_path: Path,
    reference: str,
    record_property: Callable[[str, object], None],
) -> None:
    product = small(reference)
    made = 0
    refused: dict[str, str] = {}
    for path in photos:
        try:
            files = made_of(path, product)
        except (OriginError, Refusal) as error:
            refused[path.name] = error.code
            continue
        for suffix, content in files.items():
            (tmp_path / f"{made}{suffix}").write_bytes(content)
        made += 1
    found = tags(exiftool, tmp_path)
    said = f"{len(found)} files of {made} photos, {len(refused)} cannot be printed"
    record_property("metadata", said)
    assert len(found) >= 3 * made >= 3 * (SAMPLE - 2)
    others = {name: code for name, code in refused.items() if code not in UNPRINTABLE}
    assert others == {}, said
    assert {name: foreign(row) for name, row in found.items() if foreign(row)} == {}


def test_the_test_sees_what_a_photo_says(photos: list[Path], exiftool: str, tmp_path: Path) -> None:
    (tmp_path / f"photo{photos[0].suffix}").write_bytes(photos[0].read_bytes())
    row = next(iter(tags(exiftool, tmp_path).values()))
    assert any("GPS" in name for name in foreign(row))
