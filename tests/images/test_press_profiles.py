"""The press profiles against their characterisation data, by another program than made them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000

from tests.images import littlecms, prints

DATA = Path(__file__).parent / "press_data"
Reals = NDArray[np.float64]
LIMITS = {"coated-fogra39": (0.2, 0.8), "coated-gracol2006": (0.5, 2.0)}


def delta(measured: Reals, said: Reals) -> Reals:
    return np.asarray(deltaE_ciede2000(measured, said))  # type: ignore[no-untyped-call] # skimage


@pytest.mark.parametrize("name", LIMITS)
def test_a_press_profile_tells_what_was_measured_on_paper(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    """LittleCMS in double precision, absolute: argyll, which made the profile, has no say here."""
    patches = np.loadtxt(DATA / f"{name}.tsv", skiprows=3)
    assert len(patches) == 203
    profile = prints.PROFILES.by_name(name).content()
    inks, measured = np.ascontiguousarray(patches[:, :4]), patches[:, 4:]
    said = littlecms.converted(
        inks, profile, None, ("cmyk", "lab"), intent="absolute", has_bpc=False
    )
    error = delta(measured, said)
    record_property("delta_e", f"{name}: {error.mean():.3f} {error.max():.3f}")
    mean_max, most_max = LIMITS[name]
    assert error.mean() <= mean_max
    assert error.max() <= most_max


def test_the_data_tell_the_presses_apart() -> None:
    """Else any press profile would pass above."""
    patches = np.loadtxt(DATA / "coated-fogra39.tsv", skiprows=3)
    other = prints.PROFILES.by_name("coated-gracol2006").content()
    said = littlecms.converted(
        np.ascontiguousarray(patches[:, :4]),
        other,
        None,
        ("cmyk", "lab"),
        intent="absolute",
        has_bpc=False,
    )
    assert delta(patches[:, 4:], said).mean() > 1
