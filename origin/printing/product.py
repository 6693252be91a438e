"""A product that is printed: its sheet, its colour, and how the photo meets the knife.

The document is JSON; its schema is ``ProductDocument``. A version never changes once it was used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cache_keys import policy
from cache_keys.design_schema import SHEET_UM
from origin.errors import BadDocument

REFERENCE: Final = re.compile(f"({policy.NAME})~({policy.VER})")
DOCUMENT_BYTES_MAX: Final = 65_536
MARGIN_UM_MAX: Final = 100_000
"""Bleed and safe area, 10 cm: canvas that is folded around a stretcher takes the most."""
DPI: Final = (72, 1_200)
DPI_FLOOR_MIN: Final = 30
"""What a banner that is read from across the street still bears."""
INK_PERCENT: Final = (200, 400)
"""Total area coverage of four plates: newsprint asks for 220 to 240, 400 is no limit at all."""

Orientation = Literal["fixed", "either"]
BleedFill = Literal["stretch", "mirror", "colour"]
ProfileRule = Literal["warn", "refuse"]
FileFormat = Literal["jpeg", "tiff", "cmyk-jpeg", "pdfx4"]
Side = Annotated[int, Field(ge=SHEET_UM[0], le=SHEET_UM[1])]
Margin = Annotated[int, Field(ge=0, le=MARGIN_UM_MAX)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Colour:
    """What the numbers in the file mean.

    profile: a name of the profile registry. ink_limit_percent: sum of the four plates, CMYK only.
    """

    space: Literal["srgb", "cmyk"]
    profile: str
    profile_sha256: str
    output_condition: str
    intent: Literal["relative", "perceptual", "absolute", "saturation"]
    has_bpc: bool
    ink_limit_percent: int | None


@dataclass(frozen=True, slots=True)
class Product:
    """One version of a product. Lengths in µm, resolutions in px per inch.

    trim_um: width and height after cutting, as the customer holds it. bleed_um: photo beyond the
    trim on every side. safe_um: how far inside the trim nothing important should be.
    orientation: "either" when the sheet may be turned to suit the photo. dpi_floor: below it a
    print is refused. bleed_fill: where the photo ends before the
    bleed does, its edge is repeated (stretch), it is mirrored, or a colour lies there.
    profile_rule: what to do with a photo whose colour profile does not fit it, or CMYK without one.
    basis: what is sourced and what is our assumption, per field.
    """

    name: str
    version: int
    title: str
    trim_um: tuple[int, int]
    bleed_um: int
    safe_um: int
    orientation: Orientation
    dpi_target: int
    dpi_floor: int
    colour: Colour
    bleed_fill: BleedFill
    fill_colour: str
    finishes: tuple[str, ...]
    file_format: FileFormat
    jpeg_quality: int
    notes: str
    basis: tuple[tuple[str, str, str], ...]  # field, sourced | assumed, words
    profile_rule: ProfileRule = "warn"

    @property
    def reference(self) -> str:
        """Return ``name~version``."""
        return f"{self.name}~{self.version}"

    @property
    def page_um(self) -> tuple[int, int]:
        """Return the sides with the bleed."""
        return self.trim_um[0] + 2 * self.bleed_um, self.trim_um[1] + 2 * self.bleed_um

    def trim_for(self, is_landscape: bool) -> tuple[int, int]:  # noqa: FBT001 - a property of the picture
        """Return the trim as the sheet lies for a picture of that shape."""
        if self.orientation == "fixed":
            return self.trim_um
        short, long = sorted(self.trim_um)
        return (long, short) if is_landscape else (short, long)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Resolution(_Strict):
    """Pixels per inch: what is made, and what is the least that is printed."""

    target: Annotated[int, Field(ge=DPI[0], le=DPI[1])]
    floor: Annotated[int, Field(ge=DPI_FLOOR_MIN, le=DPI[1])]


class ColourDocument(_Strict):
    """The colour of the file."""

    space: Literal["srgb", "cmyk"]
    profile: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    profile_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    output_condition: Text
    intent: Literal["relative", "perceptual", "absolute", "saturation"] = "relative"
    black_point_compensation: bool = True
    ink_limit_percent: Annotated[int, Field(ge=INK_PERCENT[0], le=INK_PERCENT[1])] | None = None


class FileDocument(_Strict):
    """The file that a print house gets."""

    format: FileFormat
    jpeg_quality: Annotated[int, Field(ge=80, le=100)] = 95


class Basis(_Strict):
    """Where a figure comes from."""

    field: Text
    kind: Literal["sourced", "assumed"]
    words: Text


class ProductDocument(_Strict):
    """The JSON document of one version of a product."""

    schema_version: Literal[1] = Field(alias="schema")
    name: Annotated[str, Field(pattern=f"^{policy.NAME}$")]
    version: Annotated[int, Field(ge=1, le=9_999)]
    title: Text
    trim_um: Annotated[list[Side], Field(min_length=2, max_length=2)]
    bleed_um: Margin
    safe_um: Margin
    orientation: Orientation
    dpi: Resolution
    colour: ColourDocument
    bleed_fill: BleedFill = "stretch"
    fill_colour: Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")] = "ffffff"
    finishes: Annotated[list[Text], Field(max_length=20)] = []
    file: FileDocument
    notes: Annotated[str, Field(max_length=2_000)] = ""
    profile_rule: ProfileRule = "warn"
    basis: Annotated[list[Basis], Field(min_length=1, max_length=40)]

    @model_validator(mode="after")
    def _fits_together(self) -> ProductDocument:
        if 2 * self.safe_um >= min(self.trim_um):
            raise ValueError("safe_um leaves nothing of the sheet")
        if self.dpi.floor > self.dpi.target:
            raise ValueError("dpi.floor is above dpi.target")
        is_cmyk = self.colour.space == "cmyk"
        if is_cmyk != (self.colour.ink_limit_percent is not None):
            raise ValueError("colour.ink_limit_percent belongs to CMYK, and to every CMYK product")
        if is_cmyk and self.file.format == "jpeg":
            raise ValueError("file.format jpeg is for sRGB; CMYK is cmyk-jpeg, tiff or pdfx4")
        if not is_cmyk and self.file.format == "pdfx4":
            raise ValueError("file.format pdfx4 needs colour.space cmyk: its intent is a press")
        if not is_cmyk and self.file.format == "cmyk-jpeg":
            raise ValueError("file.format cmyk-jpeg needs colour.space cmyk")
        return self


def read_product(body: bytes) -> Product:
    """Read a product definition document.

    Raises BadDocument 422 "product.document", ``field`` the place (a JSON pointer).
    """
    if len(body) > DOCUMENT_BYTES_MAX:
        raise BadDocument("product.document", "The document is larger than 64 kB.")
    try:
        document = ProductDocument.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        pointer = "".join(f"/{part}" for part in first["loc"])
        raise BadDocument("product.document", f"{first['msg']}.", field=pointer) from error
    return _product(document)


def _product(document: ProductDocument) -> Product:
    colour = document.colour
    return Product(
        name=document.name,
        version=document.version,
        title=document.title,
        trim_um=(document.trim_um[0], document.trim_um[1]),
        bleed_um=document.bleed_um,
        safe_um=document.safe_um,
        orientation=document.orientation,
        dpi_target=document.dpi.target,
        dpi_floor=document.dpi.floor,
        colour=Colour(
            space=colour.space,
            profile=colour.profile,
            profile_sha256=colour.profile_sha256,
            output_condition=colour.output_condition,
            intent=colour.intent,
            has_bpc=colour.black_point_compensation,
            ink_limit_percent=colour.ink_limit_percent,
        ),
        bleed_fill=document.bleed_fill,
        fill_colour=document.fill_colour,
        finishes=tuple(document.finishes),
        file_format=document.file.format,
        jpeg_quality=document.file.jpeg_quality,
        notes=document.notes,
        basis=tuple((basis.field, basis.kind, basis.words) for basis in document.basis),
        profile_rule=document.profile_rule,
    )
