"""What a photo's numbers mean: decided once, recorded, said in words, and refused where asked."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from origin.decode.libvips import pyvips
from origin.errors import BadDocument
from origin.printing.input_profile import check_profile, input_profile_of
from origin.printing.recipe import InputProfile
from origin.printing.values import Severity
from origin.values import ProfileStatus
from tests.images import prints

CMYK = "page-a4~1"
PIECE_BYTES = 65_519
FOGRA = "coated-fogra39"
Change = Callable[[bytes], bytes]


def stored(path: Path, space: str, profile: bytes | None) -> Path:
    """Write 60 x 40 px of a space as JPEG with that profile, whatever it is.

    By hand: libvips writes no profile that does not fit.
    """
    bands = {"cmyk": 4, "srgb": 3, "b-w": 1}[space]
    px = np.full((40, 60, bands), 90, dtype=np.uint8)
    image = pyvips.Image.new_from_array(px, interpretation=space)
    jpeg = bytes(image.jpegsave_buffer(keep=0))
    path.write_bytes(jpeg[:2] + segments(profile or b"") + jpeg[2:])
    return path


def segments(profile: bytes) -> bytes:
    """Return a profile in pieces, as ICC.1, annex B.4 has it in JPEG."""
    pieces = [profile[at : at + PIECE_BYTES] for at in range(0, len(profile), PIECE_BYTES)]
    return b"".join(
        b"\xff\xe2"
        + struct.pack(">H", len(piece) + 16)
        + b"ICC_PROFILE\x00"
        + bytes([number, len(pieces)])
        + piece
        for number, piece in enumerate(pieces, 1)
    )


def content(name: str) -> bytes:
    return prints.PROFILES.by_name(name).content()


def found(path: Path, reference: str = CMYK) -> InputProfile:
    return input_profile_of(path, prints.photo_of(path), prints.PROFILES, prints.product(reference))


def test_a_profile_that_fits_is_the_photos_own(tmp_path: Path) -> None:
    own = content("display-p3")
    decided = found(stored(tmp_path / "p.jpg", "srgb", own))
    wanted = prints.PROFILES.by_name("display-p3").sha256
    assert decided == InputProfile(ProfileStatus.EMBEDDED, "", wanted)


@pytest.mark.parametrize(
    ("space", "name"), [("srgb", "srgb"), ("b-w", "srgb"), ("cmyk", FOGRA)], ids=str
)
def test_an_untagged_photo_gets_a_named_profile(tmp_path: Path, space: str, name: str) -> None:
    decided = found(stored(tmp_path / "p.jpg", space, None))
    assert (decided.status, decided.name) == (ProfileStatus.ASSUMED, name)
    assert decided.sha256 == prints.PROFILES.by_name(name).sha256


BROKEN: dict[str, Change] = {
    "cut off": lambda profile: profile[: len(profile) // 2],
    "no profile at all": lambda _: b"no profile" * 40,
    "a device link": lambda profile: profile[:12] + b"link" + profile[16:],
    "a named colour list": lambda profile: profile[:12] + b"nmcl" + profile[16:],
    "tags that lie": lambda profile: profile[:128] + b"\xff" * 4 + profile[132:],
    "tables of noise": lambda profile: profile[:160] + bytes(len(profile) - 160),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("space", ["srgb", "cmyk"])
def test_a_broken_profile_is_rejected_and_said(tmp_path: Path, name: str, space: str) -> None:
    own = content(FOGRA if space == "cmyk" else "display-p3")
    decided = found(stored(tmp_path / "p.jpg", space, BROKEN[name](own)))
    assert decided.status is ProfileStatus.REJECTED
    assert decided.name == (FOGRA if space == "cmyk" else "srgb")


@pytest.mark.parametrize(
    ("space", "profile"), [("srgb", FOGRA), ("cmyk", "srgb"), ("b-w", FOGRA)], ids=str
)
def test_a_profile_of_another_space_is_rejected(tmp_path: Path, space: str, profile: str) -> None:
    decided = found(stored(tmp_path / "p.jpg", space, content(profile)))
    assert decided.status is ProfileStatus.REJECTED


@pytest.mark.parametrize(
    ("space", "profile", "severity"),
    [
        ("srgb", "display-p3", None),
        ("srgb", None, None),
        ("srgb", FOGRA, Severity.WARN),
        ("cmyk", FOGRA, None),
        ("cmyk", None, Severity.WARN),
        ("cmyk", "srgb", Severity.WARN),
    ],
    ids=str,
)
def test_a_customer_is_warned_where_colours_are_doubtful(
    tmp_path: Path, space: str, profile: str | None, severity: Severity | None
) -> None:
    path = stored(tmp_path / "p.jpg", space, content(profile) if profile else None)
    wanted = prints.product(CMYK, trim_um=(60_000, 40_000), dpi_floor=1)
    check = check_profile(prints.recipe_of(path, wanted))
    assert (check.code, check.severity) == ("preflight.profile", severity)
    assert check.words.endswith(".")


@pytest.mark.parametrize(
    ("space", "profile", "is_taken"),
    [
        ("srgb", None, True),
        ("srgb", "display-p3", True),
        ("srgb", FOGRA, False),
        ("cmyk", FOGRA, True),
        ("cmyk", None, False),
    ],
    ids=str,
)
def test_a_product_may_refuse_what_is_doubtful(
    tmp_path: Path, space: str, profile: str | None, *, is_taken: bool
) -> None:
    path = stored(tmp_path / "p.jpg", space, content(profile) if profile else None)
    strict = prints.product(CMYK, trim_um=(60_000, 40_000), dpi_floor=1, profile_rule="refuse")
    if is_taken:
        assert prints.recipe_of(path, strict).input_profile.status is not ProfileStatus.REJECTED
        return
    with pytest.raises(BadDocument) as caught:
        prints.recipe_of(path, strict)
    assert caught.value.code == "profile.refused"


@pytest.mark.parametrize(
    ("space", "profile", "reference", "is_unchanged"),
    [
        ("cmyk", FOGRA, CMYK, True),
        ("cmyk", None, CMYK, True),
        ("cmyk", FOGRA, "book-page-us-trade~1", False),
        ("srgb", "srgb", "photo-10x15~1", True),
        ("srgb", None, "photo-10x15~1", True),
        ("srgb", "display-p3", "photo-10x15~1", False),
        ("srgb", "srgb", CMYK, False),
    ],
    ids=str,
)
def test_numbers_stay_where_the_photo_is_in_the_products_own_profile(
    tmp_path: Path, space: str, profile: str | None, reference: str, *, is_unchanged: bool
) -> None:
    path = stored(tmp_path / "p.jpg", space, content(profile) if profile else None)
    assert found(path, reference).is_unchanged is is_unchanged
