"""The engine: one short string that changes when any pixel may change."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import version
from typing import Final

from origin.decode.libvips import pyvips

PIPELINE_REVISION: Final = 3
"""Raised by hand with every change of geometry, levels, recipe, colour or encoder settings."""
AVIF_THREADS: Final = 1
"""AVIF bytes depend on the encoder's threads: libvips' concurrency, which origin.decode pins."""
CODECS: Final = ("pyvips-binary", "pillow-heif", "fontpkg-noto-sans", "fontpkg-noto-serif")
"""The packages whose code or data makes pixels: libvips with its codecs, HEIC, and the fonts."""
MACHINES: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def describe_engine() -> str:
    """Return e.g. ``v8.18.7-p1-x64-t1-3f9a0c21``: libvips, pipeline, machine, threads, codecs.

    The last part is the first 8 hex of the SHA-256 of the codecs' versions. Runs in a worker.
    """
    libvips = ".".join(str(pyvips.version(part)) for part in range(3))
    machine = MACHINES.get(platform.machine().lower(), platform.machine().lower()[:8])
    versions = "\n".join(f"{name} {version(name)}" for name in CODECS)
    codecs = hashlib.sha256(versions.encode()).hexdigest()[:8]
    return f"v{libvips}-p{PIPELINE_REVISION}-{machine}-t{AVIF_THREADS}-{codecs}"
