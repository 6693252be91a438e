"""What a worker does before its first job, so that no request pays for it."""

from __future__ import annotations


def nothing() -> None:
    """Import nothing beforehand."""


def warm_libvips() -> None:
    """Load libvips with its loaders closed and run one small resize through it."""
    from origin.decode.libvips import pyvips  # only workers may load it

    pyvips.Image.black(16, 16, bands=3).resize(0.5).jpegsave_buffer()
