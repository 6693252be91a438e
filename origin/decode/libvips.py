"""libvips, closed except for six loaders: ``from origin.decode.libvips import pyvips``.

Imported in worker processes only. Every bound here was measured on libvips 8.18:
``VIPS_BLOCK_UNTRUSTED`` leaves matrixload and uhdrload open and ``VipsSystem`` runs a shell, so
the whole class of loaders is closed and six are opened again. What is open afterwards is looked at
in libvips itself: a process in which anything else is refuses to go on.
"""

from __future__ import annotations

import os
from typing import Any, Final

SIDE_PX_MAX: Final = 65_500
"""libvips refuses any image with a longer side; libjpeg's own limit."""

os.environ["VIPS_MAX_COORD"] = str(SIDE_PX_MAX)  # noqa: TID251 - libvips reads it once, as it loads

import pyvips  # noqa: E402 - only after the limit stands in the environment

VERSION_FLOOR: Final = (8, 18, 3)
"""About 60 bounds fixes in loaders; older system libraries must not be picked up by accident."""

LOADERS: Final = ("Jpeg", "Png", "Webp", "Heif", "Tiff", "Nsgif")
BLOCKED: Final = 1 << 5
"""VIPS_OPERATION_BLOCKED, libvips' operation.h."""


class LibvipsUnfit(Exception):
    """The libvips that was loaded is not one that may open untrusted files."""


def version() -> tuple[int, int, int]:
    """Return the version of the libvips that runs."""
    return pyvips.version(0), pyvips.version(1), pyvips.version(2)


def close() -> None:
    """Close all loaders but ours, the shell and the cache. Raises LibvipsUnfit."""
    if version() < VERSION_FLOOR:
        raise LibvipsUnfit(f"libvips {version()} is older than {VERSION_FLOOR}: reinstall pyvips")
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    for name in LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{name}", state=False)
    pyvips.operation_block_set("VipsSystem", state=True)
    pyvips.cache_set_max(0)  # the cache gives stale pixels when a file changes in place
    pyvips.concurrency_set(1)  # type: ignore[attr-defined]  # not in the stubs; one worker, one core: CPU is bounded, AVIF bytes do not vary


def refuse_open_doors() -> None:
    """Look at what libvips would still open or run; raises LibvipsUnfit for more than our six."""
    ours = tuple(f"VipsForeignLoad{name}" for name in LOADERS)
    doors = set(_open_operations("VipsForeignLoad")) | set(_open_operations("VipsSystem"))
    surplus = sorted(name for name in doors if not name.startswith(ours))
    if surplus:
        raise LibvipsUnfit(f"libvips could still open {', '.join(surplus)}")
    closed = [name for name in ours if not any(door.startswith(name) for door in doors)]
    if closed:
        raise LibvipsUnfit(f"this libvips lacks {', '.join(closed)}: reinstall pyvips-binary")


def _open_operations(base: str) -> list[str]:
    """Return the types of the operations of a class, itself included, that are not blocked."""
    libvips: Any = pyvips.vips_lib
    gobject: Any = pyvips.gobject_lib
    null: Any = pyvips.ffi.NULL
    found: list[str] = []

    def look(kind: Any, *_: Any) -> Any:
        nickname: Any = pyvips.nickname_find(kind)
        operation = libvips.vips_operation_new(nickname.encode())
        if operation != null:  # null: a class without operations of its own
            if not libvips.vips_operation_get_flags(operation) & BLOCKED:
                found.append(str(pyvips.type_name(kind)))
            gobject.g_object_unref(operation)
        pyvips.type_map(kind, look)
        return null

    look(pyvips.type_from_name(base))
    return found


close()
refuse_open_doors()

__all__ = [
    "LOADERS",
    "SIDE_PX_MAX",
    "VERSION_FLOOR",
    "LibvipsUnfit",
    "close",
    "pyvips",
    "refuse_open_doors",
    "version",
]
