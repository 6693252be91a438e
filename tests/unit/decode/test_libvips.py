"""What libvips may and may not do in a worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from origin.decode.libvips import SIDE_PX_MAX, VERSION_FLOOR, pyvips, version
from tests.unit.ingest.made import photo

CLOSED = {
    "matrix.mat": ("matrixload", b"1 1\n1\n"),
    "table.csv": ("csvload", b"1,2\n3,4\n"),
    "drawing.svg": ("svgload", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
    "raster.ppm": ("ppmload", b"P5 1 1 255\n\0"),
    "own.v": ("vipsload", bytes(64)),
    "light.hdr": ("radload", b"#?RADIANCE\n"),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_loader_outside_the_list_is_closed(name: str, tmp_path: Path) -> None:
    loader, content = CLOSED[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(pyvips.Error):
        pyvips.Operation.call(loader, str(path))
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_file(str(path))


def test_no_shell_is_run(tmp_path: Path) -> None:
    with pytest.raises(pyvips.Error, match="block"):
        pyvips.Operation.call("system", f"touch {tmp_path}/ran")
    assert not (tmp_path / "ran").exists()


def test_a_gain_map_loader_cannot_be_called(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo("jpeg baseline"))
    with pytest.raises(pyvips.Error, match="block"):
        pyvips.Operation.call("uhdrload", str(path))


def test_the_version_is_at_least_the_floor() -> None:
    assert version() >= VERSION_FLOOR


def test_the_limit_of_sides_stood_before_libvips_was_loaded() -> None:
    assert os.environ["VIPS_MAX_COORD"] == str(SIDE_PX_MAX)
    with pytest.raises(pyvips.Error):
        pyvips.Image.black(SIDE_PX_MAX + 1, 1)
