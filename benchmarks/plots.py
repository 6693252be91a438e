"""Draws bars with their min to max as SVG, readable on light and dark pages."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.section import Plot

WIDTH_PX, LEFT_PX, RIGHT_PX = 900, 200, 70
BAR_PX, GAP_PX, TOP_PX = 16, 12, 66
COLOURS = ("#2a7f62", "#d98b2b", "#7c6fb0", "#4f86c6", "#b5525c")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c1f23}"
    ".title{font-size:15px;font-weight:600}.quiet{fill:#5b6169}"
)


def draw(plot: Plot, target: Path) -> None:
    """Write a plot: one group of bars under the other, one colour per series."""
    target.write_text(svg(plot))


def svg(plot: Plot) -> str:
    """Return a plot as SVG text."""
    most = max(high for bars in plot.groups.values() for _, _, high in bars)
    scale = (WIDTH_PX - LEFT_PX - RIGHT_PX) / most
    group_px = BAR_PX * len(plot.series) + GAP_PX
    height = TOP_PX + group_px * len(plot.groups) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" role="img">',
        f"<title>{escape(plot.title)}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH_PX}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="12" y="22">{escape(plot.title)}</text>',
        _quiet(f"{plot.unit}, line: min to max"),
        *_legend(plot.series),
    ]
    for index, (name, bars) in enumerate(plot.groups.items()):
        top = TOP_PX + index * group_px
        middle = top + BAR_PX * len(bars) / 2 + 4
        lines.append(
            f'<text x="{LEFT_PX - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>'
        )
        for row, bar in enumerate(bars):
            lines += _bar(top + row * BAR_PX, bar, scale, COLOURS[row % len(COLOURS)])
    return "\n".join([*lines, "</svg>"]) + "\n"


def _quiet(text: str) -> str:
    place = f'x="{WIDTH_PX - 12}" y="22" text-anchor="end"'
    return f'<text class="quiet" {place}>{escape(text)}</text>'


def _legend(series: list[str]) -> list[str]:
    lines, x = [], 12
    for index, name in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        lines.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="{x + 17}" y="46">{escape(name)}</text>')
        x += 32 + 7 * len(name)
    return lines


def _bar(top: float, bar: tuple[float, float, float], scale: float, colour: str) -> list[str]:
    median, least, most = bar
    middle = top + BAR_PX / 2
    start, end = LEFT_PX + least * scale, LEFT_PX + most * scale
    size = f'width="{median * scale:.1f}" height="{BAR_PX - 3}"'
    digits = 0 if median >= 100 else 1 if median >= 10 else 2
    return [
        f'<rect x="{LEFT_PX}" y="{top + 1}" {size} fill="{colour}"/>',
        f'<path d="M{start:.1f} {middle}H{end:.1f}" stroke="#1c1f23"/>',
        f'<text x="{end + 5:.1f}" y="{middle + 4}">{median:.{digits}f}</text>',
    ]
