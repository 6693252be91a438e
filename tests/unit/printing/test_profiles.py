"""The profile registry: pinned bytes, refusals with a code, and press profiles that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from origin.errors import BadDocument, NotFound
from origin.printing.profiles import Profiles, is_for_output, read_profile

SHIPPED = {profile.name: profile for profile in Profiles().all()}
PRESS = {"coated-fogra39": (0.2, 0.8), "coated-gracol2006": (0.5, 2.0)}


def test_the_rgb_and_press_profiles_ship() -> None:
    assert set(SHIPPED) == {
        "adobe-rgb-compatible",
        "coated-fogra39",
        "coated-gracol2006",
        "display-p3",
        "prophoto",
        "srgb",
    }
    assert all(is_for_output(profile.content()) for profile in SHIPPED.values())


@pytest.mark.parametrize("name", PRESS)
def test_a_press_profile_fits_its_characterisation_data(name: str) -> None:
    fit = SHIPPED[name].fit
    assert fit is not None
    assert (fit["delta_e2000_avg"] <= PRESS[name][0], fit["delta_e2000_max"] <= PRESS[name][1]) == (
        True,
        True,
    )


def test_a_shop_adds_a_profile_and_finds_it_again(tmp_path: Path) -> None:
    content = SHIPPED["display-p3"].content()
    added = Profiles(tmp_path).add("our-press", content)
    assert Profiles(tmp_path).by_name("our-press").content(added.sha256) == content


def test_the_same_name_with_other_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match=r"api\.parameter"):
        Profiles(tmp_path).add("srgb", SHIPPED["prophoto"].content())


def test_bytes_that_are_not_the_pinned_ones_are_refused() -> None:
    with pytest.raises(BadDocument, match=r"profile\.digest"):
        SHIPPED["srgb"].content("0" * 64)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFound) as refused:
        Profiles().by_name("nothing")
    assert "coated-fogra39" in refused.value.public


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda profile: b"", "profile.damaged"),
        (lambda profile: profile[:-1], "profile.damaged"),
        (lambda profile: profile + b"x", "profile.damaged"),
        (lambda profile: profile[:12] + b"link" + profile[16:], "profile.class"),
        (lambda profile: profile[:16] + b"XYZ " + profile[20:], "profile.space"),
        (lambda profile: bytes(4_000_001), "profile.damaged"),
        (lambda profile: profile[:200] + bytes(len(profile) - 200), "profile.damaged"),
    ],
    ids=["empty", "cut off", "longer", "a link", "another space", "too large", "tables gone"],
)
def test_a_profile_that_cannot_be_used_is_refused(change, code: str) -> None:  # type: ignore[no-untyped-def] # a lambda
    with pytest.raises(BadDocument) as refused:
        read_profile(change(SHIPPED["srgb"].content()))
    assert refused.value.code == code
