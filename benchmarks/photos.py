"""The photos: real ones of the corpus, and larger or other files made of them, named as such."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.install import CACHE

ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("EDGEPROOF_CORPUS", str(ROOT / "../shared/corpus"))).resolve()
#: Camera JPEGs, baseline 4:2:0, of three makers.
PHONES = ("phone_12mp.jpg", "HMD_Nokia_8.3_5G.jpg", "iphone_hdr_NO.jpg")
HEICS = ("iphone_13_pro_max.HEIC", "IMG_5195.HEIC")
#: Where the made ones and the copies of the corpus' are, so that every peer reads one folder.
FOLDER = CACHE / "photos"


@dataclass(frozen=True, slots=True)
class Original:
    """One photo as every contestant gets it. ``kind`` says what it is, in words of the page."""

    path: Path
    kind: str

    @property
    def name(self) -> str:
        """Return the file's name."""
        return self.path.name


def phones() -> list[Original]:
    """Return the camera JPEGs."""
    return [_copied(name, "camera JPEG") for name in PHONES]


def others() -> list[Original]:
    """Return the originals that are dear to decode."""
    phone = _copied(PHONES[0], "camera JPEG").path
    return [
        _made("mosaic_24mp.jpg", "24 MP JPEG, a mosaic of two camera photos", phone, _mosaic_24),
        _made("noisy_50mp.jpg", "50 MP JPEG, four camera photos with noise of our own", phone, _50),
        _made("progressive_12mp.jpg", "12 MP progressive JPEG of a camera photo", phone, _slow),
        _made("phone_12mp.png", "12 MP PNG of a camera photo", phone, _png),
        *(_copied(name, f"camera HEIC ({name})") for name in HEICS),
    ]


def _copied(name: str, kind: str) -> Original:
    FOLDER.mkdir(parents=True, exist_ok=True)
    source, target = CORPUS / "photos" / name, FOLDER / name
    if not source.is_file():
        raise SystemExit(f"no corpus of photos: EDGEPROOF_CORPUS={CORPUS}")
    if not target.exists():
        target.write_bytes(source.read_bytes())
    return Original(target, kind)


def _made(name: str, kind: str, source: Path, make: object) -> Original:
    target = FOLDER / name
    if not target.exists():
        part = target.with_name(f"part-{name}")
        make(source, part)  # type: ignore[operator] # one of the functions below
        part.rename(target)
    return Original(target, kind)


def _mosaic_24(source: Path, target: Path) -> None:
    from origin.decode.libvips import pyvips

    photo = pyvips.Image.new_from_file(str(source)).copy_memory()
    photo.join(photo.fliphor(), "horizontal").jpegsave(str(target), Q=92)


def _50(source: Path, target: Path) -> None:
    from origin.decode.libvips import pyvips

    photo = pyvips.Image.new_from_file(str(source)).copy_memory()
    row = photo.join(photo.fliphor(), "horizontal")
    whole = row.join(row.flipver(), "vertical").copy_memory()
    grain = np.random.default_rng(1).normal(0, 5, (whole.height, whole.width)).astype("float32")
    noisy = whole + pyvips.Image.new_from_array(grain)
    noisy.rint().cast("uchar").copy(interpretation="srgb").jpegsave(str(target), Q=92)


def _slow(source: Path, target: Path) -> None:
    from origin.decode.libvips import pyvips

    pyvips.Image.new_from_file(str(source)).jpegsave(str(target), Q=92, interlace=True)


def _png(source: Path, target: Path) -> None:
    from origin.decode.libvips import pyvips

    pyvips.Image.new_from_file(str(source)).pngsave(str(target))
