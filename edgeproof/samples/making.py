"""The sample set: which scene becomes which file, made once and kept."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from edgeproof.samples import balloons, baubles, city, dahlia, dunes, lake, sticker
from edgeproof.samples.canvas import Film, Pixels, Scene, develop
from edgeproof.samples.capture import exif
from edgeproof.samples.catalogue import QUICK, SAMPLES, Sample
from edgeproof.samples.icc import matrix_profile

REVISION: Final = 2  # raise it when a scene or a file changes: the set is then made anew
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


def make_scene(
    name: str, width_px: int, height_px: int, seed: int = SEED, *, grain: float | None = None
) -> Pixels:
    """Return a scene as ``(h, w, 3) uint8`` pixels; the same arguments give the same picture.

    name: a key of PAINTERS. Sides: 64..20,000 px. grain: deviation of the noise in the
    shadows, 0..0.1 of full scale; None takes the scene's own (0.012 to 0.018); a phone at night has
    0.05.
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

    The whole set costs some 25 s of processor time; ``processes`` scenes are painted at once, each
    in a spawned process that needs up to 1 GB. ``progress`` gets the name of each file that was
    made. A file is written whole or not at all.
    """
    paths = [folder / sample.file for sample in samples]
    if missing := lacking(folder, samples):
        tasks = [folder / sample.file for sample in missing]
        with ProcessPoolExecutor(processes, get_context("spawn"), _leave_signals) as pool:
            for path in pool.map(make_file, missing, tasks):
                progress(path.name)
    return paths


def lacking(folder: Path, samples: Sequence[Sample] = SAMPLES) -> list[Sample]:
    """Return those that are not in the folder; files of an older revision are removed first."""
    folder.mkdir(parents=True, exist_ok=True)
    if not _is_current(folder):
        for sample in (*SAMPLES, *QUICK):
            (folder / sample.file).unlink(missing_ok=True)
        (folder / MANIFEST).write_text(json.dumps({"revision": REVISION}))
    return [sample for sample in samples if not (folder / sample.file).exists()]


def _is_current(folder: Path) -> bool:
    try:
        known: object = json.loads((folder / MANIFEST).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return known == {"revision": REVISION}


def _leave_signals() -> None:
    """Let Ctrl-C end the process that waits for the photos; the painters end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


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
    """Return C, M, Y, K by plain grey replacement, 0 = no ink: an untagged scan."""
    lack = 255 - pixels.astype(np.int16)
    grey = lack.min(axis=2)
    black = np.clip((grey - 60) * 255 // 195, 0, 235).astype(np.int16)
    colour = np.clip(lack - (black * 7 // 10)[..., None], 0, 255)
    return np.dstack([colour, black]).astype(np.uint8)
