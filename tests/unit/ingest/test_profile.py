"""Which profiles are kept, which are refused, and what they are called."""

from __future__ import annotations

import struct

import pytest
from PIL import ImageCms

from origin.decode.isobmff import Nclx
from origin.decode.nclx import profile_of
from origin.ingest.profile import NAME_MAX, judge, name_of
from origin.values import ProfileStatus
from tests.unit.ingest.made import DISPLAY_P3

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def patched(profile: bytes, at: int, new: bytes) -> bytes:
    return profile[:at] + new + profile[at + len(new) :]


def renamed(tag: bytes) -> bytes:
    """Return a profile whose description is that tag, put at its end."""
    at = DISPLAY_P3.index(b"desc", 128)
    span = struct.pack(">II", len(DISPLAY_P3), len(tag))
    return patched(DISPLAY_P3, at + 4, span) + tag


def test_no_profile_is_an_assumption() -> None:
    found = judge(None, "srgb")
    assert (found.status, found.name, found.is_wide) == (ProfileStatus.ASSUMED, None, False)


def test_a_profile_that_fits_is_kept_with_its_name() -> None:
    found = judge(DISPLAY_P3, "srgb")
    assert (found.status, found.name) == (ProfileStatus.EMBEDDED, "Display P3")


@pytest.mark.parametrize(
    ("profile", "is_wide"),
    [
        pytest.param(SRGB, False, id="sRGB"),
        pytest.param(DISPLAY_P3, True, id="Display P3"),
        pytest.param(profile_of(Nclx(9, 13, 1)), True, id="BT.2020"),
    ],
)
def test_a_gamut_beyond_srgb_is_wide(profile: bytes, *, is_wide: bool) -> None:
    assert judge(profile, "srgb").is_wide is is_wide


def test_a_lab_profile_fits_lab_pixels() -> None:
    assert judge(patched(LAB, 12, b"spac"), "lab").status is ProfileStatus.EMBEDDED


@pytest.mark.parametrize(
    ("profile", "space"),
    [
        pytest.param(SRGB, "cmyk", id="RGB profile, CMYK pixels"),
        pytest.param(SRGB, "gray", id="RGB profile, grey pixels"),
        pytest.param(patched(SRGB, 16, b"CMYK"), "cmyk", id="a lie about its space"),
        pytest.param(patched(SRGB, 12, b"link"), "srgb", id="a device link"),
        pytest.param(patched(SRGB, 36, b"xxxx"), "srgb", id="no signature"),
        pytest.param(SRGB[:200], "srgb", id="cut off"),
        pytest.param(SRGB[:100], "srgb", id="no header"),
        pytest.param(b"", "srgb", id="empty"),
        pytest.param(patched(SRGB, 128, b"\xff\xff\xff\xff"), "srgb", id="4 G of tags"),
        pytest.param(patched(SRGB, 128, b"\0\0\0\0"), "srgb", id="no tags"),
        pytest.param(bytes(3000), "srgb", id="zeros"),
    ],
)
def test_a_profile_that_cannot_be_applied_is_rejected(profile: bytes, space: str) -> None:
    found = judge(profile, space)
    assert found.status is ProfileStatus.REJECTED
    assert found.reason


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        pytest.param(b"desc" + bytes(4) + b"\0\0\0\x0aAdobe RGB\0", "Adobe RGB", id="version 2"),
        pytest.param(b"desc" + bytes(4) + b"\0\0\0\x06a\x1b[31m\0", "a[31m", id="control signs"),
        pytest.param(b"desc" + bytes(4) + b"\0\0\x01\0" + b"x" * 256, "x" * NAME_MAX, id="long"),
        pytest.param(b"desc" + bytes(4) + b"\0\0\0\x01\0", None, id="empty"),
        pytest.param(b"text" + bytes(40), None, id="another type"),
    ],
)
def test_names_are_printable_and_short(tag: bytes, name: str | None) -> None:
    assert name_of(renamed(tag)) == name
