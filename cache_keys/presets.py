"""A preset under a URL: which ops hold, and the look that the renderer is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from cache_keys import policy
from cache_keys.canonical import one_spelling
from cache_keys.design_look import DesignLook
from cache_keys.errors import refusal
from cache_keys.transform import Transform

T = TypeVar("T")
TILE = "tile"
FULL_CROP = (0, 0, policy.UNIT, policy.UNIT)


@dataclass(frozen=True, slots=True)
class Watermark:
    """A text laid over every picture of a preset.

    size: the em in 1/1000 of the picture's shorter side. opacity: 1/1000. turn_deg: clockwise.
    place: "tile" (all over) or a compass point.
    """

    text: str
    font: str = "noto-sans-bold"
    colour: str = "ffffff"
    opacity: int = 350
    size: int = 60
    place: str = "tile"
    turn_deg: int = 0


@dataclass(frozen=True, slots=True)
class Preset:
    """A named, versioned list of ops and the settings that only presets have.

    ops: read as a URL's, without ``t d pf dpr``; its box is used as written, never snapped.
    eager: the formats that are made ahead when a photo comes in. AVIF that is made ahead is made
    with more care, and so is the same picture when it is asked for first: one key, the same bytes.
    """

    name: str
    version: int
    ops: Transform
    watermark: Watermark | None = None
    eager: tuple[str, ...] = ()

    def is_thorough(self, ext: str) -> bool:
        """Say whether a format is made with more care: only AVIF has a use for it."""
        return ext == "avif" and ext in self.eager

    @property
    def owns_geometry(self) -> bool:
        """Say whether it sets a crop, turn, flip or gravity, so that it cannot carry a design."""
        ops = self.ops
        return not (ops.crop is None and ops.turn is None and ops.flip is None and ops.g is None)


@dataclass(frozen=True, slots=True)
class Look:
    """What the renderer is asked for, with every default filled in.

    w, h: the box in px, None where a side is free; with one side or none ``fit`` is inside.
    crop, turn, flip: the design's where there is one. turn: 0 90 180 270. flip: "" or "h".
    bg: None keeps transparency where the format can; q: None is the format's own default.
    is_thorough: the picture of a bare preset whose AVIF is made ahead: fewer bytes, more CPU.
    """

    ext: str
    w: int | None = None
    h: int | None = None
    fit: str = "inside"
    g: str | tuple[int, int] = "c"
    crop: tuple[int, int, int, int] | None = None
    turn: int = 0
    flip: str = ""
    bg: str | None = None
    q: int | None = None
    design: DesignLook | None = None
    watermark: Watermark | None = None
    is_thorough: bool = False


def layer(preset: Preset | None, transform: Transform, design: DesignLook | None) -> Look:
    """Lay a URL's ops over its preset's: an op replaces the one of its name, w and h as a pair.

    Raises GrammarError 400 "key.design_owns_geometry" for a design under a preset that sets c, r,
    fl or g.
    """
    if preset is None:
        return _look(transform, transform, design, None)
    if transform.design is not None and preset.owns_geometry:
        raise refusal("key.design_owns_geometry", "t")
    look = _look(transform, preset.ops, design, preset.watermark)
    is_bare = transform == Transform(transform.ext, preset=transform.preset)
    return replace(look, is_thorough=is_bare and preset.is_thorough(transform.ext))


def _look(
    upper: Transform, lower: Transform, design: DesignLook | None, watermark: Watermark | None
) -> Look:
    box = lower if upper.w is None and upper.h is None else upper
    is_boxed = box.w is not None and box.h is not None
    crop, turn, flip = _orientation(upper, lower, design)
    return Look(
        ext=upper.ext,
        w=box.w,
        h=box.h,
        fit=(upper.fit or lower.fit or "inside") if is_boxed else "inside",
        g=_first(upper.g, lower.g) or "c",
        crop=crop,
        turn=turn,
        flip=flip,
        bg=_first(upper.bg, lower.bg),
        q=_first(upper.q, lower.q),
        design=design,
        watermark=watermark,
    )


def _orientation(
    upper: Transform, lower: Transform, design: DesignLook | None
) -> tuple[tuple[int, int, int, int] | None, int, str]:
    if design is not None:
        return design.photo.crop, design.photo.turn, design.photo.flip
    crop = _first(upper.crop, lower.crop)
    turn, flip = one_spelling(_first(upper.turn, lower.turn) or 0, _first(upper.flip, lower.flip))
    return (None if crop == FULL_CROP else crop), turn or 0, flip or ""


def _first(upper: T | None, lower: T | None) -> T | None:
    return lower if upper is None else upper
