"""Profiles made from colour numbers, against published values."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image, ImageCms

from origin.decode.isobmff import Nclx
from origin.decode.nclx import profile_of


def colorants(profile: bytes) -> list[tuple[float, ...]]:
    """Read rXYZ, gXYZ and bXYZ out of a profile."""
    found = []
    for name in (b"rXYZ", b"gXYZ", b"bXYZ"):
        at = profile.index(name, 128)
        start = int.from_bytes(profile[at + 4 : at + 8], "big")
        found.append(
            tuple(v / 65536 for v in struct.unpack(">3i", profile[start + 8 : start + 20]))
        )
    return found


def test_display_p3_has_the_colorants_that_apple_publishes() -> None:
    """From the Display P3 profile in macOS and the ICC registry (D50, s15Fixed16)."""
    expected = [(0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841)]
    profile = profile_of(Nclx(12, 13, 1))
    assert profile is not None
    for found, published in zip(colorants(profile), expected, strict=True):
        assert found == pytest.approx(published, abs=2e-4)


def test_the_colorants_add_up_to_the_white_of_the_connection_space() -> None:
    profile = profile_of(Nclx(9, 13, 1))
    assert profile is not None
    sums = [sum(column) for column in zip(*colorants(profile), strict=True)]
    assert sums == pytest.approx([0.9642, 1.0, 0.8249], abs=2e-4)


def test_littlecms_applies_it_as_it_applies_its_own_srgb() -> None:
    profile = profile_of(Nclx(1, 4, 1))  # sRGB primaries, gamma 2.2
    assert profile is not None
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    ramp = Image.frombytes("RGB", (4, 1), bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]))
    converted = ImageCms.applyTransform(ramp, transform)
    assert converted is not None
    assert converted.tobytes() == ramp.tobytes()


@pytest.mark.parametrize(
    "nclx",
    [
        pytest.param(Nclx(1, 13, 1), id="sRGB"),
        pytest.param(Nclx(2, 2, 2), id="unspecified"),
        pytest.param(Nclx(1, 1, 1), id="BT.709 video, shown as sRGB"),
        pytest.param(Nclx(9, 16, 9), id="PQ is HDR"),
        pytest.param(Nclx(9, 18, 9), id="HLG is HDR"),
        pytest.param(Nclx(250, 13, 1), id="unknown primaries"),
    ],
)
def test_plain_and_unknown_numbers_give_no_profile(nclx: Nclx) -> None:
    assert profile_of(nclx) is None
