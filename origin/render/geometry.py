"""The one geometry of every preview and every print, in exact rationals (docs/urls.md, Geometry).

The upright source is W x H px and pixel i spans [i, i + 1); y points down. A view maps output px to
source px:  source = centre + R(-turn) · diag(sx, sy) · F · ((u, v) - (OW / 2, OH / 2)).
Trigonometry is used for tilts only; a sine or cosine enters as the exact value of its double.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from cache_keys.errors import DesignError

Vector = tuple[Fraction, Fraction]
Matrix = tuple[Vector, Vector]  # rows
Sides = tuple[Fraction, Fraction]

SHARE: Final = 100_000
"""Crops and points are in 1/100000 of the upright source."""
TRIM_SHARE_MAX: Final = Fraction(5, 1000)
"""More of a side than this is never trimmed away silently (print.aspect)."""
TILT_SLACK_PX: Final = Fraction(1, 2)
"""How far a corner of a tilted frame may lie outside the source (design.crop_outside)."""
HALF: Final = Fraction(1, 2)

_QUARTERS: Final[dict[int, tuple[int, int]]] = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
_COLUMN: Final = {"w": Fraction(0), "e": Fraction(1)}
_ROW: Final = {"n": Fraction(0), "s": Fraction(1)}


def rdiv(a: Fraction | int, b: Fraction | int) -> int:
    """Return a / b rounded to the nearest integer, halves up; b > 0."""
    return int((2 * a + b) // (2 * b))


@dataclass(frozen=True, slots=True)
class Region:
    """A crop: its centre and its sides, in px of the upright source."""

    centre: Vector
    width: Fraction
    height: Fraction


@dataclass(frozen=True, slots=True)
class Pose:
    """How the crop is turned, clockwise as seen, and then flipped.

    turn: 0 90 180 270 degrees. tilt_mdeg: -45000..45000 on top of it. flip: "", h, v or hv.
    """

    turn: int = 0
    tilt_mdeg: int = 0
    flip: str = ""

    @property
    def is_sideways(self) -> bool:
        """Say whether the frame's sides are the crop's, swapped; a tilt keeps the crop's own."""
        return self.turn in (90, 270)

    @property
    def cosine_sine(self) -> Vector:
        """Return cosine and sine of turn and tilt together; exact 0 and ±1 without a tilt."""
        cosine, sine = _QUARTERS[self.turn]
        if self.tilt_mdeg == 0:
            return Fraction(cosine), Fraction(sine)
        angle = math.radians(self.tilt_mdeg / 1000)
        c, s = Fraction(math.cos(angle)), Fraction(math.sin(angle))
        return cosine * c - sine * s, sine * c + cosine * s

    @property
    def signs(self) -> tuple[int, int]:
        """Return the diagonal of F."""
        return (-1 if "h" in self.flip else 1), (-1 if "v" in self.flip else 1)

    def sides(self, region: Region) -> Sides:
        """Return FW, FH: the frame's sides in source px, as they are seen."""
        if self.is_sideways:
            return region.height, region.width
        return region.width, region.height


@dataclass(frozen=True, slots=True)
class View:
    """A window of width_px x height_px that looks at the source.

    centre: where the window's middle lies, source px. scale: source px per output px, per axis of
    the output. frame: sides of the whole finished crop, output px. left, top: where the window
    begins in that frame, output px (0 but for cover).
    """

    centre: Vector
    scale: Vector
    pose: Pose
    width_px: int
    height_px: int
    frame: Sides
    left: Fraction = Fraction(0)
    top: Fraction = Fraction(0)

    @property
    def matrix(self) -> Matrix:
        """Return B: the step in source px for a step in output px."""
        return map_matrix(self.pose, self.scale)

    @property
    def offset(self) -> Vector:
        """Return t: the source point of the output's corner (0, 0)."""
        x, y = apply(self.matrix, (Fraction(self.width_px, 2), Fraction(self.height_px, 2)))
        return self.centre[0] - x, self.centre[1] - y

    @property
    def is_whole_frame(self) -> bool:
        """Say whether the window is exactly the frame, so that nothing of the crop is cut."""
        return self.frame == (Fraction(self.width_px), Fraction(self.height_px))


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where the picture is laid: a canvas of exactly this size, in px."""

    width_px: int
    height_px: int
    left_px: int
    top_px: int


def map_matrix(pose: Pose, scale: Vector) -> Matrix:
    """Return B = R(-turn) · diag(scale) · F."""
    c, s = pose.cosine_sine
    fx, fy = pose.signs
    sx, sy = scale
    return ((c * sx * fx, s * sy * fy), (-s * sx * fx, c * sy * fy))


def apply(matrix: Matrix, point: Vector) -> Vector:
    """Return matrix · point."""
    (a, b), (c, d) = matrix
    x, y = point
    return a * x + b * y, c * x + d * y


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse of a matrix that has one."""
    (a, b), (c, d) = matrix
    determinant = a * d - b * c
    return (d / determinant, -b / determinant), (-c / determinant, a / determinant)


def crop_region(sides_px: tuple[int, int], crop: tuple[int, int, int, int] | None) -> Region:
    """Return the crop x, y, w, h (1/100000 of the upright source; None: all of it)."""
    width, height = sides_px
    x, y, w, h = crop or (0, 0, SHARE, SHARE)
    centre = (
        Fraction((2 * x + w) * width, 2 * SHARE),
        Fraction((2 * y + h) * height, 2 * SHARE),
    )
    return Region(centre, Fraction(w * width, SHARE), Fraction(h * height, SHARE))


def trim_to_sheet(region: Region, pose: Pose, sheet_um: tuple[int, int]) -> Region:
    """Return the crop trimmed about its centre to the sheet's aspect, as it is seen after the turn.

    Raises DesignError 422 "print.aspect" when more than 0.5 % of the trimmed side would be lost.
    """
    aspect = Fraction(*sheet_um)
    if pose.is_sideways:
        aspect = 1 / aspect
    width = min(region.width, region.height * aspect)
    height = min(region.height, region.width / aspect)
    if width < region.width * (1 - TRIM_SHARE_MAX) or height < region.height * (1 - TRIM_SHARE_MAX):
        raise DesignError(
            "print.aspect",
            422,
            "The crop does not have the shape of the sheet.",
            field="/photos/0/crop",
        )
    return Region(region.centre, width, height)


def require_inside(region: Region, pose: Pose, sides_px: tuple[int, int]) -> None:
    """Check that the tilted frame lies in the source, ±0.5 px.

    Raises DesignError 422 "design.crop_outside".
    """
    matrix = map_matrix(pose, (Fraction(1), Fraction(1)))
    width, height = pose.sides(region)
    for u in (-width / 2, width / 2):
        for v in (-height / 2, height / 2):
            offset = apply(matrix, (u, v))
            for at, away, side in zip(region.centre, offset, sides_px, strict=True):
                if not -TILT_SLACK_PX <= at + away <= side + TILT_SLACK_PX:
                    raise DesignError(
                        "design.crop_outside",
                        422,
                        "The tilted crop reaches outside the photo.",
                        field="/photos/0/crop",
                    )


def inside_size(frame: Sides, box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the frame's shape in a box of w x h px, never above the source."""
    (fw, fh), (w, h) = frame, box
    if w > fw and h > fh:
        size = rdiv(fw, 1), rdiv(fh, 1)
    elif w * fh <= h * fw:
        size = w, rdiv(w * fh, fw)
    else:
        size = rdiv(h * fw, fh), h
    return max(1, size[0]), max(1, size[1])


def cover_size(frame: Sides, box: tuple[int, int]) -> tuple[int, int]:
    """Return the box of w x h px, smaller in its own shape where the source has fewer px."""
    (fw, fh), (w, h) = frame, box
    k = max(w / fw, h / fh)
    return (w, h) if k <= 1 else (max(1, rdiv(w, k)), max(1, rdiv(h, k)))


def fill_size(frame: Sides, box: tuple[int, int]) -> tuple[int, int]:
    """Return the box of w x h px, each side at most the source's."""
    (fw, fh), (w, h) = frame, box
    return min(w, max(1, rdiv(fw, 1))), min(h, max(1, rdiv(fh, 1)))


def whole_view(region: Region, pose: Pose, size_px: tuple[int, int]) -> View:
    """Return the view in which the whole crop meets the whole picture (inside, fill, contain)."""
    width, height = size_px
    fw, fh = pose.sides(region)
    scale = fw / width, fh / height
    return View(region.centre, scale, pose, width, height, (Fraction(width), Fraction(height)))


def cover_view(region: Region, pose: Pose, size_px: tuple[int, int], gravity: str | Vector) -> View:
    """Return the view of a window in the frame, with one scale for both axes.

    gravity: a compass point of the finished frame, or a point of the upright source in px that the
    window is centred on and then clamped to the frame.
    """
    width, height = size_px
    fw, fh = pose.sides(region)
    step = min(fw / width, fh / height)
    frame = fw / step, fh / step
    matrix = map_matrix(pose, (step, step))
    room = frame[0] - width, frame[1] - height
    if isinstance(gravity, str):
        share = compass(gravity)
        left, top = room[0] * share[0], room[1] * share[1]
    else:
        away = gravity[0] - region.centre[0], gravity[1] - region.centre[1]
        u, v = apply(inverse(matrix), away)
        left = min(max(Fraction(0), u + (frame[0] - width) / 2), room[0])
        top = min(max(Fraction(0), v + (frame[1] - height) / 2), room[1])
    x, y = apply(matrix, (left - room[0] / 2, top - room[1] / 2))
    centre = region.centre[0] + x, region.centre[1] + y
    return View(centre, (step, step), pose, width, height, frame, left, top)


def compass(point: str) -> Vector:
    """Return a compass point (c n s e w ne nw se sw) as shares of the room that is left over."""
    column = next((_COLUMN[letter] for letter in point if letter in _COLUMN), HALF)
    row = next((_ROW[letter] for letter in point if letter in _ROW), HALF)
    return column, row


def contain_canvas(size_px: tuple[int, int], box: tuple[int, int], gravity: str | Vector) -> Canvas:
    """Return where a picture lies on a canvas of exactly the box; a point counts as the centre."""
    column, row = compass(gravity) if isinstance(gravity, str) else (HALF, HALF)
    (width, height), (w, h) = size_px, box
    return Canvas(w, h, _edge(w - width, column), _edge(h - height, row))


def _edge(room_px: int, share: Fraction) -> int:
    return int(room_px * share)  # 0, room // 2 or room: room is never negative


def px_from_um(length_um: int, dpi: int) -> int:
    """Return the px nearest to a paper length, halves up. length_um >= 0, dpi > 0."""
    return (2 * length_um * dpi + 25_400) // 50_800


def page_view(
    region: Region, pose: Pose, trim_um: tuple[int, int], bleed_um: int, dpi: int
) -> View:
    """Return the view of a printed page: trim and bleed, exactly; it may enlarge.

    The region has the trim's aspect already. The page spans trim + 2·bleed µm, so the trim's edges
    lie where their µm fall (``left`` and ``top`` are minus the bleed, in page px).
    """
    spans = trim_um[0] + 2 * bleed_um, trim_um[1] + 2 * bleed_um
    width, height = px_from_um(spans[0], dpi), px_from_um(spans[1], dpi)
    frame = Fraction(trim_um[0] * width, spans[0]), Fraction(trim_um[1] * height, spans[1])
    fw, fh = pose.sides(region)
    view = View(region.centre, (fw / frame[0], fh / frame[1]), pose, width, height, frame)
    return replace(
        view, left=-Fraction(bleed_um * width, spans[0]), top=-Fraction(bleed_um * height, spans[1])
    )
