"""What the fuzzers start from: small files of every format, of our own making and of the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: Larger files only slow a fuzzer down.
SEED_BYTES_MAX: Final = 60_000
SUFFIXES: Final = (".jpg", ".png", ".webp", ".gif", ".tif", ".avif")


def own_seeds() -> list[bytes]:
    """Return small pictures that libvips writes, of every format that it can write."""
    from origin.decode.libvips import pyvips

    grey = pyvips.Image.gaussnoise(48, 40, mean=128, sigma=40, seed=7).cast("uchar")
    colour = grey.bandjoin(grey.rot180()).bandjoin(grey.flip("vertical"))
    colour = colour.copy(interpretation="srgb")
    seeds = [bytes(colour.write_to_buffer(suffix)) for suffix in SUFFIXES]
    seeds.append(bytes(colour.jpegsave_buffer(interlace=True, optimize_coding=True)))
    seeds.append(bytes(colour.pngsave_buffer(interlace=True)))
    seeds.append(bytes(grey.tiffsave_buffer(tile=True, pyramid=True, compression="deflate")))
    return seeds


def corpus_seeds(corpus: Path, count: int) -> list[bytes]:
    """Return every n-th of the corpus' small files, in a fixed order; none without a corpus."""
    files = [
        path
        for path in sorted(corpus.rglob("*"))
        if path.is_file() and 0 < path.stat().st_size <= SEED_BYTES_MAX
    ]
    step = max(1, len(files) // count)
    return [path.read_bytes() for path in files[::step]]
