"""Where frame, window and caption lie on a design's sheet, in µm. No pixels, no fonts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cache_keys.design_look import Caption, Frame

LEADING: Final = Fraction(13, 10)
"""From baseline to baseline, in ems: what Noto is set in for short texts (its own is 1.362)."""
ASCENT: Final = Fraction(78, 100)
"""From the top of a block of text to its first baseline, in ems; below the last are 0.22.

Noto Sans' capitals are 0.714 and its small letters 0.536 high: a line that is centred by this box
looks centred with capitals and without.
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet in µm, from the sheet's top left corner."""

    left: Fraction
    top: Fraction
    right: Fraction
    bottom: Fraction

    def inset(self, across: int, down: int) -> Box:
        """Return the box that many µm further in on every side."""
        return Box(self.left + across, self.top + down, self.right - across, self.bottom - down)


@dataclass(frozen=True, slots=True)
class Block:
    """A caption on its sheet: the room that its lines may fill and the µm of each baseline."""

    room: Box
    height_um: Fraction
    baselines_um: tuple[Fraction, ...]

    @property
    def is_too_high(self) -> bool:
        """Say whether the lines need more height than the room has."""
        return self.height_um > self.room.bottom - self.room.top


def sheet_box(sheet_um: tuple[int, int]) -> Box:
    """Return the whole sheet."""
    return Box(Fraction(0), Fraction(0), Fraction(sheet_um[0]), Fraction(sheet_um[1]))


def window(frame: Frame, sheet_um: tuple[int, int]) -> Box:
    """Return what the band of a frame leaves open; its line or bevel lies inside of this."""
    sheet = sheet_box(sheet_um).inset(frame.width_um, frame.width_um)
    return Box(sheet.left, sheet.top, sheet.right, sheet.bottom + frame.width_um - frame.foot_um)


def caption_block(caption: Caption, frame: Frame | None, sheet_um: tuple[int, int]) -> Block:
    """Return where a caption's lines stand.

    On the photo (top, middle, bottom) the room is the open part of the sheet less the margin on
    every side; on the frame it is the band below, less the margin at its left and right.
    """
    lines = caption.text.count("\n") + 1
    pitch = LEADING * caption.size_um
    height = caption.size_um + pitch * (lines - 1)
    room = _room(caption, frame, sheet_um)
    spare = room.bottom - room.top - height
    share = {"top": Fraction(0), "bottom": Fraction(1)}.get(caption.place, Fraction(1, 2))
    first = room.top + spare * share + ASCENT * caption.size_um
    return Block(room, height, tuple(first + pitch * line for line in range(lines)))


def _room(caption: Caption, frame: Frame | None, sheet_um: tuple[int, int]) -> Box:
    sheet = sheet_box(sheet_um)
    if frame is None:
        return sheet.inset(caption.margin_um, caption.margin_um)
    if caption.place == "frame":
        band = Box(sheet.left, sheet.bottom - frame.foot_um, sheet.right, sheet.bottom)
        return band.inset(caption.margin_um, 0)
    open_part = window(frame, sheet_um).inset(frame.line_um, frame.line_um)
    return open_part.inset(caption.margin_um, caption.margin_um)
