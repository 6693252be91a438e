"""The sample set: which scene becomes which file, made once and kept."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from edgeproof.samples import balloons, baubles, city, dahlia, dunes, lake, sticker
from edgeproof.samples.canvas import Film, Pixels, Scene, develop
from edgeproof.samples.capture import Capture, Place, exif
from edgeproof.samples.icc import DISPLAY_P3, SRGB, Primaries, matrix_profile

REVISION: Final = 1  # raise it when a scene or a file changes: the set is then made anew
MANIFEST: Final = ".samples.json"
SEED: Final = 7
JPEG_QUALITY: Final = 92  # a camera's "fine"
PAINTED_PX: Final = 6_500_000  # larger photos are painted smaller; texture and grain stay per px

PROCESSES: Final = min(2, os.cpu_count() or 1)  # more would need more than 2 GB

PAINTERS: Final[dict[str, Callable[[int, int, int], Scene]]] = {
    "lake": lake.paint,
    "dunes": dunes.paint,
    "baubles": baubles.paint,
    "dahlia": dahlia.paint,
    "city": city.paint,
    "balloons": balloons.paint,
}
FILMS: Final = {
    "lake": Film(exposure=1.25),
    "dunes": Film(vignette=0.25),
    "baubles": Film(exposure=1.15, vignette=0.45),
    "dahlia": Film(exposure=1.25, vignette=0.45),
    "city": Film(exposure=1.8, grain=0.018),
    "balloons": Film(exposure=1.1, contrast=1.55),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the set. Sides are upright px, before ``capture.orientation`` turns them away."""

    scene: str
    file: str
    width_px: int
    height_px: int
    profile: Primaries | None = None
    capture: Capture | None = None
    is_cmyk: bool = False


SAMPLES: Final = (
    Sample(
        "lake",
        "lake-at-dusk.jpg",
        4032,
        3024,
        SRGB,
        Capture("2026:09:18 19:42:07", 24, 8.0, (1, 30), 100, place=Place(47.5561, 12.9764, 604.0)),
    ),
    Sample(
        "dahlia",
        "dahlia.jpg",
        3000,
        4000,
        SRGB,
        Capture("2026:08:30 10:15:44", 90, 2.8, (1, 250), 200, orientation=6),
    ),
    Sample(
        "baubles",
        "baubles-display-p3.jpg",
        4200,
        2800,
        DISPLAY_P3,
        Capture("2026:12:06 17:03:20", 50, 1.8, (1, 60), 400),
    ),
    Sample(
        "dunes",
        "dunes-24mp.jpg",
        6000,
        4000,
        SRGB,
        Capture("2026:02:11 07:21:38", 35, 11.0, (1, 320), 100),
    ),
    Sample("city", "city-at-night.jpg", 4032, 3024),
    Sample("balloons", "balloons-cmyk.jpg", 4000, 3000, is_cmyk=True),
    Sample("sticker", "sticker.png", 2000, 2000, SRGB),
)


def make_scene(
    name: str, width_px: int, height_px: int, seed: int = SEED, *, grain: float | None = None
) -> Pixels:
    """Return a scene as ``(h, w, 3) uint8`` pixels; the same arguments give the same picture.

    name: a key of PAINTERS. Sides: 64..20,000 px. grain: deviation of the noise at mid grey as a
    share of full scale, 0..0.1; None takes the scene's own (0.012 to 0.018), a phone at night has 0.05.
    """
    factor = max(1, math.ceil(math.sqrt(width_px * height_px / PAINTED_PX)))
    usual = FILMS[name]
    film = Film(
        usual.exposure,
        usual.grain if grain is None else grain,
        usual.vignette,
        usual.contrast,
        factor,
    )
    scene = PAINTERS[name](-(-width_px // factor), -(-height_px // factor), seed)
    return develop(scene, width_px, height_px, film, seed)


def make_samples(
    folder: Path,
    progress: Callable[[str], None],
    *,
    samples: Sequence[Sample] = SAMPLES,
    processes: int = PROCESSES,
) -> list[Path]:
    """Return the sample photos in ``folder``; make those that are not there.

    The set costs some 20 s of processor time; ``processes`` scenes are painted at once, each in a
    spawned process that needs up to 1 GB. ``progress`` gets one short sentence per file that is
    made. A file is written whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / sample.file for sample in samples]
    if not _is_current(folder):
        for path in paths:
            path.unlink(missing_ok=True)
        (folder / MANIFEST).write_text(json.dumps({"revision": REVISION}))
    missing = [(s, p) for s, p in zip(samples, paths, strict=True) if not p.exists()]
    if missing:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            for path in pool.map(make_file, *zip(*missing, strict=True)):
                progress(f"made {path.name}")
    return paths


def _is_current(folder: Path) -> bool:
    try:
        return json.loads((folder / MANIFEST).read_text()) == {"revision": REVISION}
    except (FileNotFoundError, ValueError):
        return False


def make_file(sample: Sample, path: Path) -> Path:
    """Write one sample photo, whole or not at all; return its path."""
    cv2.setNumThreads(1)
    unfinished = path.with_name(f".{path.name}.part")
    if sample.scene == "sticker":
        picture = Image.fromarray(sticker.paint(sample.width_px, SEED))
    else:
        picture = _stored(sample, make_scene(sample.scene, sample.width_px, sample.height_px))
    icc = matrix_profile(sample.profile) if sample.profile else None
    block = exif(sample.capture) if sample.capture else b""
    with unfinished.open("wb") as file:
        if path.suffix == ".png":
            picture.save(file, "PNG", icc_profile=icc, compress_level=3)
        else:
            picture.save(
                file, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0", icc_profile=icc, exif=block
            )
        file.flush()
        os.fsync(file.fileno())
    return unfinished.replace(path)


def _stored(sample: Sample, pixels: Pixels) -> Image.Image:
    """Return the pixels as the file holds them: turned away by the orientation, or as inks."""
    if sample.is_cmyk:
        return Image.fromarray(_inks(pixels), "CMYK")
    if sample.capture and sample.capture.orientation == 6:
        return Image.fromarray(np.ascontiguousarray(np.rot90(pixels)))
    return Image.fromarray(pixels)


def _inks(pixels: Pixels) -> Pixels:
    """Return cyan, magenta, yellow and black by plain grey replacement, 0 = no ink: an untagged scan."""
    lack = 255 - pixels.astype(np.int16)
    grey = lack.min(axis=2)
    black = np.clip((grey - 60) * 255 // 195, 0, 235).astype(np.int16)
    colour = np.clip(lack - (black * 7 // 10)[..., None], 0, 255)
    return np.dstack([colour, black]).astype(np.uint8)
