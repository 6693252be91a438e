"""Rules of the output intent: which press the numbers are for."""

from __future__ import annotations

from typing import Final

from pikepdf import Stream

from origin.printing.pdfx_rules.opened import Opened
from origin.printing.pdfx_rules.rule import HOUSE, PDFX4, Rule

REGISTRY: Final = "http://www.color.org"
BANDS: Final = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
HEADER_BYTES: Final = 128
VERSION_MAX: Final = 4
"""ICC profiles of version 4 came with PDF 1.5 (ISO 32000-1, table 67)."""
CLAUSE: Final = f"{PDFX4}; ISO 32000-1, 14.11.5"


def one(opened: Opened) -> str | None:
    """There is one PDF/X output intent."""
    count = len(opened.intents)
    return f"{count} of them" if count != 1 else None


def identifier(opened: Opened) -> str | None:
    """The printing condition has a name."""
    return None if _text(opened, "/OutputConditionIdentifier") else "no identifier"


def profile(opened: Opened) -> str | None:
    """The profile is in the file, whole."""
    content = opened.profile
    if not content:
        return "no DestOutputProfile"
    is_icc = len(content) > HEADER_BYTES and content[36:40] == b"acsp"
    is_whole = is_icc and int.from_bytes(content[:4], "big") == len(content)
    return None if is_whole else "no whole ICC profile"


def device_class(opened: Opened) -> str | None:
    """Only a profile of an output device says how ink is laid."""
    found = opened.profile[12:16]
    return None if found in {b"prtr", b""} else f"class {found.decode('ascii', 'replace')}"


def space(opened: Opened) -> str | None:
    """The profile's space is grey, RGB or CMYK, and N counts its colours."""
    if not opened.profile:
        return None
    name = opened.profile[16:20]
    if name not in BANDS:
        return f"space {name.decode('ascii', 'replace')}"
    stream = opened.intents[0].get("/DestOutputProfile")
    assert isinstance(stream, Stream)
    found = stream.get("/N")
    return None if found == BANDS[name] else f"N is {found}, not {BANDS[name]}"


def profile_version(opened: Opened) -> str | None:
    """A RIP of PDF 1.6 reads it."""
    number = opened.profile[8] if opened.profile else 0
    return f"ICC version {number}" if number > VERSION_MAX else None


def registry(opened: Opened) -> str | None:
    """Whoever names a registry names the ICC's, which is where print houses look."""
    found = _text(opened, "/RegistryName")
    return None if found == REGISTRY else repr(found)


def words(opened: Opened) -> str | None:
    """The condition is described for people, also where the name is in no registry."""
    return None if _text(opened, "/Info") or _text(opened, "/OutputCondition") else "no words"


def of_product(opened: Opened) -> str | None:
    """The profile and the condition are those of the product."""
    recipe = opened.recipe
    if recipe is None:
        return None
    if opened.profile_sha256 != recipe.colour.profile_sha256:
        return f"profile {opened.profile_sha256[:12]}…, not {recipe.colour.profile_sha256[:12]}…"
    found = _text(opened, "/OutputConditionIdentifier")
    return None if found == recipe.colour.output_condition else f"condition {found!r}"


def _text(opened: Opened, key: str) -> str:
    return str(opened.intents[0].get(key, "")) if opened.intents else ""


RULES: Final = (
    Rule("intent.one", "There is one output intent of GTS_PDFX.", CLAUSE, one),
    Rule("intent.identifier", "OutputConditionIdentifier is there.", CLAUSE, identifier),
    Rule("intent.profile", "The press profile is embedded, whole.", CLAUSE, profile),
    Rule(
        "intent.class",
        "The press profile is of class prtr.",
        f"{PDFX4}; ICC.1, 7.2.5",
        device_class,
    ),
    Rule(
        "intent.space",
        "The press profile is grey, RGB or CMYK, and N says so.",
        f"{PDFX4}; ISO 32000-1, 8.6.5.5",
        space,
    ),
    Rule(
        "intent.version",
        "The press profile is of ICC version 4 at most.",
        "ISO 32000-1, 8.6.5.5, table 67",
        profile_version,
    ),
    Rule("intent.words", "Info or OutputCondition describes the press.", CLAUSE, words),
    Rule(
        "intent.registry", f"RegistryName is {REGISTRY}.", f"{HOUSE}: the ICC's registry", registry
    ),
    Rule(
        "intent.product",
        "Profile and condition are the product's.",
        f"{HOUSE}: the product definition document",
        of_product,
    ),
)
