"""What a design asks for, as values: the look that is hashed, drawn and stored."""

from __future__ import annotations

from dataclasses import dataclass, field

Crop = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Filters:
    """Tone filters in 1/1000; 0 is "as it is". grey, sepia 0..1000, the others -1000..1000."""

    grey: int = 0
    sepia: int = 0
    brightness: int = 0
    contrast: int = 0
    saturation: int = 0


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """How one photo is used. Order: crop, turn and tilt (clockwise), flip, filters.

    crop: x y w h in 1/100000 of the upright photo, None for the whole of it. turn: 0 90 180 270.
    tilt_mdeg: -45000..45000. flip: "" or "h" (every other flip is a turn with "h").
    """

    asset: str
    crop: Crop | None = None
    turn: int = 0
    tilt_mdeg: int = 0
    flip: str = ""
    filters: Filters = field(default_factory=Filters)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame drawn over the edge of the sheet; lengths in µm, 0 where a style has no such part.

    width_um: the band, from the sheet's edge; foot_um: the bottom band where it differs.
    line_um: the line or bevel at the band's inner edge. radius_um: of the window's corners.
    """

    style: str
    width_um: int
    foot_um: int
    line_um: int
    radius_um: int
    colour: str
    line_colour: str


@dataclass(frozen=True, slots=True)
class Caption:
    """A plain text of 1..6 lines. size_um: the em; margin_um: room to the edges of its place."""

    text: str
    font: str
    size_um: int
    colour: str
    place: str
    align: str
    margin_um: int


@dataclass(frozen=True, slots=True)
class DesignLook:
    """Everything of a design that changes a pixel, and nothing else.

    sheet_um: width and height of the trimmed sheet as it is seen; always there with a frame or a
    caption. locale: a language tag, only with a caption (it chooses letter shapes).
    """

    photo: PhotoLook
    sheet_um: tuple[int, int] | None = None
    frame: Frame | None = None
    caption: Caption | None = None
    locale: str | None = None
