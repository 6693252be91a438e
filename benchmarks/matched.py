"""The quality at which a peer's pictures score as ours: speed is compared at equal looks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from benchmarks.contestants import Contestant, Wanted
from benchmarks.load import ask
from benchmarks.photos import Original
from benchmarks.score import score

#: Numbers of the peer's quality scale that are tried; between them the score is read off a line.
TRIED = (70, 78, 86, 94)


def qualities(
    peer: Contestant,
    ours: Contestant,
    originals: Sequence[Original],
    widths_px: Sequence[int],
    exts: Sequence[str],
) -> dict[tuple[int, str], int]:
    """Return for each width and format the peer's quality whose mean score is nearest to ours."""
    found = {}
    for width_px in widths_px:
        for ext in exts:
            wanted = [Wanted(original, width_px, ext) for original in originals]
            aim = _mean_score(ours, wanted)
            points = []
            for q in TRIED:
                tried = [Wanted(one.original, width_px, ext, q) for one in wanted]
                points.append((q, _mean_score(peer, tried)))
            found[width_px, ext] = read_off(points, aim)
    return found


def read_off(points: Sequence[tuple[int, float]], aim: float) -> int:
    """Return the quality at which a line through rising (quality, score) points meets a score.

    Outside the points it is the first or the last of them.
    """
    if aim <= points[0][1]:
        return points[0][0]
    for (q, low), (next_q, high) in pairwise(points):
        if low <= aim <= high:
            return round(q + (next_q - q) * (aim - low) / (high - low))
    return points[-1][0]


def _mean_score(contestant: Contestant, wanted: Sequence[Wanted]) -> float:
    found = []
    for one in wanted:
        _, (reply,) = ask([contestant.url(one)])
        found.append(score(one.original.path, bytes(reply.body)))
    return sum(found) / len(found)
