"""Last step: writes the bytes, without metadata but for the photo's rights where a tenant asks."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from origin.decode.libvips import pyvips
from origin.render.plan import Plan, Rights

WEBP_EFFORT: Final = 2
"""Half the CPU of libvips' default 4 for about 3 % more bytes (measured)."""
AVIF_EFFORT: Final = 0
"""Smaller than WebP at effort 6 for a third of its CPU; the default 4 costs 40 times as much."""
JPEG_TABLE: Final = 3
"""ImageMagick's quantisation table: 7 % fewer bytes at equal SSIMULACRA2 (measured)."""
AVIF_EFFORT_AHEAD: Final = 3
"""Of presets that are made ahead: a sixth fewer bytes for seven times the CPU (measured)."""
MASTER_QUALITY: Final = 95
KEEP_NOTHING: Final = 0
KEEP_XMP: Final = 2
"""libvips' flags of what metadata is written; its default is all of it."""
PX_PER_MM: Final = 72 / 25.4
"""What a picture for screens says of its resolution, since formats make it say something."""

_XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">{fields}</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_RIGHTS: Final = (
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:rights>'
)
_CREATOR: Final = "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>"


def encode(image: pyvips.Image, plan: Plan) -> bytes:
    """Encode 8-bit sRGB (3 bands, or 4 with alpha for avif, webp, png) as the plan says."""
    keep = KEEP_NOTHING
    image = _unmeasured(image)
    packet = rights_packet(plan.rights) if plan.rights is not None else None
    if packet is not None:
        keep = KEEP_XMP
        image.set_type(pyvips.GValue.blob_type, "xmp-data", packet)  # type: ignore[arg-type]  # a blob
    match plan.ext:
        case "avif":
            effort = AVIF_EFFORT_AHEAD if plan.is_thorough else AVIF_EFFORT
            return image.heifsave_buffer(
                compression="av1", effort=effort, Q=plan.quality, bitdepth=8, keep=keep
            )
        case "webp":
            return image.webpsave_buffer(effort=WEBP_EFFORT, Q=plan.quality, keep=keep)
        case "png":
            return image.pngsave_buffer(keep=keep)
        case _:
            assert plan.ext == "jpg", plan.ext
            return image.jpegsave_buffer(
                Q=plan.quality, optimize_coding=True, quant_table=JPEG_TABLE, keep=keep
            )


def encode_master(image: pyvips.Image, *, halves_colour: bool) -> bytes:
    """Encode a master: quick to write and to read, finer than any preview (measured).

    halves_colour: 4:2:0, a third cheaper. Only for a level that is shown at two thirds of its size
    at most: libvips reads it back without smoothing the colour.
    """
    return _unmeasured(image).jpegsave_buffer(
        Q=MASTER_QUALITY,
        subsample_mode="on" if halves_colour else "off",
        quant_table=JPEG_TABLE,
        keep=KEEP_NOTHING,
    )


def _unmeasured(image: pyvips.Image) -> pyvips.Image:
    """Return the picture without its source's resolution, which JPEG and PNG would carry on."""
    return image.copy(xres=PX_PER_MM, yres=PX_PER_MM)


def rights_packet(rights: Rights) -> bytes | None:
    """Return an XMP packet (ISO 16684-1) with dc:rights and dc:creator and nothing else.

    None when there is nothing to say. Control characters, which XML cannot hold, become spaces.
    """
    fields = ""
    for template, text in ((_RIGHTS, rights.copyright), (_CREATOR, rights.creator)):
        plain = " ".join("".join(c if c.isprintable() else " " for c in text or "").split())
        if plain:
            fields += template.format(escape(plain))
    return _XMP.format(fields=fields).encode() if fields else None
