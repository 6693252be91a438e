"""The photos under load: scenes of our own painters, and what each preview of one must show."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

REVISION: Final = 1
WIDTH_PX, HEIGHT_PX = 1600, 1200
SCENES: Final = ("city", "baubles", "dunes", "lake")
#: Painted larger than a photo, so that each photo is another part of it.
SCENE_PX: Final = (2000, 1500)
#: Each photo has a light of its own on a coarse grid: no two have the same small picture.
LIGHT_CELLS: Final = (4, 3)
LIGHT: Final = (0.55, 1.45)
JPEG_QUALITY: Final = 90
LOOK_PX: Final = 16


def make_photos(folder: Path, count: int, progress: Callable[[], None]) -> list[Path]:
    """Return so many JPEG files of 1600 x 1200 px in a folder; make those that are not there."""
    paths = [folder / f"photo-{REVISION}-{number:03}.jpg" for number in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        if not path.exists():
            _write(path, number)
        progress()
    return paths


def _write(path: Path, number: int) -> None:
    chance = random.Random(f"photo/{number}")  # noqa: S311 - no secret
    scene = _scene(SCENES[number % len(SCENES)])
    left = chance.randint(0, SCENE_PX[0] - WIDTH_PX)
    top = chance.randint(0, SCENE_PX[1] - HEIGHT_PX)
    part = scene.crop((left, top, left + WIDTH_PX, top + HEIGHT_PX))
    if chance.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    cells = np.array(
        [
            [[chance.uniform(*LIGHT) for _ in "rgb"] for _ in range(LIGHT_CELLS[0])]
            for _ in range(LIGHT_CELLS[1])
        ]
    )
    levels = Image.fromarray((cells * 100).astype(np.uint8))
    light = np.asarray(levels.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)) / 100.0
    lit = np.clip(np.asarray(part) * light + 10 * light, 0, 255).astype(np.uint8)
    unfinished = path.with_suffix(".part")
    Image.fromarray(lit).save(unfinished, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    unfinished.replace(path)


@lru_cache(maxsize=len(SCENES))
def _scene(name: str) -> Image.Image:
    from edgeproof.samples.making import make_scene

    return Image.fromarray(make_scene(name, *SCENE_PX))


@cache
def _source(file: str) -> Image.Image:
    with Image.open(file) as opened:
        return opened.convert("RGB")


def look_of(picture: Image.Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return a picture as ``(16, 16, 3)`` floats 0..255: enough to tell any two photos apart."""
    small = picture.convert("RGB").resize((LOOK_PX, LOOK_PX), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


@lru_cache(maxsize=100_000)
def expected_look(
    file: str, box: tuple[float, float, float, float], turn: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the look of a part of a source, box in px, turned clockwise by whole quarters."""
    part = _source(file).resize((4 * LOOK_PX, 4 * LOOK_PX), Image.Resampling.BOX, box=box)
    return look_of(part.rotate(-turn))
