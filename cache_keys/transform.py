"""The value that one preview URL asks for, in canonical meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transform:
    """The ops of one URL after canonicalisation: None means that the op is not in the key.

    ext: avif, webp, jpg or png; ``auto`` is resolved already. preset: (name, version), and
    ("edge", 1) is the edge master. design: a design id. proof: (product, version, with paper).
    crop: x, y, width, height in 1/100000 of the upright source. turn: 90, 180 or 270, clockwise.
    flip: h, v or hv, after the turn. w: a rung of the ladder when it is alone or beside h, px.
    h: 1..2560 px. fit: inside, cover, contain or fill. g: a compass name, smart, face or a point
    in 1/100000. bg: rrggbb. q: 30..95 in steps of 5.
    """

    ext: str
    preset: tuple[str, int] | None = None
    design: str | None = None
    proof: tuple[str, int, bool] | None = None
    crop: tuple[int, int, int, int] | None = None
    turn: int | None = None
    flip: str | None = None
    w: int | None = None
    h: int | None = None
    fit: str | None = None
    g: str | tuple[int, int] | None = None
    bg: str | None = None
    q: int | None = None
