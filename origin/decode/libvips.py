"""libvips, closed except for six loaders: ``from origin.decode.libvips import pyvips``.

Imported in worker processes only. Every bound here was measured on libvips 8.18:
``VIPS_BLOCK_UNTRUSTED`` leaves matrixload and uhdrload open and ``VipsSystem`` runs a shell, so
the whole class of loaders is closed and six are opened again.
"""

from __future__ import annotations

import os
from typing import Final

SIDE_PX_MAX: Final = 65_500
"""libvips refuses any image with a longer side; libjpeg's own limit."""

os.environ["VIPS_MAX_COORD"] = str(SIDE_PX_MAX)  # noqa: TID251 - libvips reads it once, as it loads

import pyvips  # noqa: E402 - only after the limit stands in the environment

VERSION_FLOOR: Final = (8, 18, 3)
"""About 60 bounds fixes in loaders; older system libraries must not be picked up by accident."""

LOADERS: Final = ("Jpeg", "Png", "Webp", "Heif", "Tiff", "Nsgif")


class LibvipsUnfit(Exception):
    """The libvips that was loaded is not one that may open untrusted files."""


def version() -> tuple[int, int, int]:
    """Return the version of the libvips that runs."""
    return pyvips.version(0), pyvips.version(1), pyvips.version(2)


def _close() -> None:
    if version() < VERSION_FLOOR:
        raise LibvipsUnfit(f"libvips {version()} is older than {VERSION_FLOOR}: reinstall pyvips")
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for name in LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", state=False)
    pyvips.operation_block_set("VipsSystem", state=True)
    pyvips.cache_set_max(0)  # the cache gives stale pixels when a file changes in place
    pyvips.concurrency_set(1)  # type: ignore[attr-defined]  # not in the stubs; one worker, one core: CPU is bounded, AVIF bytes do not vary


_close()

__all__ = ["LOADERS", "SIDE_PX_MAX", "VERSION_FLOOR", "LibvipsUnfit", "pyvips", "version"]
