"""Real photos, spoilt by known amounts, and how well the preflight tells them.

``python -m tests.images.preflight_set`` measures all of them and writes the tables and the plot of
docs/preflight.md. Needs the image corpus (EDGEPROOF_CORPUS).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cache_keys.design_look import DesignLook, PhotoLook
from origin.ingest.caps import Caps
from origin.ingest.guard import guard
from origin.printing.decide import Subject, make_recipe
from origin.printing.preflight.banding import roughness
from origin.printing.preflight.blur import sharpness
from origin.printing.preflight.exposure import lights_level
from origin.printing.preflight.halo import overshoot
from origin.printing.preflight.limits import PreflightLimits
from origin.printing.preflight.seen import Pixels, Seen, level_counts, look_at
from origin.printing.product import Colour, Product
from origin.printing.profiles import Profiles

LONG_EDGE_PX: Final = 1_200
"""At 200 px per inch a print of 15 cm; smaller photos keep their own size."""
UM_PER_PX: Final = 127
"""25,400 µm at 200 px per inch, which is what the checks see of a product of 300."""
QUALITY: Final = 92
"""JPEG quality of what customers send."""

#: One photo per scene, of 22 cameras and 3 studios: no drawings, no test charts, no text overlays
#: but three that only exist so.
PHOTOS: Final = (
    "avif/133ea6_fox.profile2.12bpc.yuv444.avif",
    "avif/63f79a_Irvine_CA.avif",
    "avif/894789_hato.profile2.8bpc.yuv422.monochrome.no-cdef.avif",
    "exif/06171f_DSCN0025.jpg",
    "exif/07beac_portrait_8.jpg",
    "exif/09892b_canon-ixus.jpg",
    "exif/13164f_45-gps_ifd.jpg",
    "exif/208467_sony-powershota5.jpg",
    "exif/3bec2f_DSCN0042.jpg",
    "exif/49243b_DSCN0027.jpg",
    "exif/58171a_olympus-d320l.jpg",
    "exif/6ad310_kodak-dc210.jpg",
    "exif/7963cc_fujifilm-mx1700.jpg",
    "exif/83417c_36-memory_error.jpg",
    "exif/a0d98b_jolla.jpg",
    "exif/b64486_olympus-c960.jpg",
    "exif/e4177b_fujifilm-dx10.jpg",
    "exif/f0550e_DSCN0021.jpg",
    "jpeg_misc/0b1f06_exif_gps_typeerror.jpg",
    "jpeg_misc/3c3f1c_flower.png.im_q85_420_R13B.jpg",
    "jpeg_misc/68819f_junk_jpeg_header.jpg",
    "jpeg_misc/b4d49c_iptc.jpg",
    "orientation/5a5544_Portrait_3.jpg",
    "orientation/8518c8_Landscape_0.jpg",
    "orientation/bd99b9_avif-orientation-6.avif",
    "photos/HMD_Nokia_8.3_5G.jpg",
    "photos/IMG_5195.HEIC",
    "photos/iphone_13_pro_max.HEIC",
    "photos/iphone_hdr_NO.jpg",
    "photos/phone_12mp.jpg",
    "webp/122741_1.webp",
    "wide_gamut/871bdf_cvo9xd_keong_macan_srgb8.png",
)
TUNED_ON: Final = PHOTOS[::2]
REPORTED_ON: Final = PHOTOS[1::2]
"""The limits were chosen by looking at the first half only."""

#: Strengths, weakest first. blur: sigma in px at 200 px per inch (1.5 px is 0.19 mm on paper).
#: upscale: the photo was enlarged so many times. under: stops. sharpen: amount of an unsharp mask
#: of 1.5 px. band: tones per channel.
KINDS: Final[dict[str, tuple[float, ...]]] = {
    "blur": (0.7, 1.5, 3.0),
    "upscale": (2.0, 3.0, 4.0),
    "under": (1.0, 2.0, 3.0),
    "sharpen": (1.0, 2.5, 5.0),
    "band": (32.0, 16.0, 8.0),
}
SOFT: Final = ("blur", "upscale")
#: Which measure tells which spoiling, and which side of its limit is bad.
MEASURES: Final = {"blur": "sharpness", "upscale": "sharpness", "under": "highlight_level",
                   "sharpen": "overshoot", "band": "banding"}  # fmt: skip
IS_BELOW: Final = {"sharpness", "highlight_level"}


@dataclass(frozen=True, slots=True)
class Row:
    """One spoilt photo and what was measured. kind "" and strength 0: as it was."""

    photo: str
    kind: str
    strength: float
    sharpness: float
    highlight_level: float
    overshoot: float
    banding: float

    def fires(self, measure: str, limits: PreflightLimits) -> bool:
        """Say whether a check speaks up."""
        found, limit = float(getattr(self, measure)), float(getattr(limits, measure))
        return found < limit if measure in IS_BELOW else found > limit


@dataclass(frozen=True, slots=True)
class Score:
    """How well one spoiling is told. recalls: by strength. precision: of the two stronger."""

    kind: str
    recalls: tuple[float, ...]
    precision: float
    false_alarms: int
    good: int

    @property
    def is_sure(self) -> bool:
        """Say whether the check may warn: else it is only a note."""
        return min(self.recalls[1:]) >= 0.9 and self.precision >= 0.8


def rows(corpus: Path, photos: Iterable[str], kinds: Iterable[str] = tuple(KINDS)) -> Iterator[Row]:
    """Spoil each photo in every way and measure it, as a customer's file on the print lane."""
    kinds = tuple(kinds)
    with tempfile.TemporaryDirectory() as folder:
        for photo in photos:
            base = seen(corpus / photo, LONG_EDGE_PX).rgb
            yield _measured(Path(folder), photo, "", 0.0, base)
            for kind in kinds:
                for strength in KINDS[kind]:
                    yield _measured(
                        Path(folder), photo, kind, strength, spoilt(base, kind, strength)
                    )


def seen(path: Path, long_edge_px: int) -> Seen:
    """Return a photo as the checks see it on a sheet that is made for it."""
    photo = guard(path, Caps()).photo
    scale = min(1.0, long_edge_px / max(photo.width_px, photo.height_px))
    sides = round(photo.width_px * scale), round(photo.height_px * scale)
    profiles = Profiles()
    product = sheet((sides[0] * UM_PER_PX, sides[1] * UM_PER_PX))
    subject = Subject("a" * 26, "0" * 64, 0, photo)
    recipe = make_recipe(subject, DesignLook(PhotoLook("a" * 26)), product, path, profiles, "test")
    return look_at(recipe, path, profiles, PreflightLimits())


def sheet(trim_um: tuple[int, int]) -> Product:
    """Return a product of that size: sRGB, 300 dpi, no bleed."""
    srgb = Profiles().by_name("srgb")
    return Product(
        name="sheet",
        version=1,
        title="A sheet",
        trim_um=trim_um,
        bleed_um=0,
        safe_um=0,
        orientation="fixed",
        dpi_target=300,
        dpi_floor=0,
        colour=Colour("srgb", "srgb", srgb.sha256, "sRGB", "relative", True, None),  # noqa: FBT003
        bleed_fill="stretch",
        fill_colour="ffffff",
        finishes=(),
        file_format="jpeg",
        jpeg_quality=95,
        notes="",
        basis=(),
    )


def spoilt(rgb: Pixels, kind: str, strength: float) -> Pixels:
    """Return a photo spoilt by so much. rgb: (h, w, 3) uint8 sRGB."""
    levels = rgb.astype(np.float32)
    if kind == "blur":
        levels = np.asarray(cv2.GaussianBlur(levels, (0, 0), strength), np.float32)
    elif kind == "upscale":
        height, width = rgb.shape[:2]
        small = round(width / strength), round(height / strength)
        reduced = cv2.resize(levels, small, interpolation=cv2.INTER_AREA)
        enlarged = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_CUBIC)
        levels = np.asarray(enlarged, np.float32)
    elif kind == "under":
        levels = coded(linear(levels) / np.float32(2**strength)).astype(np.float32)
    elif kind == "sharpen":
        smooth = cv2.GaussianBlur(levels, (0, 0), 1.5)
        levels = np.asarray(levels + strength * (levels - smooth), np.float32)
    else:
        step = 255 / (strength - 1)
        levels = np.asarray(np.round(levels / step) * step, np.float32)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def linear(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sRGB levels 0..255 as light 0..1 (IEC 61966-2-1)."""
    share = levels / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def coded(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return light 0..1 as sRGB levels 0..255."""
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def scores(found: Iterable[Row], limits: PreflightLimits) -> list[Score]:
    """Return how well each kind is told.

    Precision counts the two stronger levels against every photo that has nothing of it: blurred and
    enlarged photos lack the same thing, so neither counts against the other; the weakest level,
    which people argue about, counts on no side.
    """
    every = list(found)
    result = []
    for kind in {row.kind for row in every} - {""}:
        measure = MEASURES[kind]
        own = SOFT if kind in SOFT else (kind,)
        recalls = []
        hits = 0
        for level, strength in enumerate(KINDS[kind]):
            bad = [row for row in every if (row.kind, row.strength) == (kind, strength)]
            caught = sum(row.fires(measure, limits) for row in bad)
            recalls.append(caught / len(bad))
            hits += caught if level else 0
        good = [row for row in every if row.kind not in own]
        alarms = sum(row.fires(measure, limits) for row in good)
        precision = hits / (hits + alarms) if hits else 0.0
        result.append(Score(kind, tuple(recalls), precision, alarms, len(good)))
    return sorted(result, key=lambda score: list(KINDS).index(score.kind))


def _measured(folder: Path, photo: str, kind: str, strength: float, rgb: Pixels) -> Row:
    path = folder / "photo.jpg"
    is_written = cv2.imwrite(
        str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    assert is_written
    grey = seen(path, LONG_EDGE_PX).grey
    return Row(
        photo,
        kind,
        strength,
        sharpness(grey) or 0.0,
        lights_level(level_counts(grey)),
        overshoot(grey),
        roughness(level_counts(grey)),
    )


if __name__ == "__main__":
    from tests.images.preflight_report import main

    main(sys.argv[1:])
