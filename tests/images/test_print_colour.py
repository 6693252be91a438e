"""A print's colour against LittleCMS in double precision, and against Pillow's at 8 bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from skimage.color import deltaE_ciede2000

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.colour import DEEP, Colouring, to_output
from origin.printing.input_profile import input_profile_of
from origin.printing.proof import ALARM_DELTA_E2000, gamut_alarm, to_display, to_press
from tests.images import littlecms, prints
from tests.images.littlecms import converted
from tests.images.profiles import opened

COUNT = 20_000
TOP = 65_535
PRESS = "coated-fogra39"
SOURCES = ("srgb", "adobe-rgb-compatible", "display-p3", "prophoto")
Reals = NDArray[np.float64]
Record = Callable[[str, object], None]


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def random_colours(seed: int) -> NDArray[np.uint16]:
    """Return (1, n, 3) px all over the cube, its corners and greys among them."""
    rng = np.random.default_rng(seed)
    px = rng.integers(0, TOP + 1, (1, COUNT, 3))
    corners = np.array([[r, g, b] for r in (0, TOP) for g in (0, TOP) for b in (0, TOP)])
    px[0, :8] = corners
    px[0, 8:72] = np.linspace(0, TOP, 64)[:, None]
    return px.astype(np.uint16)


def tagged(px: NDArray[np.uint16] | NDArray[np.uint8], name: str) -> pyvips.Image:
    """Return an image that carries a profile of the registry."""
    space = "rgb16" if px.dtype == np.uint16 else "srgb"
    image = pyvips.Image.new_from_array(px, interpretation=space)
    return with_profile(image, content(name))


def content(name: str) -> bytes:
    return prints.PROFILES.by_name(name).content()


def how(tmp_path: Path, name: str, reference: str = "page-a4~1") -> Colouring:
    """Return how a photo with that profile comes to a product's colour, as decided by us."""
    path = tmp_path / f"{name}.tif"
    tagged(random_colours(0)[:, :64], name).tiffsave(str(path))
    return prints.colouring(path, prints.product(reference))


def delta(a: Reals, b: Reals) -> Reals:
    """Return ΔE00 of (n, 3) Lab values."""
    return np.asarray(deltaE_ciede2000(a, b))  # type: ignore[no-untyped-call]  # no types


def lab_of_inks(inks: Reals) -> Reals:
    return converted(inks, content(PRESS), None, ("cmyk", "lab"), has_bpc=False)


def test_sixteen_bit_ink_is_littlecms_in_double_precision(
    tmp_path: Path, source: str, record_property: Record
) -> None:
    px = random_colours(1)
    found = to_output(tagged(px, source), how(tmp_path, source), prints.PROFILES, depth=DEEP)
    inks = np.asarray(found.numpy()).reshape(-1, 4) / TOP * 100
    wanted = converted(px.reshape(-1, 3) / TOP, content(source), content(PRESS), ("rgb", "cmyk"))
    error = delta(lab_of_inks(inks), lab_of_inks(wanted))
    record_property(
        "delta_e", f"{source}: {error.mean():.4f} {np.percentile(error, 95):.4f} {error.max():.4f}"
    )
    assert error.mean() <= 0.06
    assert np.percentile(error, 95) <= 0.2
    assert error.max() <= 1


def test_eight_bit_ink_is_pillows_to_the_byte(tmp_path: Path, source: str) -> None:
    px = (random_colours(2) >> 8).astype(np.uint8)
    found = to_output(tagged(px, source), how(tmp_path, source), prints.PROFILES)
    wanted = ImageCms.profileToProfile(
        Image.fromarray(px),
        opened(content(source)),
        opened(content(PRESS)),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="CMYK",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert wanted is not None
    # Pillow's inks are inverted in no mode: 255 is full ink, as ours.
    assert np.array_equal(np.asarray(found.numpy()), np.asarray(wanted))


@pytest.mark.parametrize("shows_paper", [False, True], ids=["relative", "paper"])
def test_a_soft_proof_is_littlecms_proofing_transform(
    tmp_path: Path, source: str, record_property: Record, *, shows_paper: bool
) -> None:
    px = random_colours(3)
    press = to_press(tagged(px, source), how(tmp_path, source), prints.PROFILES)
    shown = to_display(press, prints.PROFILES.by_name(PRESS), shows_paper=shows_paper, depth=DEEP)
    found = np.asarray(shown.numpy()).reshape(-1, 3) / TOP
    wanted = littlecms.proofed(
        px.reshape(-1, 3) / TOP,
        content(source),
        content(PRESS),
        content("srgb"),
        shows_paper=shows_paper,
    )
    error = delta(lab_of_display(found), lab_of_display(np.clip(wanted, 0, 1)))
    record_property("delta_e", f"{source}: {error.mean():.4f} {error.max():.4f}")
    assert error.mean() <= 0.1
    assert error.max() <= 1


def lab_of_display(rgb: Reals) -> Reals:
    return converted(rgb, content("srgb"), None, ("rgb", "lab"), has_bpc=False)


def test_the_gamut_alarm_agrees_with_a_round_trip_in_double_precision(
    tmp_path: Path, source: str, record_property: Record
) -> None:
    px = random_colours(4)
    found = gamut_alarm(tagged(px, source), how(tmp_path, source), prints.PROFILES)
    alarmed = np.asarray(found.numpy()).reshape(-1) > 0
    rgb = px.reshape(-1, 3) / TOP
    wanted = converted(rgb, content(source), None, ("rgb", "lab"), has_bpc=False)
    inks = converted(rgb, content(source), content(PRESS), ("rgb", "cmyk"), has_bpc=False)
    outside = delta(wanted, lab_of_inks(inks)) > ALARM_DELTA_E2000
    agreement = (alarmed == outside).mean()
    record_property("agreement", f"{source}: {agreement:.4f} of {outside.mean():.2f} outside")
    assert 0.2 < outside.mean() < 0.99, "the colours decide something"
    assert agreement >= 0.95


def test_ink_stays_below_the_limit_whatever_the_colour(tmp_path: Path, source: str) -> None:
    image = tagged(random_colours(5), source)
    for reference in ("page-a4~1", "book-page-us-trade~1"):
        wanted = prints.product(reference)
        inks = to_output(image, how(tmp_path, source, reference), prints.PROFILES).numpy()
        percent = np.percentile(inks.astype(int).sum(axis=2) / 255 * 100, 99.9)
        assert wanted.colour.ink_limit_percent is not None
        assert percent <= wanted.colour.ink_limit_percent + 2


def test_the_source_profile_decides(tmp_path: Path) -> None:
    """The same numbers are other inks: else a converter from sRGB alone would pass above."""
    px = random_colours(6)
    inks = [
        np.asarray(
            to_output(tagged(px, name), how(tmp_path, name), prints.PROFILES).numpy()
        ).astype(int)
        for name in SOURCES
    ]
    for i, one in enumerate(inks):
        for other in inks[i + 1 :]:
            assert np.abs(one - other).mean() > 3


def test_a_page_in_srgb_of_an_srgb_photo_keeps_every_number(tmp_path: Path) -> None:
    px = (random_colours(7) >> 8).astype(np.uint8)
    found = to_output(tagged(px, "srgb"), how(tmp_path, "srgb", "photo-10x15~1"), prints.PROFILES)
    assert np.array_equal(np.asarray(found.numpy()), px)


def test_cmyk_in_the_products_own_profile_keeps_every_number(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    px = rng.integers(0, 256, (1, COUNT, 4)).astype(np.uint8)
    image = with_profile(pyvips.Image.new_from_array(px, interpretation="cmyk"), content(PRESS))
    path = tmp_path / "press.tif"
    image.tiffsave(str(path))
    wanted = prints.product("page-a4~1")
    found = input_profile_of(path, prints.photo_of(path), prints.PROFILES, wanted)
    assert found.is_unchanged
    made = to_output(image, prints.colouring(path, wanted), prints.PROFILES)
    assert np.array_equal(np.asarray(made.numpy()), px)
    other = prints.product("book-page-us-trade~1")
    changed = to_output(image, prints.colouring(path, other), prints.PROFILES).numpy()
    assert not np.array_equal(np.asarray(changed), px)
