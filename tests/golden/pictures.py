"""A set of pictures that between them take every path of the renderer, and their digests.

``python -m tests.golden.pictures FOLDER`` prints them as JSON; ``… FOLDER digests.json`` keeps
them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blake3 import blake3

from cache_keys.design import DesignLook, PhotoLook
from cache_keys.presets import Look
from origin.render.engine import describe_engine
from tests.images.photos import photo_jpeg
from tests.images.rendering import Kept

SIDES_PX = (2881, 1921)
CROP = (20_000, 30_000, 50_000, 40_000)
TILTED = DesignLook(PhotoLook("a", CROP, 90, 2_500))
LOOKS: dict[str, dict[str, Any]] = {
    "whole photo": {"w": 320},
    "whole photo from the source": {"w": 1920, "h": 160, "fit": "fill"},
    "crop": {"w": 480, "crop": CROP},
    "crop from the source": {"w": 640, "crop": (40_000, 40_000, 15_000, 15_000), "flip": "h"},
    "cover": {"w": 240, "h": 240, "fit": "cover", "g": "ne"},
    "contain": {"w": 240, "h": 240, "fit": "contain", "bg": "204060", "turn": 90},
    "tilt": {"w": 320, "crop": CROP, "turn": 90, "design": TILTED},
}
EXTS = ("avif", "webp", "jpg", "png")


def digests(folder: Path, names: Iterable[str] = LOOKS) -> dict[str, str]:
    """Return the BLAKE3 of the photo (made when absent), its masters and looks in every format."""
    path = folder / "photo.jpg"
    if not path.exists():
        path.write_bytes(photo_jpeg(*SIDES_PX, seed=11))
    kept = Kept(path)
    found = {"photo": path.read_bytes()}
    found |= {f"master {level}": master for level, master in kept.masters.levels.items()}
    for name in names:
        look = LOOKS[name]
        is_from_source = kept.plan(Look(ext="png", **look)).level is None
        assert is_from_source == name.endswith("from the source"), name
        for ext in EXTS:
            found[f"{name} {ext}"] = kept.render(Look(ext=ext, **look)).content
    return {name: blake3(value).hexdigest() for name, value in found.items()}


def report(folder: Path, names: Iterable[str] = LOOKS) -> str:
    """Return the engine and the digests as JSON."""
    found = {"engine": describe_engine(), "digests": digests(folder, names)}
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    text = report(Path(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text)
    else:
        sys.stdout.write(text)
