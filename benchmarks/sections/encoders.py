"""Encoders: bytes, looks and CPU at three sizes; the table behind docs/adr/0004-encoders.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.photos import phones
from benchmarks.rounds import spread
from benchmarks.score import score
from benchmarks.section import Section, Table

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

    rows = []
    for width_px in WIDTHS_PX:
        images = {}
        for original in phones():
            whole = pyvips.Image.new_from_file(str(original.path)).autorot()
            images[original] = whole.resize(width_px / whole.width, kernel="cubic").copy_memory()
        for name, encode in _settings().items():
            sizes, scores, times = [], [], []
            for original, image in images.items():
                content = encode(image)
                sizes.append(len(content))
                scores.append(score(original.path, content))
                times.append([_cpu_ms(encode, image) for _ in range(rounds)])
            cpu = spread(sum(each) / len(each) for each in zip(*times, strict=True))
            shown = f"**{name}**" if name in CHOSEN else name
            mean_kb = sum(sizes) / len(sizes) / 1_000
            mean_score = sum(scores) / len(scores)
            rows.append([str(width_px), shown, f"{mean_kb:.1f}", f"{mean_score:.1f}", cpu.text()])
    section = Section(NAME, "Encoders", METHOD, rounds=rounds)
    section.tables.append(Table(["px", "encoder", "kB", "SSIMULACRA2", "CPU ms"], rows))
    return section


def _cpu_ms(encode: Callable[[Any], bytes], image: object) -> float:
    started = time.process_time()
    encode(image)
    return 1_000 * (time.process_time() - started)
