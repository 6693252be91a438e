"""The fields of a design: names, units, ranges, defaults. One function reads one object."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cache_keys import policy
from cache_keys.canonical import one_spelling
from cache_keys.design_look import Caption, Crop, DesignLook, Filters, Frame, PhotoLook
from cache_keys.design_text import CHARACTERS_MAX, LINES_MAX, read_text
from cache_keys.document import Fields, Node, in_units, scaled

HASH = re.compile(policy.HASH)
COLOUR = re.compile(policy.OPS["bg"])
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")  # RFC 5646: language-Script-REGION
REFERENCE = re.compile(f"{policy.NAME}~{policy.VER}")

TILT_MDEG_MAX = 45_000
TILT_UNITS_MDEG = {"tilt_mdeg": 1, "tilt_deg": 1_000}
SHEET_UM = (10_000, 5_000_000)  # 1 cm to 5 m
SIZE_UM = (1_000, 500_000)  # the em of a caption: 3 to 1400 points
FONTS = ("noto-sans", "noto-sans-bold", "noto-serif", "noto-serif-bold")
FINISHES = ("glossy", "satin", "matte", "lustre", "canvas")
PLACES = ("top", "middle", "bottom", "frame")
ALIGNS = ("left", "centre", "right")
FLIPS = ("h", "v", "hv")
PHOTO_FIELDS = ("asset", "crop", "turn", "flip", "filters", *TILT_UNITS_MDEG)
CAPTION_SIZE_UM = 5_000  # 14 points; the margin's default is the size
CAPTION_DEFAULTS = {
    "font": "noto-sans",
    "colour": "000000",
    "place": "bottom",
    "align": "centre",
}
CAPTION_FIELDS = ("text", "font", "colour", "place", "align", *in_units("size", "margin"))
DESIGN_FIELDS = ("photos", "frame", "caption", "locale", "finish", "product", *in_units("sheet"))
DEFAULT_LOCALE = "en"  # named to the text engine, which would take the host's otherwise
WINDOW_PARTS_MIN = 10  # a frame leaves at least a tenth of each side of the sheet

LENGTHS_UM = {  # of a frame's parts: smallest and largest
    "width": (0, 500_000),
    "foot": (0, 500_000),
    "line": (50, 50_000),
    "radius": (100, 500_000),
}


@dataclass(frozen=True, slots=True)
class Style:
    """The parts that a frame style has, each with its default length (µm) or colour."""

    lengths_um: dict[str, int]
    colours: dict[str, str]


STYLES = {
    "plain": Style({"width": 5_000}, {"colour": "ffffff"}),
    "double": Style(
        {"width": 10_000, "line": 1_500}, {"colour": "ffffff", "line_colour": "1c1c1c"}
    ),
    "mat": Style(
        {"width": 15_000, "foot": 18_000, "line": 800},
        {"colour": "f4f1ea", "line_colour": "ffffff"},
    ),
    "line": Style({"width": 5_000, "line": 500}, {"line_colour": "ffffff"}),
    "rounded": Style({"width": 4_000, "radius": 6_000}, {"colour": "ffffff"}),
    "polaroid": Style({"width": 6_000, "foot": 20_000}, {"colour": "fbfaf6"}),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A design as it was sent: its look, and what is said about the order but changes no pixel."""

    look: DesignLook
    finish: str | None
    product: str | None


def read_document(root: Node) -> Document:
    """Return the design of a JSON document; raises DesignError 422 with code and field."""
    fields = root.fields(DESIGN_FIELDS)
    (photo,) = fields.need("photos").items(1, 1)
    sheet = _sheet(fields)
    frame = _frame(fields.get("frame"), sheet)
    caption = _caption(fields.get("caption"), frame)
    locale = fields.match(
        "locale", LOCALE, "This must be a language tag such as de or pt-BR.", None
    )
    finish = fields.one_of("finish", FINISHES, None)
    product = fields.match("product", REFERENCE, "This must be name~version.", None)
    if sheet is None and (frame is not None or caption is not None):
        absent = Node(root.kind, "/sheet_um", None)
        absent.refuse("sheet_missing", "A frame or a caption needs the size of the sheet.")
    locale = locale if caption and locale != DEFAULT_LOCALE else None
    look = DesignLook(_photo(photo), sheet, frame, caption, locale)
    return Document(look, finish, product)


def _photo(node: Node) -> PhotoLook:
    fields = node.fields(PHOTO_FIELDS)
    asset = fields.need("asset").match(HASH, "This must be an asset id.")
    flip = fields.one_of("flip", FLIPS, None)
    turn, mirrored = one_spelling(_turn(fields.get("turn")), flip)
    return PhotoLook(
        asset=asset,
        crop=_crop(fields.get("crop")),
        turn=turn or 0,
        tilt_mdeg=_tilt_mdeg(fields),
        flip=mirrored or "",
        filters=_filters(fields.get("filters")),
    )


def _crop(node: Node | None) -> Crop | None:
    if node is None:
        return None
    x, y, w, h = (part.integer(0, policy.UNIT) for part in node.items(4, 4))
    if w < 1 or h < 1 or x + w > policy.UNIT or y + h > policy.UNIT:
        node.refuse("value", "The crop [x, y, w, h] must lie in the photo, which is 100000 wide.")
    return None if (w, h) == (policy.UNIT, policy.UNIT) else (x, y, w, h)


def _turn(node: Node | None) -> int:
    turn = 0 if node is None else node.integer(0, 270)
    if node is not None and turn % 90:
        node.refuse("value", "The turn must be 0, 90, 180 or 270.")
    return turn


def _tilt_mdeg(fields: Fields) -> int:
    given = [(node, unit) for name, unit in TILT_UNITS_MDEG.items() if (node := fields.get(name))]
    if len(given) > 1:
        given[1][0].refuse("repeated_field", "The tilt is given in two units.")
    if not given:
        return 0
    node, unit = given[0]
    return node.integer(-TILT_MDEG_MAX // unit, TILT_MDEG_MAX // unit) * unit


def _filters(node: Node | None) -> Filters:
    if node is None:
        return Filters()
    fields = node.fields(("grey", "sepia", "brightness", "contrast", "saturation"))
    return Filters(
        grey=fields.integer("grey", 0, 1_000, 0),
        sepia=fields.integer("sepia", 0, 1_000, 0),
        brightness=fields.integer("brightness", -1_000, 1_000, 0),
        contrast=fields.integer("contrast", -1_000, 1_000, 0),
        saturation=fields.integer("saturation", -1_000, 1_000, 0),
    )


def _sheet(fields: Fields) -> tuple[int, int] | None:
    given = fields.length("sheet")
    if given is None:
        return None
    node, unit = given
    width, height = (scaled(side, unit, *SHEET_UM) for side in node.items(2, 2))
    return width, height


def _frame(node: Node | None, sheet: tuple[int, int] | None) -> Frame | None:
    if node is None:
        return None
    known = node.fields(("style", *in_units(*LENGTHS_UM), "colour", "line_colour"))
    name = known.need("style").one_of(("none", *STYLES))
    style = STYLES.get(name, Style({}, {}))
    fields = node.fields(("style", *in_units(*style.lengths_um), *style.colours))
    um = {n: fields.length_um(n, *LENGTHS_UM[n], d) for n, d in style.lengths_um.items()}
    colours = {n: fields.match(n, COLOUR, WANTED_COLOUR, d) for n, d in style.colours.items()}
    if not any(um.values()):
        return None
    frame = Frame(
        style=name,
        width_um=um["width"],
        foot_um=um.get("foot", um["width"]),
        line_um=um.get("line", 0),
        radius_um=um.get("radius", 0),
        colour=colours.get("colour", ""),
        line_colour=colours.get("line_colour", ""),
    )
    _check_window(node, frame, sheet)
    return frame


WANTED_COLOUR = "A colour is six digits 0-9 a-f, such as 1c1c1c."


def _check_window(node: Node, frame: Frame, sheet: tuple[int, int] | None) -> None:
    """Refuse a frame that leaves less than a tenth of the sheet's width or height."""
    if sheet is None:
        return
    across = 2 * (frame.width_um + frame.line_um)
    down = across - frame.width_um + frame.foot_um
    for side, taken in zip(sheet, (across, down), strict=True):
        if (side - taken) * WINDOW_PARTS_MIN < side:
            node.refuse("frame_width", "The frame leaves too little of the photo.")


def _caption(node: Node | None, frame: Frame | None) -> Caption | None:
    if node is None:
        return None
    fields = node.fields(CAPTION_FIELDS)
    size_um = fields.length_um("size", *SIZE_UM, CAPTION_SIZE_UM)
    caption = Caption(
        text=read_text(fields.need("text"), CHARACTERS_MAX, LINES_MAX),
        font=fields.one_of("font", FONTS, CAPTION_DEFAULTS["font"]),
        size_um=size_um,
        colour=fields.match("colour", COLOUR, WANTED_COLOUR, CAPTION_DEFAULTS["colour"]),
        place=fields.one_of("place", PLACES, CAPTION_DEFAULTS["place"]),
        align=fields.one_of("align", ALIGNS, CAPTION_DEFAULTS["align"]),
        margin_um=fields.length_um("margin", 0, SIZE_UM[1], size_um),
    )
    if caption.place == "frame" and (frame is None or not frame.colour or frame.foot_um == 0):
        place = fields.need("place")
        place.refuse("caption_place", "A caption on the frame needs a frame with a band below.")
    return caption if caption.text else None
