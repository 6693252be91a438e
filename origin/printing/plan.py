"""Where the photo lies on the page: the recipe's geometry in the words of the renderer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Final

from cache_keys.design_look import DesignLook
from cache_keys.presets import Look
from origin.printing.recipe import Recipe
from origin.render import geometry
from origin.render.geometry import Pose, Region, View
from origin.render.levels import density_squared
from origin.render.plan import Plan, Rights, plan
from origin.render.recipe import Sampling, load_shrink, sampling
from origin.values import Photo

PAPER: Final = "ffffff"


def finished_crop(photo: Photo, look: DesignLook, trim_um: tuple[int, int]) -> tuple[Region, Pose]:
    """Return the crop as it is after trimming, in px of the upright source, and how it is turned.

    Raises DesignError 422 "print.aspect", "design.crop_outside".
    """
    sides = photo.width_px, photo.height_px
    pose = Pose(look.photo.turn, look.photo.tilt_mdeg, look.photo.flip)
    region = geometry.crop_region(sides, look.photo.crop)
    region = geometry.trim_to_sheet(region, pose, trim_um)
    if pose.tilt_mdeg:
        geometry.require_inside(region, pose, sides)
    return region, pose


def page_view(recipe: Recipe) -> View:
    """Return the page's view of the source: trim and bleed by one map."""
    region, pose = finished_crop(recipe.photo, recipe.look, recipe.trim_um)
    return geometry.page_view(region, pose, recipe.trim_um, recipe.bleed_um, recipe.dpi)


def plan_page(recipe: Recipe) -> Plan:
    """Return the plan of the page, always from the source."""
    photo, view = recipe.photo, page_view(recipe)
    shrink, exact = _from_source(photo, view)
    return Plan(
        photo=photo,
        ext="",
        level=None,
        shrink=shrink,
        view=view,
        sampling=exact,
        canvas=None,
        background=PAPER,
        keeps_alpha=False,
        quality=recipe.jpeg_quality,
    )


def plan_proof(
    photo: Photo,
    look: Look,
    focus: tuple[int, int] | None = None,
    rights: Rights | None = None,
) -> Plan:
    """Return the plan of a look's soft proof: the preview's geometry, but made as prints are.

    That is from the source and by the exact affine, on paper, so nothing stays transparent.
    Raises DesignError 422 "design.crop_outside", "print.aspect".
    """
    preview = plan(photo, look, focus, rights)
    shrink, exact = _from_source(photo, preview.view)
    return replace(preview, level=None, shrink=shrink, sampling=exact, keeps_alpha=False)


def _from_source(photo: Photo, view: View) -> tuple[int, Sampling]:
    """Return the shrink-on-load and the affine that make a view from the source."""
    sides = photo.width_px, photo.height_px
    shrink = 1
    if photo.format == "jpeg":
        one = Fraction(1)
        shrink = load_shrink(density_squared(view.matrix, (one, one)), sides)
    return shrink, sampling(view, sides, (sides[0] // shrink, sides[1] // shrink))


def um_per_px(recipe: Recipe, view: View) -> tuple[Fraction, Fraction]:
    """Return µm of the design's sheet per page px, per axis; of the trim where it has no sheet."""
    width, height = recipe.look.sheet_um or recipe.trim_um
    return width / view.frame[0], height / view.frame[1]


def effective_dpi(photo: Photo, look: DesignLook, trim_um: tuple[int, int]) -> Fraction:
    """Return crop px per trim inch, of the axis that has fewer."""
    region, pose = finished_crop(photo, look, trim_um)
    width, height = pose.sides(region)
    return min(width * 25_400 / trim_um[0], height * 25_400 / trim_um[1])
