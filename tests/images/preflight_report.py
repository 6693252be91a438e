"""Writes what docs/preflight.md says about how well the checks tell: two tables and a plot."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

from origin.printing.preflight.limits import PreflightLimits
from tests.images.preflight_set import (
    KINDS,
    MEASURES,
    PHOTOS,
    REPORTED_ON,
    TUNED_ON,
    Row,
    Score,
    rows,
    scores,
)

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "preflight.md"
PLOT: Final = ROOT / "docs" / "pictures" / "preflight.svg"
BEGIN: Final = "<!-- made by python -m tests.images.preflight_set -->"
END: Final = "<!-- end -->"
WIDTH, HEIGHT, LEFT, TOP = 220, 170, 30, 24
SCALES: Final = {
    "sharpness": (0.1, 6.0),
    "highlight_level": (40.0, 255.0),
    "overshoot": (0.2, 60.0),
    "banding": (0.02, 2.0),
}
WORDS: Final = {
    "blur": "blur, sigma 0.7 / 1.5 / 3 px at 200 px per inch",
    "upscale": "enlarged before, 2 / 3 / 4 times",
    "under": "under-exposed by 1 / 2 / 3 stops",
    "sharpen": "unsharp mask of 1.5 px, amount 1 / 2.5 / 5",
    "band": "32 / 16 / 8 tones per channel",
}


def main(arguments: list[str]) -> None:
    """Measure everything and rewrite the page and the plot."""
    corpus = Path(arguments[0] if arguments else os.environ.get("EDGEPROOF_CORPUS", "corpus"))
    limits = PreflightLimits()
    found = list(rows(corpus, PHOTOS))
    tuned = [row for row in found if row.photo in TUNED_ON]
    reported = [row for row in found if row.photo in REPORTED_ON]
    text = "\n".join(
        [
            BEGIN,
            f"On the {len(REPORTED_ON)} photos that no limit was chosen by:",
            "",
            *table(scores(reported, limits)),
            "",
            f"On the {len(TUNED_ON)} photos that the limits were chosen by:",
            "",
            *table(scores(tuned, limits)),
            "",
            "![measured values of every photo, spoilt and not](pictures/preflight.svg)",
            END,
        ]
    )
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(head + text + rest.partition(END)[2], "utf-8")
    PLOT.write_text(plot(found, limits), "utf-8")


def table(found: list[Score]) -> list[str]:
    """Return the lines of a table."""
    lines = [
        "| spoilt by | recall, weakest first | precision | false alarms | so it is a |",
        "|---|---|---|---|---|",
    ]
    for score in found:
        recalls = " / ".join(f"{recall:.2f}" for recall in score.recalls)
        kind = "warning" if score.is_sure else "note"
        lines.append(
            f"| {WORDS[score.kind]} | {recalls} | {score.precision:.2f} "
            f"| {score.false_alarms} of {score.good} | {kind} |"
        )
    return lines


def plot(found: list[Row], limits: PreflightLimits) -> str:
    """Return an SVG: one panel per kind, a dot per photo, columns from good to worst."""
    places = ((f"{LEFT + at * (WIDTH + 30)},{TOP}", kind) for at, kind in enumerate(KINDS))
    panels = "".join(
        f'<g transform="translate({place})">{_panel(kind, found, limits)}</g>'
        for place, kind in places
    )
    width = LEFT + len(KINDS) * (WIDTH + 30)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT + 60}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="#fff"/>{panels}</svg>\n'
    )


def _panel(kind: str, found: list[Row], limits: PreflightLimits) -> str:
    measure = MEASURES[kind]
    line = _height(float(getattr(limits, measure)), measure)
    columns = [("", 0.0), *((kind, strength) for strength in KINDS[kind])]
    step = WIDTH / len(columns)
    parts = [
        f'<text y="-8">{measure}: {kind}</text>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
        f'<line x2="{WIDTH}" y1="{line}" y2="{line}" stroke="#c00" stroke-dasharray="4 3"/>',
    ]
    for column, (of_kind, strength) in enumerate(columns):
        values = [
            float(getattr(row, measure))
            for row in found
            if (row.kind, row.strength) == (of_kind, strength)
        ]
        name = f"{strength:g}" if of_kind else "as it was"
        parts.append(f'<text x="{step * (column + 0.2):.0f}" y="{HEIGHT + 14}">{name}</text>')
        parts += [
            f'<circle cx="{step * (column + 0.2 + 0.6 * n / len(values)):.1f}" '
            f'cy="{_height(value, measure)}" r="2" fill="#246" fill-opacity="0.6"/>'
            for n, value in enumerate(values)
        ]
    return "".join(parts)


def _height(value: float, measure: str) -> float:
    low, high = SCALES[measure]
    share = math.log(max(value, low) / low) / math.log(high / low)
    return round(HEIGHT * (1 - min(share, 1.0)), 1)
