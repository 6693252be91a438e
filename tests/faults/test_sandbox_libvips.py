"""A worker whose libvips could open more than six formats, or run a shell, does not start."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.errors import RenderFailed

pytestmark = pytest.mark.anyio


def _opened(name: str) -> None:
    from origin.decode.libvips import pyvips, refuse_open_doors

    pyvips.operation_block_set(name, state=False)
    refuse_open_doors()


def with_matrices() -> None:
    _opened("VipsForeignLoadMatrix")


def with_gain_maps() -> None:
    _opened("VipsForeignLoadUhdr")


def with_a_shell() -> None:
    _opened("VipsSystem")


def without_jpeg() -> None:
    from origin.decode.libvips import pyvips, refuse_open_doors

    pyvips.operation_block_set("VipsForeignLoadJpeg", state=True)
    refuse_open_doors()


def with_an_old_libvips() -> None:
    import pyvips

    def old(flag: int) -> int:
        return (8, 18, 2)[flag]

    pyvips.version = old
    import origin.decode.libvips  # noqa: F401


def as_it_is() -> None:
    from origin.decode.libvips import refuse_open_doors

    refuse_open_doors()


@pytest.mark.parametrize(
    ("warm", "words"),
    [
        (with_matrices, "VipsForeignLoadMatrixFile"),
        (with_gain_maps, "VipsForeignLoadUhdr"),
        (with_a_shell, "VipsSystem"),
        (without_jpeg, "lacks VipsForeignLoadJpeg"),
        (with_an_old_libvips, "older than"),
    ],
)
async def test_a_worker_that_could_open_more_does_not_start(
    warm: Callable[[], None], words: str
) -> None:
    with pytest.raises(RenderFailed, match=r"workers\.unavailable") as caught:
        await WorkerPool(1, limits=WorkerLimits(), warm=warm).start()
    assert words in caught.value.log


async def test_the_worker_as_it_is_starts() -> None:
    pool = WorkerPool(1, limits=WorkerLimits(), warm=as_it_is)
    await pool.start()
    await pool.close(timeout_s=5)
