"""A soft proof is the preview's picture as the press prints it, seen on a display."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cache_keys.design import read_design
from cache_keys.presets import Look
from origin.decode.libvips import pyvips
from origin.printing.colour import to_output
from origin.printing.plan import plan_proof
from origin.printing.proof import gamut_share, proofed, to_display
from origin.render.pipeline import Clock
from tests.images import prints
from tests.images.photos import photo_jpeg
from tests.images.rendering import Kept, write_png

CMYK, SRGB = "page-a4~1", "photo-10x15~1"
VIVID = (0, 255, 0)
"""Green as no press makes it."""


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(photo_jpeg(900, 600, 1))
    return path


def flat(path: Path, colour: tuple[int, ...]) -> Path:
    return write_png(path, np.full((40, 60, len(colour)), colour, dtype=np.uint8))


def shown(
    path: Path, look: Look, reference: str = CMYK, *, shows_paper: bool = False
) -> NDArray[np.uint8]:
    how = prints.colouring(path, prints.product(reference))
    plan = plan_proof(prints.photo_of(path), look)
    image = proofed(plan, path, how, prints.PROFILES, Clock(), shows_paper=shows_paper)
    return np.asarray(image.numpy())


@pytest.mark.parametrize(
    "look",
    [
        Look("png", w=320),
        Look("png", w=320, crop=(10_000, 20_000, 55_000, 40_000), turn=90, flip="h"),
        Look("png", w=200, h=200, fit="cover", g="ne"),
        Look("png", w=200, h=200, fit="contain", bg="ff8800"),
        Look("webp", w=200, h=100, fit="fill"),
    ],
    ids=["whole", "crop", "cover", "contain", "fill"],
)
def test_a_proof_of_an_srgb_product_is_the_preview(photo: Path, look: Look) -> None:
    """Made from the source where the preview is made from a master."""
    found, wanted = shown(photo, look, SRGB), Kept(photo).pixels(look)
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < 1.5


def test_a_proof_is_always_made_from_the_source_by_the_exact_affine(photo: Path) -> None:
    plan = plan_proof(prints.photo_of(photo), Look("png", w=64))
    assert plan.level is None
    assert plan.sampling is not None


def test_a_colour_that_no_press_prints_is_shown_duller(tmp_path: Path) -> None:
    path = flat(tmp_path / "photo.png", VIVID)
    red, green, blue = shown(path, Look("png", w=60))[20, 30].astype(int)
    assert red > 20 or blue > 20
    assert green < 200
    assert shown(path, Look("png", w=60), SRGB)[20, 30].tolist() == list(VIVID)


def test_white_is_white_or_the_papers_own(tmp_path: Path) -> None:
    path = flat(tmp_path / "photo.png", (255, 255, 255))
    assert shown(path, Look("png", w=60))[20, 30].min() >= 254
    paper = shown(path, Look("png", w=60), shows_paper=True)[20, 30]
    assert 200 < paper.min() < 253


def test_black_is_as_dark_as_the_ink_is(tmp_path: Path) -> None:
    """No black point compensation on the way to the display."""
    path = flat(tmp_path / "photo.png", (0, 0, 0))
    assert 5 < shown(path, Look("png", w=60))[20, 30].mean() < 60


def test_transparent_photos_are_proofed_on_paper(tmp_path: Path) -> None:
    path = flat(tmp_path / "photo.png", (0, 0, 0, 0))
    made = shown(path, Look("png", w=60))
    assert made.shape == (40, 60, 3)
    assert made.min() >= 254


def test_frame_and_caption_are_drawn_in_ink(tmp_path: Path) -> None:
    """A frame of a green that no press prints is shown as printed, like a photo of it."""
    body = {
        "photos": [{"asset": prints.ASSET}],
        "sheet_um": [60_000, 40_000],
        "frame": {"style": "plain", "width_mm": 8, "colour": "00ff00"},
    }
    design = read_design(json.dumps(body).encode()).look
    grey = flat(tmp_path / "grey.png", (128, 128, 128))
    made = shown(grey, Look("png", w=60, design=design))
    wanted = shown(flat(tmp_path / "green.png", VIVID), Look("png", w=60))
    assert np.abs(made[2, 2].astype(int) - wanted[20, 30].astype(int)).max() <= 3


def test_a_proof_is_the_print_file_as_a_display_shows_it(photo: Path) -> None:
    """The print at the proof's own size, and no other way to get there."""
    wanted = prints.product(CMYK, trim_um=(60_000, 40_000), bleed_um=0, dpi=254)
    page = prints.page_pixels(photo, prints.recipe_of(photo, wanted))
    press = prints.PROFILES.by_name(wanted.colour.profile)
    image = pyvips.Image.new_from_array(page, interpretation="cmyk")
    printed = to_display(image, press, shows_paper=False).numpy().astype(int)
    proof = shown(photo, Look("png", w=600)).astype(int)
    assert printed.shape == proof.shape
    assert np.abs(printed - proof).mean() < 0.7


@pytest.mark.parametrize(("colour", "share"), [(VIVID, 1.0), ((128, 128, 128), 0.0)], ids=str)
def test_the_gamut_share_is_of_px_that_cannot_be_printed(
    tmp_path: Path, colour: tuple[int, ...], share: float
) -> None:
    path = flat(tmp_path / "photo.png", colour)
    how = prints.colouring(path, prints.product(CMYK))
    image = pyvips.Image.new_from_file(str(path))
    assert gamut_share(image, how, prints.PROFILES) == share
    assert to_output(image, how, prints.PROFILES).interpretation == "cmyk"
