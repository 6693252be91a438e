"""What exiftool finds in previews and masters of photos with camera data."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from cache_keys.presets import Look
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.render.pipeline import render_file
from origin.render.plan import Rights, plan
from tests.images.photos import photo_pixels
from tests.images.rendering import Kept

EXTS = ("avif", "webp", "jpg", "png")
PRIVATE = {"EXIF", "GPS", "XMP", "IPTC", "MakerNotes", "Photoshop", "ICC_Profile", "APP12", "MPF"}
GPS_IFD, MAKE, SERIAL, COPYRIGHT = 0x8825, 0x010F, 0xA431, 0x8298


def tags(exiftool: str, folder: Path) -> dict[str, dict[str, object]]:
    """Return what exiftool finds in each file of a folder, as {file: {group:tag: value}}."""
    command = [exiftool, "-json", "-G", "-a", "-u", str(folder)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return {Path(row["SourceFile"]).name: row for row in json.loads(done.stdout)}


def private(row: dict[str, object]) -> list[str]:
    return sorted(name for name in row if name.split(":")[0] in PRIVATE)


@pytest.fixture
def tagged(tmp_path: Path) -> Path:
    """A JPEG with a camera's name, serial number and place."""
    exif = Image.Exif()
    exif[MAKE] = "A Camera"
    exif[COPYRIGHT] = "A Person"
    exif.get_ifd(0x8769)[SERIAL] = "SN-123456"
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 0.0)})
    path = tmp_path / "tagged.jpg"
    Image.fromarray(photo_pixels(900, 601, 3)).save(path, exif=exif, quality=90)
    return path


def test_the_tool_sees_the_tags_that_must_go(exiftool: str, tagged: Path) -> None:
    found = private(tags(exiftool, tagged.parent)["tagged.jpg"])
    assert {"EXIF:Make", "EXIF:GPSLatitude", "EXIF:SerialNumber"} <= set(found)


def test_no_metadata_is_left_in_any_format_or_master(
    exiftool: str, tagged: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    kept = Kept(tagged)
    for ext in EXTS:
        (out / f"master.{ext}").write_bytes(kept.render(Look(ext=ext, w=320)).content)
        crop = Look(ext=ext, w=640, crop=(0, 0, 50_000, 50_000))
        (out / f"crop.{ext}").write_bytes(kept.render(crop).content)
    for level, content in kept.masters.levels.items():
        (out / f"{level}.jpg").write_bytes(content)
    found = tags(exiftool, out)
    assert len(found) == 2 * len(EXTS) + 2
    assert {name: private(row) for name, row in found.items() if private(row)} == {}


@pytest.mark.parametrize("ext", EXTS)
def test_a_tenant_may_keep_copyright_and_creator_and_nothing_else(
    exiftool: str, tagged: Path, tmp_path: Path, ext: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    kept = Kept(tagged)
    how = plan(kept.photo, Look(ext=ext, w=320), rights=Rights("© A & B <2026>", "Ann"))
    (out / f"picture.{ext}").write_bytes(render_file(how, kept.raster(how), None).content)
    row = tags(exiftool, out)[f"picture.{ext}"]
    assert row["XMP:Rights"] == "© A & B <2026>"
    assert row["XMP:Creator"] == "Ann"
    assert private(row) == ["XMP:Creator", "XMP:Rights"]


def test_no_metadata_is_left_of_the_corpus_photos(
    corpus: Path, exiftool: str, tmp_path: Path
) -> None:
    located = 0
    for path in sorted([*(corpus / "photos").glob("*"), *(corpus / "exif").glob("*")]):
        kept = Kept(path)
        try:
            kept.masters  # noqa: B018 - made here, refused here
        except PhotoRefused:
            continue
        for ext in EXTS:
            picture = kept.render(Look(ext=ext, w=160)).content
            (tmp_path / f"{path.stem}.{ext}").write_bytes(picture)
        located += guard(path, Caps()).capture.get("gps") == "yes"
    found = tags(exiftool, tmp_path)
    assert len(found) >= 20 * len(EXTS)
    assert located >= 3, "some of these photos say where they were taken"
    assert {name: private(row) for name, row in found.items() if private(row)} == {}
