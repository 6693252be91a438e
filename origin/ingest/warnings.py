"""What a shop should know about an accepted photo: a closed set of words."""

from __future__ import annotations

from typing import Final

from origin.decode.header import Header
from origin.ingest.layout import Layout
from origin.ingest.profile import Profile
from origin.values import ProfileStatus

LONG_SIDE_PX: Final = 1200
SHORT_SIDE_PX: Final = 800
"""A 10 x 15 cm print at 200 dpi, the smallest product and the lowest density that looks sharp."""

WARNINGS: Final = {
    "low_resolution": "fewer than 1200 x 800 px: soft on anything larger than 10 x 15 cm",
    "no_profile": "no colour profile: taken as sRGB (grey and CMYK by their own rule)",
    "profile_rejected": "the colour profile is broken or for other pixels: not used",
    "wide_gamut": "colours beyond sRGB: screens and previews show them duller than paper may",
    "cmyk": "already separated for some press",
    "transparency": "has an alpha channel: prints are laid on white",
    "animated": "an animation: its first frame is printed",
    "multi_page": "several pages or pictures: the first is printed",
    "hdr_gain_map": "carries an HDR gain map: printed as its standard picture",
    "hdr": "coded for HDR screens (PQ or HLG): colours may print flat",
    "sixteen_bit": "more than 8 bits per sample: kept for prints, previews have 8",
}
"""Each word and what it means; docs/intake.md lists them."""


def warnings_for(layout: Layout, header: Header, profile: Profile) -> tuple[str, ...]:
    """Return the words that apply, in the order of WARNINGS."""
    long_side, short_side = sorted((header.width_px, header.height_px), reverse=True)
    is_true = {
        "low_resolution": long_side < LONG_SIDE_PX or short_side < SHORT_SIDE_PX,
        "no_profile": profile.status is ProfileStatus.ASSUMED,
        "profile_rejected": profile.status is ProfileStatus.REJECTED,
        "wide_gamut": profile.is_wide,
        "cmyk": header.space == "cmyk",
        "transparency": header.has_alpha,
        "animated": layout.is_animated,
        "multi_page": layout.pages > 1 and not layout.is_animated,
        "hdr_gain_map": layout.has_gain_map,
        "hdr": layout.is_hdr,
        "sixteen_bit": header.bits > 8,
    }
    return tuple(word for word in WARNINGS if is_true[word])
