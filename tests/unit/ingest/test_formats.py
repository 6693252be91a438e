"""Every kind that intake takes is taken whole, and refused when it was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest

from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.guard import inspect
from tests.unit.ingest.made import HEIGHT_PX, KINDS, WIDTH_PX, format_of, photo


def write(folder: Path, content: bytes) -> Path:
    path = folder / "photo"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_photo_is_accepted_with_its_size(kind: str, tmp_path: Path) -> None:
    found = inspect(write(tmp_path, photo(kind)), Caps()).photo
    assert (found.width_px, found.height_px) == (WIDTH_PX, HEIGHT_PX)
    assert found.format == format_of(kind)
    assert found.orientation == 1


@pytest.mark.parametrize("percent", [10, 50, 99])
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_that_was_cut_off_is_refused(kind: str, percent: int, tmp_path: Path) -> None:
    content = photo(kind)
    path = write(tmp_path, content[: len(content) * percent // 100])
    with pytest.raises(PhotoRefused) as refused:
        inspect(path, Caps())
    assert refused.value.code == "photo.damaged"


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_after_the_end_do_not_matter(kind: str, tmp_path: Path) -> None:
    found = inspect(write(tmp_path, photo(kind) + b"<?php evil(); ?>" * 20), Caps()).photo
    assert (found.width_px, found.height_px) == (WIDTH_PX, HEIGHT_PX)


@pytest.mark.parametrize(
    ("kind", "space", "bands", "bits", "is_progressive"),
    [
        ("jpeg baseline", "srgb", 3, 8, False),
        ("jpeg progressive", "srgb", 3, 8, True),
        ("jpeg grey", "gray", 1, 8, False),
        ("jpeg cmyk with Adobe's inversion", "cmyk", 4, 8, False),
        ("png 16 bits", "srgb", 3, 16, False),
        ("png interlaced", "srgb", 3, 8, True),
        ("heic", "srgb", 3, 8, False),
    ],
)
def test_what_the_pixels_are_is_recorded(
    kind: str, space: str, bands: int, bits: int, *, is_progressive: bool, tmp_path: Path
) -> None:
    found = inspect(write(tmp_path, photo(kind)), Caps()).photo
    assert (found.space, found.bands, found.bits) == (space, bands, bits)
    assert found.is_progressive is is_progressive
