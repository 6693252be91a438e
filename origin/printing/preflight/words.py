"""Lengths as a customer says them."""

from __future__ import annotations

import math
from typing import Final

UM_PER_CM: Final = 10_000
HALF_UM: Final = 5_000
TIMES: Final = " \N{MULTIPLICATION SIGN} "


def size_words(sides_um: tuple[int, int]) -> str:
    """Return sides in cm, as 30 times 40 cm is written, with one decimal where there is one."""
    return TIMES.join(_cm(side) for side in sides_um) + " cm"


def smaller(sides_um: tuple[int, int], factor: float) -> tuple[int, int]:
    """Return the sides scaled down and rounded down to what ``size_words`` can say."""
    return _floored(sides_um[0] * factor), _floored(sides_um[1] * factor)


def _floored(side_um: float) -> int:
    step = UM_PER_CM if side_um >= 20 * UM_PER_CM else HALF_UM
    return max(HALF_UM, math.floor(side_um / step) * step)


def _cm(side_um: int) -> str:
    return f"{side_um / UM_PER_CM:.1f}".removesuffix(".0")
