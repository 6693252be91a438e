"""Every decision of a print in words: what was asked, what was chosen, why, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from origin.printing.plan import effective_dpi, finished_crop
from origin.printing.recipe import Recipe
from origin.values import ProfileStatus

Section = tuple[str, Sequence[str]]
UM_PER_MM = 1_000
FILLS = {
    "stretch": "its last row and column are repeated",
    "mirror": "it is mirrored",
    "colour": "the product's colour lies there",
}
INTENTS = {
    "relative": "relative colorimetric: colours that can be printed stay, others go to the rim",
    "perceptual": "perceptual: all colours give way a little, so that gradations stay",
    "absolute": "absolute colorimetric: the source's white is printed on the paper",
    "saturation": "saturation: vivid before true",
}
FORMATS = {
    "jpeg": "JPEG without chroma subsampling, sRGB profile inside",
    "cmyk-jpeg": "CMYK JPEG, Adobe marker and inverted numbers as Photoshop writes, profile inside",
    "tiff": "TIFF, deflate, profile inside",
    "pdfx4": "PDF/X-4: one page, the JPEG untouched in it, boxes from micrometres, output intent",
}


def explain(recipe: Recipe, checks: Sequence[Mapping[str, Any]]) -> list[Section]:
    """Return headings with their sentences."""
    return [
        ("Product", _product(recipe)),
        ("Geometry", _geometry(recipe)),
        ("Resolution", _resolution(recipe)),
        ("Bleed and safe area", _bleed(recipe)),
        ("Colour", _colour(recipe)),
        ("Elements", _elements(recipe)),
        ("File", [FORMATS[recipe.file_format], f"engine {recipe.engine}"]),
        ("Checks", [_check(check) for check in checks] or ["none yet"]),
    ]


def size_words(size_um: tuple[int, int]) -> str:
    """Return a sheet as people say it: 152 x 102 mm."""
    return " x ".join(f"{side / UM_PER_MM:g}" for side in size_um) + " mm"


def _product(recipe: Recipe) -> list[str]:
    return [
        f"{recipe.title} ({recipe.product}), {size_words(recipe.trim_um)} after cutting",
        f"photo {recipe.asset}, {recipe.photo.width_px} x {recipe.photo.height_px} px upright",
    ]


def _geometry(recipe: Recipe) -> list[str]:
    region, pose = finished_crop(recipe.photo, recipe.look, recipe.trim_um)
    crop = recipe.look.photo.crop
    asked = "the whole photo" if crop is None else f"crop {_shares(crop)}"
    width, height = float(region.width), float(region.height)
    x, y = (float(part) for part in region.centre)
    mirrored = ", then mirrored" if pose.flip else ""
    return [
        f"{asked}, trimmed to the sheet: {width:.1f} x {height:.1f} px about ({x:.1f}, {y:.1f})",
        f"turned {pose.turn}° and tilted {pose.tilt_mdeg / 1000:g}°, clockwise{mirrored}",
        "one affine from the untouched source, the same map as the preview's",
    ]


def _shares(crop: tuple[int, int, int, int]) -> str:
    x, y, width, height = (share / 1_000 for share in crop)
    return f"of {width:g} % x {height:g} % at {x:g} %, {y:g} %"


def _resolution(recipe: Recipe) -> list[str]:
    found: Fraction = effective_dpi(recipe.photo, recipe.look, recipe.trim_um)
    width, height = recipe.page_px
    verb = "enlarged" if found < recipe.dpi else "reduced"
    return [
        f"the crop has {float(found):.0f} px per inch of paper, {verb} to {recipe.dpi}",
        f"page of {width} x {height} px, bleed included",
    ]


def _bleed(recipe: Recipe) -> list[str]:
    bleed = f"{recipe.bleed_um / UM_PER_MM:g} mm of bleed on every side"
    return [
        f"{bleed}: the photo beyond the crop by the same map",
        f"where the photo ends, {FILLS[recipe.bleed_fill]}",
        f"safe area {recipe.safe_um / UM_PER_MM:g} mm inside the cut",
    ]


def _colour(recipe: Recipe) -> list[str]:
    found, colour = recipe.input_profile, recipe.colour
    meaning = {
        ProfileStatus.EMBEDDED: "the photo's own profile says what its numbers mean",
        ProfileStatus.ASSUMED: f"the photo has no profile: read as {found.name}",
        ProfileStatus.REJECTED: f"the photo's profile does not fit: read as {found.name}",
    }[found.status]
    sentences = [meaning]
    if found.is_unchanged:
        sentences.append("it is the product's own profile: the numbers are printed unchanged")
    else:
        bpc = "with" if colour.has_bpc else "without"
        sentences.append(f"to {colour.profile}, {INTENTS[colour.intent]}; {bpc} black point")
    sentences.append(f"output condition {colour.output_condition}")
    if colour.ink_limit_percent is not None:
        sentences.append(f"at most {colour.ink_limit_percent} % ink")
    return sentences


def _elements(recipe: Recipe) -> list[str]:
    look = recipe.look
    sentences = []
    if look.frame is not None:
        sentences.append(f"frame {look.frame.style}, colour #{look.frame.colour}")
    if look.caption is not None:
        lines = len(look.caption.text.splitlines())
        sentences.append(
            f"caption of {lines} lines in {look.caption.font}, drawn at print resolution"
        )
    return sentences or ["none"]


def _check(check: Mapping[str, Any]) -> str:
    mark = check["severity"] or "ok"
    return (
        f"{mark}  {check['code']}: {check['measured']:g} {check['unit']} "
        f"(limit {check['threshold']:g})  {check['words']}"
    )
