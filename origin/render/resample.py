"""Two ways to make output px: the exact affine with its box, and the fast whole-photo resize."""

from __future__ import annotations

from origin.decode.libvips import pyvips
from origin.decode.upright import SIDEWAYS, upright
from origin.render.opening import orientation_of
from origin.render.plan import Plan

KERNEL = "cubic"
"""Nearest to the box; lanczos3 darkens by 0.17 level (measured)."""


def stand_upright(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Turn a source's pixels as its EXIF orientation says; a master is upright already."""
    return upright(image, orientation_of(plan))


def transform(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Map the upright window exactly, n samples per output px and axis; its edge is repeated."""
    exact = plan.sampling
    assert exact is not None
    width, height = plan.view.width_px * exact.n, plan.view.height_px * exact.n
    return image.affine(
        list(exact.matrix),
        interpolate=pyvips.Interpolate.new(exact.interpolator),
        odx=exact.odx,
        ody=exact.ody,
        oarea=[0, 0, width, height],
        extend="copy",
    )


def average(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Average n x n samples into one px without bias.

    libvips' own shrink of 8 bit truncates and is off by up to 2/3 of a level, so it is done in 16
    bit or float and rounded.
    """
    assert plan.sampling is not None
    n = plan.sampling.n
    if n == 1:
        return image
    if image.format == "uchar":
        fine = image.cast("ushort") << 8
        return fine.shrink(n, n).linear([1 / 256], [0.5], uchar=True)
    fine = image.cast("float").shrink(n, n)
    return fine if image.format in ("float", "double") else fine.rint().cast(image.format)


def resize(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Resize the whole raster, as it is stored, to the unturned frame; each axis by its factor."""
    view = plan.view
    size = view.width_px, view.height_px
    is_stored_sideways = orientation_of(plan) in SIDEWAYS
    if view.pose.is_sideways != is_stored_sideways:
        size = size[1], size[0]
    return resized(image, size)


def resized(image: pyvips.Image, size_px: tuple[int, int]) -> pyvips.Image:
    """Return a whole image at exactly that size: px i of it is centred on (i + ½)·factor - ½.

    gap 0 keeps libvips from shrinking 8 bit by whole numbers first, which is biased by up to 0.7
    level and shifts by 0.003 px; it costs no more. An axis that grows (a master's side may be a few
    px short of the picture's) is done by affine: libvips' resize would shift it by half a px. All
    measured on libvips 8.18.
    """
    width, height = size_px
    across, down = min(1, width / image.width), min(1, height / image.height)
    if across < 1 or down < 1:
        image = image.resize(across, vscale=down, kernel=KERNEL, gap=0)
    if (image.width, image.height) == size_px:
        return image
    across, down = width / image.width, height / image.height
    return image.affine(
        [across, 0, 0, down],
        interpolate=pyvips.Interpolate.new("bicubic"),
        odx=(across - 1) / 2,
        ody=(down - 1) / 2,
        oarea=[0, 0, width, height],
        extend="copy",
    )


def turn(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Turn and flip the resized photo, exactly."""
    pose = plan.view.pose
    if pose.turn or pose.flip:
        image = image.copy_memory()
    match pose.turn:
        case 90:
            image = image.rot90()
        case 180:
            image = image.rot180()
        case 270:
            image = image.rot270()
    if "h" in pose.flip:
        image = image.fliphor()
    return image.flipver() if "v" in pose.flip else image
