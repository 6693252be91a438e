"""A raster is opened as the plan says, and a source only when it is what was taken in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3

from origin.decode.libvips import pyvips
from origin.errors import StoreUnavailable
from origin.render.opening import open_raster, read_window, verify_source
from origin.render.recipe import Window
from tests.images.photos import photo_jpeg
from tests.unit.render.facts import PHOTO, plan_of

CROP = (25_000, 25_000, 50_000, 50_000)


def test_an_untouched_source_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"photo")
    verify_source(path, blake3(b"photo").hexdigest())


@pytest.mark.parametrize("content", [b"phota", b"phot", b""])
def test_a_source_that_changed_on_disk_is_never_rendered(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable) as refused:
        verify_source(path, blake3(b"photo").hexdigest())
    assert refused.value.code == "store.damaged"


def test_a_source_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        verify_source(tmp_path / "absent", blake3(b"photo").hexdigest())
    assert refused.value.code == "store.unavailable"


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_master_and_source_are_loaded_as_small_as_planned(tmp_path: Path, shrink: int) -> None:
    content = photo_jpeg(320, 240, 1)
    path = tmp_path / "source"
    path.write_bytes(content)
    from_master = replace(plan_of(PHOTO), shrink=shrink)
    from_source = replace(plan_of(replace(PHOTO, has_alpha=True)), shrink=shrink)
    for how, raster in ((from_master, content), (from_source, path)):
        image = open_raster(how, raster)
        assert (image.width, image.height) == (320 // shrink, 240 // shrink)


def test_a_window_of_a_master_is_read_as_it_lies() -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    how = plan_of(replace(PHOTO, orientation=6), crop=CROP)  # a master is upright all the same
    assert how.sampling is not None
    how = replace(how, sampling=replace(how.sampling, window=Window(1, 2, 3, 2)))
    assert (read_window(pyvips.Image.new_from_array(pixels), how).numpy() == pixels[2:4, 1:4]).all()
