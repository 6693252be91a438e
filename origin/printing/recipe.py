"""The recipe: everything that a print's bytes depend on, as one canonical document.

Same recipe, same bytes. It is RFC 8785 JSON of strings and integers, names its schema, and is kept
beside the file, so that the print can be made again and compared years later.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import rfc8785
from blake3 import blake3

from cache_keys.design import canonical_json, read_design
from cache_keys.design_look import DesignLook
from cache_keys.errors import DesignError
from cache_keys.ids import hash_text
from origin.errors import BadDocument
from origin.printing.product import Colour, Product
from origin.values import Photo, ProfileStatus

SCHEMA: Final = 1
CONTEXT: Final = b"edgeproof-print-1\n"
RESAMPLING: Final = "affine-box-1"
"""The one affine of docs/urls.md, Geometry, with its table of kernels and boxes, gamma light."""
SUBSAMPLING: Final = "4:4:4"
SLOT: Final = "front"
"""Single-page products have one slot."""


@dataclass(frozen=True, slots=True)
class InputProfile:
    """What the source's numbers mean, and how that was decided.

    status: embedded (the photo's own), assumed (it had none) or rejected (its own did not fit).
    name: of the registry; "" for an embedded one. sha256: hex of the profile's bytes.
    is_unchanged: a CMYK source in the product's own profile: its numbers are printed as they are.
    """

    status: ProfileStatus
    name: str
    sha256: str
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """One print, completely decided. Lengths in µm, as the sheet lies.

    page_px: width and height of the raster, bleed included, at ``dpi``; boxes come from the
    lengths, never from it.
    """

    engine: str
    asset: str
    source_digest: str
    photo: Photo
    look: DesignLook
    product: str  # name~version
    title: str
    slot: str
    dated_s: int  # Unix time that the file says it is of: when the photo came in
    trim_um: tuple[int, int]
    bleed_um: int
    safe_um: int
    dpi: int
    page_px: tuple[int, int]
    bleed_fill: str
    fill_colour: str
    input_profile: InputProfile
    colour: Colour
    file_format: Literal["jpeg", "tiff", "cmyk-jpeg", "pdfx4"]
    jpeg_quality: int
    subsampling: str = SUBSAMPLING
    resampling: str = RESAMPLING
    schema: int = SCHEMA


def recipe_json(recipe: Recipe) -> bytes:
    """Return the canonical document of a recipe."""
    body: dict[str, Any] = asdict(recipe)
    body["look"] = json.loads(canonical_json(recipe.look))
    body["photo"]["profile_status"] = recipe.photo.profile_status.value
    body["input_profile"]["status"] = recipe.input_profile.status.value
    return rfc8785.dumps(_without_nulls(body))


def recipe_id(id_key: bytes, document: bytes) -> str:
    """Return the print id of a recipe: a keyed hash, so that it tells nobody what it is of.

    id_key: the tenant's 32 bytes. Base32 as all ids.
    """
    return hash_text(blake3(CONTEXT + document, key=id_key).digest())


def read_recipe(document: bytes) -> Recipe:
    """Read a recipe that ``recipe_json`` wrote.

    Raises BadDocument 422 "print.recipe" for anything else: another schema, a field that is
    missing, unknown or of another type.
    """
    try:
        body: dict[str, Any] = json.loads(document)
        if body["schema"] != SCHEMA:
            raise BadDocument("print.recipe", f"This recipe has schema {body['schema']}, not 1.")
        recipe = _recipe(body)
    except (ValueError, KeyError, TypeError, RecursionError, DesignError) as error:
        raise BadDocument("print.recipe", log=f"{type(error).__name__}: {error}") from error
    if recipe_json(recipe) != document:
        raise BadDocument("print.recipe", log="it is not the canonical document")
    return recipe


def _recipe(body: dict[str, Any]) -> Recipe:
    look = read_design(rfc8785.dumps(body["look"])).look
    photo = {"profile_name": None, **body["photo"]}
    photo["profile_status"] = ProfileStatus(photo["profile_status"])
    found = body["input_profile"]
    known = {
        "look": look,
        "photo": Photo(**photo),
        "input_profile": InputProfile(**{**found, "status": ProfileStatus(found["status"])}),
        "colour": Colour(**{"ink_limit_percent": None, **body["colour"]}),
        "trim_um": tuple(body["trim_um"]),
        "page_px": tuple(body["page_px"]),
    }
    return Recipe(**{**body, **known})


def sheet_of(product: Product, look: DesignLook, photo: Photo) -> tuple[int, int]:
    """Return the trim as the sheet lies for this picture, in µm.

    A design's own sheet decides; else the finished crop's shape does, as seen after the turn.
    """
    if look.sheet_um is not None:
        width, height = look.sheet_um
    else:
        _, _, share_w, share_h = look.photo.crop or (0, 0, 1, 1)
        width, height = share_w * photo.width_px, share_h * photo.height_px
        if look.photo.turn in (90, 270):
            width, height = height, width
    return product.trim_for(is_landscape=width >= height)


def _without_nulls(value: Any) -> Any:
    """Absent and null are the same and absent, as in every canonical document of ours."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list | tuple) else value
