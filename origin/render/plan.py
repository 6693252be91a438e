"""Decides all about a picture before any pixel is touched: raster, map, sampling, encoder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cache_keys.design import DesignLook
from cache_keys.presets import Look, Watermark
from origin.render import geometry
from origin.render.geometry import Canvas, Pose, Region, Vector, View
from origin.render.levels import (
    LEVELS,
    choose_level,
    density_squared,
    level_size,
    raster_scale,
)
from origin.render.quality import encoder_quality
from origin.render.recipe import Sampling, load_shrink, sampling
from origin.values import Photo

TOP: Final = 2560
"""What a missing side of the box counts as, px."""
WHITE: Final = "ffffff"
"""A colour that is needed and not given."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Who made the photo and whose it is; written into the preview only where a tenant asks."""

    copyright: str | None
    creator: str | None


@dataclass(frozen=True, slots=True)
class Elements:
    """What a design draws, and where its sheet lies in the picture.

    um_per_px: µm of the sheet per output px, per axis; 1 where a design has no sheet.
    origin_px: the sheet's top left corner, output px.
    """

    design: DesignLook
    um_per_px: Vector
    origin_px: Vector


@dataclass(frozen=True, slots=True)
class Plan:
    """One picture, completely decided.

    level: which master, None for the source. shrink: the JPEG is loaded at 1/shrink.
    sampling: the exact affine, None for the fast path (resize, then turn and flip).
    background: rrggbb under transparency and around the photo. keeps_alpha: transparency stays.
    quality: the encoder's own number. is_thorough: AVIF of fewer bytes for more CPU.
    """

    photo: Photo
    ext: str
    level: int | None
    shrink: int
    view: View
    sampling: Sampling | None
    canvas: Canvas | None
    background: str
    keeps_alpha: bool
    quality: int
    elements: Elements | None = None
    watermark: Watermark | None = None
    rights: Rights | None = None
    is_thorough: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Return the finished picture's width and height."""
        if self.canvas is not None:
            return self.canvas.width_px, self.canvas.height_px
        return self.view.width_px, self.view.height_px


def plan(
    photo: Photo,
    look: Look,
    focus: tuple[int, int] | None = None,
    rights: Rights | None = None,
) -> Plan:
    """Decide how a look of a photo is made.

    focus: the stored smart or face point in 1/100000, needed where ``look.g`` names one and the
    fit is cover. rights: only for tenants that keep them.
    Raises DesignError 422 "design.crop_outside" or "print.aspect" (so a design is checked by it).
    """
    sides = photo.width_px, photo.height_px
    region, pose = _finished_crop(sides, look)
    gravity = _gravity(look, focus)
    view, canvas = _fitted(region, pose, look, _to_px(gravity, sides))
    level = choose_level(sides, view.matrix, has_alpha=photo.has_alpha)
    is_fast = look.design is None and look.crop is None and view.is_whole_frame
    shrink, exact = _sampled(photo, view, level, is_fast=is_fast)
    return Plan(
        photo=photo,
        ext=look.ext,
        level=level,
        shrink=shrink,
        view=view,
        sampling=exact,
        canvas=canvas,
        background=look.bg or WHITE,
        keeps_alpha=photo.has_alpha and look.bg is None and look.ext != "jpg",
        quality=encoder_quality(look.ext, look.q),
        elements=_elements(look.design, view),
        watermark=look.watermark,
        rights=rights,
        is_thorough=look.is_thorough,
    )


def plan_edge_master(photo: Photo, ext: str) -> Plan:
    """Decide how the edge master is made: the largest master, upright, in the ext asked.

    ``jpg`` needs no render: its bytes are the master's own (``LEVELS[0]``).
    """
    sides = photo.width_px, photo.height_px
    size = level_size(sides, LEVELS[0])
    return Plan(
        photo=photo,
        ext=ext,
        level=LEVELS[0],
        shrink=1,
        view=geometry.whole_view(geometry.crop_region(sides, None), Pose(), size),
        sampling=None,
        canvas=None,
        background=WHITE,
        keeps_alpha=False,
        quality=encoder_quality(ext, None),
    )


def _finished_crop(sides: tuple[int, int], look: Look) -> tuple[Region, Pose]:
    """Return the crop, trimmed to the design's sheet, and how it is turned."""
    region = geometry.crop_region(sides, look.crop)
    design = look.design
    pose = Pose(look.turn, design.photo.tilt_mdeg if design else 0, look.flip)
    if design is not None and design.sheet_um is not None:
        region = geometry.trim_to_sheet(region, pose, design.sheet_um)
    if pose.tilt_mdeg:
        geometry.require_inside(region, pose, sides)
    return region, pose


def _gravity(look: Look, focus: tuple[int, int] | None) -> str | tuple[int, int]:
    if look.g not in ("smart", "face"):
        return look.g
    assert focus is not None or look.fit != "cover", "find the focus before planning"
    return focus or "c"


def _to_px(gravity: str | tuple[int, int], sides: tuple[int, int]) -> str | Vector:
    if isinstance(gravity, str):
        return gravity
    return (
        Fraction(gravity[0] * sides[0], geometry.SHARE),
        Fraction(gravity[1] * sides[1], geometry.SHARE),
    )


def _fitted(
    region: Region, pose: Pose, look: Look, gravity: str | Vector
) -> tuple[View, Canvas | None]:
    """Return the view that fits the box, and contain's canvas."""
    frame = pose.sides(region)
    box = look.w or TOP, look.h or TOP
    fit = look.fit if look.w is not None and look.h is not None else "inside"
    match fit:
        case "cover":
            size = geometry.cover_size(frame, box)
            return geometry.cover_view(region, pose, size, gravity), None
        case "fill":
            return geometry.whole_view(region, pose, geometry.fill_size(frame, box)), None
        case "contain":
            size = geometry.inside_size(frame, box)
            canvas = geometry.contain_canvas(size, box, gravity)
            return geometry.whole_view(region, pose, size), canvas
        case _:
            assert fit == "inside", fit
            return geometry.whole_view(region, pose, geometry.inside_size(frame, box)), None


def _sampled(
    photo: Photo, view: View, level: int | None, *, is_fast: bool
) -> tuple[int, Sampling | None]:
    """Return the shrink-on-load and the affine, or None for it on the fast path."""
    sides = photo.width_px, photo.height_px
    raster = sides if level is None else level_size(sides, level)
    shrink = 1
    if level is not None or photo.format == "jpeg":
        density2 = density_squared(view.matrix, raster_scale(sides, raster))
        shrink = load_shrink(density2, raster)
    loaded = raster[0] // shrink, raster[1] // shrink
    return shrink, None if is_fast else sampling(view, sides, loaded)


def _elements(design: DesignLook | None, view: View) -> Elements | None:
    if design is None:
        return None
    one = Fraction(1)
    um_per_px = (one, one)
    if design.sheet_um is not None:
        um_per_px = design.sheet_um[0] / view.frame[0], design.sheet_um[1] / view.frame[1]
    return Elements(design, um_per_px, (-view.left, -view.top))
