"""A design: from the bytes that a shop sent to the one spelling of what it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import rfc8785

from cache_keys.design_look import Caption, DesignLook, Filters, Frame, PhotoLook
from cache_keys.design_schema import CAPTION_DEFAULTS, CAPTION_SIZE_UM, STYLES, read_document
from cache_keys.document import parse_json

__all__ = [
    "CanonicalDesign",
    "Caption",
    "DesignLook",
    "Filters",
    "Frame",
    "PhotoLook",
    "read_design",
]

CANONICAL_BYTES_MAX = 16_384  # GRAMMAR of ids
Json = dict[str, Any]  # what RFC 8785 writes: strings, integers, lists and objects of them


@dataclass(frozen=True, slots=True)
class CanonicalDesign:
    """A design that was accepted.

    canonical: RFC 8785 JSON of the look, what the design id is made of; reading it again gives the
    same look. finish and product (``name~version``) change no pixel and stand beside the look.
    """

    look: DesignLook
    canonical: bytes
    finish: str | None = None
    product: str | None = None


def read_design(body: bytes) -> CanonicalDesign:
    """Read a design document and normalise it: equal meaning gives equal ``canonical`` bytes.

    Raises DesignError 422 with a ``design.*`` code, and the JSON pointer of the field where there
    is one; never anything else, whatever the bytes.
    """
    document = read_document(parse_json(body, "design"))
    canonical = canonical_json(document.look)
    assert len(canonical) <= CANONICAL_BYTES_MAX  # every field is bounded, the text to 200
    return CanonicalDesign(document.look, canonical, document.finish, document.product)


def canonical_json(look: DesignLook) -> bytes:
    """Return a look's RFC 8785 JSON: µm, milli-degrees, every default left out."""
    return rfc8785.dumps(
        _present(
            photos=[_photo(look.photo)],
            sheet_um=look.sheet_um and list(look.sheet_um),
            frame=look.frame and _frame(look.frame),
            caption=look.caption and _caption(look.caption),
            locale=look.locale,
        )
    )


def _present(**fields: object) -> Json:
    """Return the fields that are neither None, 0, nor empty: absent means the default."""
    return {name: value for name, value in fields.items() if value}


def _photo(photo: PhotoLook) -> Json:
    filters = photo.filters
    return _present(
        asset=photo.asset,
        crop=photo.crop and list(photo.crop),
        turn=photo.turn,
        tilt_mdeg=photo.tilt_mdeg,
        flip=photo.flip,
        filters=_present(
            grey=filters.grey,
            sepia=filters.sepia,
            brightness=filters.brightness,
            contrast=filters.contrast,
            saturation=filters.saturation,
        ),
    )


def _frame(frame: Frame) -> Json:
    style = STYLES[frame.style]
    lengths = {"width": frame.width_um, "foot": frame.foot_um}
    lengths |= {"line": frame.line_um, "radius": frame.radius_um}
    colours = {"colour": frame.colour, "line_colour": frame.line_colour}
    own: Json = {
        f"{n}_um": lengths[n] for n, default in style.lengths_um.items() if lengths[n] != default
    }
    own |= {n: colours[n] for n, default in style.colours.items() if colours[n] != default}
    return {"style": frame.style, **own}


def _caption(caption: Caption) -> Json:
    given: Json = {
        "font": caption.font,
        "size_um": caption.size_um,
        "colour": caption.colour,
        "place": caption.place,
        "align": caption.align,
        "margin_um": caption.margin_um,
    }
    defaults: Json = {
        **CAPTION_DEFAULTS,
        "size_um": CAPTION_SIZE_UM,
        "margin_um": caption.size_um,
    }
    return {"text": caption.text, **{n: v for n, v in given.items() if v != defaults[n]}}
