"""Encoders: bytes, looks and CPU at three sizes; the table behind docs/adr/0004-encoders.md."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.photos import phones
from benchmarks.rounds import each_round, spread
from benchmarks.score import size_and_score
from benchmarks.section import Plot, Section, Table

NAME = "encoders"
WIDTHS_PX = (320, 640, 1280)
CHOSEN = {"JPEG 80, optimised", "WebP 85, effort 2", "AVIF 65, effort 0", "AVIF 65, effort 3"}

METHOD = """\
The three camera photos, resized from the original and encoded in one thread; means of the photos,
CPU is the median of the rounds. **Bold** is what edgeproof uses; AVIF effort 3 only for what is
made ahead. Quality is the encoder's own number at our default q."""


def _settings() -> dict[str, Callable[[Any], bytes]]:
    def jpeg(**options: object) -> Callable[[Any], bytes]:
        return lambda image: image.jpegsave_buffer(Q=80, quant_table=3, keep=0, **options)

    def webp(effort: int) -> Callable[[Any], bytes]:
        return lambda image: image.webpsave_buffer(Q=85, effort=effort, keep=0)

    def avif(effort: int) -> Callable[[Any], bytes]:
        return lambda image: image.heifsave_buffer(
            compression="av1", Q=65, effort=effort, bitdepth=8, keep=0
        )

    return {
        "JPEG 80": jpeg(),
        "JPEG 80, optimised": jpeg(optimize_coding=True),
        "JPEG 80, optimised, progressive": jpeg(optimize_coding=True, interlace=True),
        "WebP 85, effort 0": webp(0),
        "WebP 85, effort 2": webp(2),
        "WebP 85, effort 4": webp(4),
        "AVIF 65, effort 0": avif(0),
        "AVIF 65, effort 1": avif(1),
        "AVIF 65, effort 3": avif(3),
    }


def measure(rounds: int) -> Section:
    """Encode everything so many times."""
    from origin.decode.libvips import pyvips

    cells = {}
    for width_px in WIDTHS_PX:
        for original in phones():
            whole = pyvips.Image.new_from_file(str(original.path)).autorot()
            small = whole.resize(width_px / whole.width, kernel="cubic").copy_memory()
            cells[width_px, original] = small
    times: dict[tuple[int, str], list[float]] = defaultdict(list)
    for number in each_round(rounds):
        for width_px in WIDTHS_PX:
            images = [image for (px, _), image in cells.items() if px == width_px]
            for name in list(_settings())[:: -1 if number % 2 else 1]:
                encode = _settings()[name]
                spent_ms = [_cpu_ms(encode, image) for image in images]
                times[width_px, name].append(sum(spent_ms) / len(spent_ms))
    rows, groups = [], {}
    for name in _settings():
        groups[name] = [spread(times[width_px, name]).bar() for width_px in WIDTHS_PX]
    for width_px in WIDTHS_PX:
        for name, encode in _settings().items():
            made = [(o.path, encode(image)) for (px, o), image in cells.items() if px == width_px]
            size_kb, looks = size_and_score(made)
            shown = f"**{name}**" if name in CHOSEN else name
            cpu = spread(times[width_px, name]).text()
            rows.append([str(width_px), shown, f"{size_kb:.1f}", f"{looks:.1f}", cpu])
    section = Section(NAME, "Encoders", METHOD, rounds=rounds)
    head = ["px", "encoder", "kB", "SSIMULACRA2", "CPU ms (min to max)"]
    section.tables.append(Table(head, rows))
    series = [f"{width_px} px" for width_px in WIDTHS_PX]
    section.plots.append(Plot("benchmark-encoders", "Encoders", "CPU ms a picture", series, groups))
    return section


def _cpu_ms(encode: Callable[[Any], bytes], image: object) -> float:
    started = time.process_time()
    encode(image)
    return 1_000 * (time.process_time() - started)
