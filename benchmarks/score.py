"""SSIMULACRA2 of a preview against a reference that no contestant made."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tempfile
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, ImageOps

from benchmarks.install import CACHE, PINS, SSIMULACRA2

#: Judged before, by photo and digest.
SCORES = CACHE / "scores"


@lru_cache(maxsize=4)
def _upright(path: Path) -> Image.Image:
    """Return a photo upright in sRGB, decoded whole by Pillow."""
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path) as opened:
        profile = opened.info.get("icc_profile")
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        srgb = ImageCms.createProfile("sRGB")
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        done = ImageCms.profileToProfile(image, source, srgb, renderingIntent=intent, flags=flags)
        assert done is not None
        image = done
    return image


@lru_cache(maxsize=64)
def reference(path: Path, size_px: tuple[int, int]) -> bytes:
    """Return the photo at that size as PNG: decoded whole, Lanczos by Pillow, which none uses."""
    out = io.BytesIO()
    _upright(path).resize(size_px, Image.Resampling.LANCZOS).save(out, "png", compress_level=1)
    return out.getvalue()


def score(path: Path, preview: bytes) -> float:
    """Return SSIMULACRA2 of an encoded preview of a photo; 100 is equal, 90 cannot be seen.

    Equal bytes are judged once: a score takes longer than the picture, and sections share many.
    """
    digest = hashlib.sha256(preview).hexdigest()
    kept = SCORES / PINS["cargo"]["ssimulacra2_rs"] / f"{path.name}-{digest}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(str(_judged(path, preview)))
    return float(kept.read_text())


def _judged(path: Path, preview: bytes) -> float:
    from origin.decode.libvips import pyvips

    image = pyvips.Image.new_from_buffer(preview, "")
    size = image.width, image.height
    with tempfile.TemporaryDirectory() as folder:
        made, wanted = Path(folder) / "made.png", Path(folder) / "wanted.png"
        image.write_to_file(str(made), compression=1)
        wanted.write_bytes(reference(path, size))
        answer = subprocess.run(
            [str(SSIMULACRA2), "image", str(wanted), str(made)],
            capture_output=True,
            text=True,
            check=True,
        )
    return float(answer.stdout.split()[-1])


def size_and_score(made: Collection[tuple[Path, bytes]]) -> tuple[float, float]:
    """Return mean kB and mean SSIMULACRA2 of previews, each given with its photo."""
    scores = [score(path, preview) for path, preview in made]
    return sum(len(preview) for _, preview in made) / len(made) / 1_000, sum(scores) / len(made)
