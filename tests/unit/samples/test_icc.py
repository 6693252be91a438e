"""The profiles that the samples carry, against LittleCMS and published numbers."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from edgeproof.samples.icc import D50, DISPLAY_P3, SRGB, Primaries, matrix_profile


def colorants(profile: bytes) -> np.ndarray:
    """Return the XYZ of red, green and blue, one a row, as the tag table leads to them."""
    found = []
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    for name in (b"rXYZ", b"gXYZ", b"bXYZ"):
        at = next(start for tag, start, _ in tags if tag == name)
        found.append([value / 65536 for value in struct.unpack_from(">3i", profile, at + 8)])
    return np.array(found)


@pytest.mark.parametrize("primaries", [SRGB, DISPLAY_P3], ids=lambda primaries: primaries.name)
def test_littlecms_reads_it_and_its_white_is_d50(primaries: Primaries) -> None:
    profile = matrix_profile(primaries)
    assert profile == matrix_profile(primaries)
    assert struct.unpack_from(">I", profile) == (len(profile),)
    opened = ImageCms.ImageCmsProfile(BytesIO(profile))
    assert ImageCms.getProfileDescription(opened).strip() == primaries.name
    assert colorants(profile).sum(axis=0) == pytest.approx(D50, abs=2e-4)


def test_display_p3_has_the_published_colorants() -> None:
    published = [
        [0.51512, 0.24120, -0.00105],
        [0.29198, 0.69225, 0.04189],
        [0.15710, 0.06657, 0.78407],
    ]
    assert colorants(matrix_profile(DISPLAY_P3)) == pytest.approx(np.array(published), abs=3e-4)


def test_srgb_is_the_srgb_of_littlecms_to_a_level() -> None:
    dice = np.random.default_rng(3)
    colours = Image.fromarray(dice.integers(0, 256, (64, 64, 3), np.uint8))
    ours = ImageCms.ImageCmsProfile(BytesIO(matrix_profile(SRGB)))
    theirs = ImageCms.createProfile("sRGB")
    turned = ImageCms.profileToProfile(colours, ours, theirs)
    assert turned is not None
    apart = np.abs(np.asarray(turned).astype(int) - np.asarray(colours).astype(int))
    assert apart.max() <= 1
