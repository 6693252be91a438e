"""Wraps a page into PDF/X-4 (ISO 15930-7): one page, one picture, its boxes and output intent.

The JPEG goes in as it is. Boxes come from the recipe's micrometres. Nothing is taken from a clock
or from chance: dates are the recipe's, the file's ID is made of its content. What a finished file
must be stands in origin/printing/pdfx_rules, and every file is held to it before it leaves.
"""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, Stream, String

from origin.printing.pdfx_rules.run import require
from origin.printing.recipe import Recipe

PDF_VERSION: Final = "1.6"
"""PDF/X-4 (ISO 15930-7) is built on PDF 1.6."""
PRODUCER: Final = "edgeproof"
POINTS_PER_INCH: Final = 72
UM_PER_INCH: Final = 25_400
DIGITS: Final = Decimal("0.0001")
REGISTRY: Final = "http://www.color.org"
"""ISO 32000-1, 14.11.5: the registry of characterised printing conditions is the ICC's."""
FIXED_ID: Final = b"31415926535897932384626433832795"
"""What qpdf writes when it is asked for a static ID: 16 bytes in hex."""
ID_CONTEXT: Final = b"edgeproof-pdf-1\n"
TRAILER_BYTES: Final = 1_024
"""The trailer of a file of ours has 250."""
CMYK_INVERTED: Final = [1, 0] * 4
"""A JPEG with an Adobe marker holds 255 - ink (Adobe TN 5116), which the Decode array undoes."""


def as_pdf(jpeg: bytes, recipe: Recipe, profile: bytes, print_id: str) -> bytes:
    """Return the PDF/X-4 file of a page, read back.

    jpeg: CMYK (Adobe marker, inverted) or RGB, without a profile of its own.
    profile: the bytes that ``recipe.colour`` pins. print_id: names the file to the print house.
    Runs in a worker. Raises RenderFailed 500 "print.read_back" with the rules it would break.
    """
    content = wrap(jpeg, recipe, profile, print_id)
    require(content, recipe, jpeg)
    return content


def points(length_um: int) -> Decimal:
    """Return a paper length in PDF points, to 1/10000 (3.5 nm)."""
    exact = Decimal(length_um * POINTS_PER_INCH) / UM_PER_INCH
    return exact.quantize(DIGITS).normalize() + 0


def wrap(jpeg: bytes, recipe: Recipe, profile: bytes, print_id: str) -> bytes:
    """Return the PDF/X-4 file of a page.

    jpeg: the page, bleed included, CMYK (Adobe marker, inverted) or RGB, of the recipe's
    page_px. profile: the product's, which the page's numbers mean. print_id: names the file.
    """
    pdf = Pdf.new()
    picture = pdf.make_indirect(_picture(pdf, jpeg, recipe, profile))
    width, height = (points(side + 2 * recipe.bleed_um) for side in recipe.trim_um)
    drawing = f"q {width:f} 0 0 {height:f} 0 0 cm /Page Do Q".encode()
    trim = _trim_box(recipe)
    sheet = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        BleedBox=Array([0, 0, width, height]),
        TrimBox=Array(trim),
        Resources=Dictionary(XObject=Dictionary(Page=picture)),
        Contents=pdf.make_indirect(Stream(pdf, drawing)),
    )
    pdf.pages.append(pikepdf.Page(sheet))
    pdf.Root.OutputIntents = Array([_output_intent(pdf, recipe, profile)])
    pdf.Root.Metadata = _metadata(pdf, recipe, print_id)
    date = _date(recipe).strftime("D:%Y%m%d%H%M%SZ")
    for name, value in {
        "/Title": recipe.title,
        "/Creator": PRODUCER,
        "/Producer": PRODUCER,
        "/CreationDate": date,
        "/ModDate": date,
    }.items():
        pdf.docinfo[name] = String(value)
    pdf.docinfo["/Trapped"] = Name("/False")
    return _identified(_saved(pdf), print_id)


def _identified(file: io.BytesIO, print_id: str) -> bytes:
    """Return a file whose ID (ISO 32000-1, 14.4) is made of its print's, in place of qpdf's fixed.

    A print id stands for one recipe, so for one content; qpdf's own way hashes all of it once more.
    """
    own = hashlib.sha256(ID_CONTEXT + print_id.encode()).hexdigest()[: len(FIXED_ID)].encode()
    with file.getbuffer() as content:
        trailer = bytes(content[-TRAILER_BYTES:])
        assert trailer.count(FIXED_ID) == 2, "qpdf writes the same ID twice"
        content[-TRAILER_BYTES:] = trailer.replace(FIXED_ID, own)
    return file.getvalue()


def _saved(pdf: Pdf) -> io.BytesIO:
    file = io.BytesIO()
    pdf.save(
        file,
        force_version=PDF_VERSION,
        fix_metadata_version=False,
        object_stream_mode=ObjectStreamMode.disable,
        compress_streams=True,
        static_id=True,
    )
    return file


def _trim_box(recipe: Recipe) -> list[Decimal]:
    bleed = recipe.bleed_um
    width, height = recipe.trim_um
    return [points(bleed), points(bleed), points(bleed + width), points(bleed + height)]


def _picture(pdf: Pdf, jpeg: bytes, recipe: Recipe, profile: bytes) -> Stream:
    width, height = recipe.page_px
    picture = Stream(
        pdf,
        jpeg,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    if recipe.colour.space == "cmyk":
        picture.ColorSpace = Name.DeviceCMYK  # what the output intent says it is
        picture.Decode = Array(CMYK_INVERTED)
    else:
        picture.ColorSpace = Array([Name.ICCBased, _profile(pdf, profile, 3)])
    return picture


def _profile(pdf: Pdf, profile: bytes, bands: int) -> Stream:
    content = _deflated(profile)
    return pdf.make_indirect(Stream(pdf, content, N=bands, Filter=Name.FlateDecode))


@lru_cache(maxsize=8)
def _deflated(profile: bytes) -> bytes:
    """Return a profile as qpdf compresses it, kept: every print of a product has the same one."""
    pdf = Pdf.new()
    pdf.Root.Profile = pdf.make_indirect(Stream(pdf, profile))
    with Pdf.open(_saved(pdf)) as read:
        return bytes(read.Root.Profile.read_raw_bytes())


def _output_intent(pdf: Pdf, recipe: Recipe, profile: bytes) -> Dictionary:
    bands = 4 if recipe.colour.space == "cmyk" else 3
    condition = recipe.colour.output_condition
    return Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFX,
        OutputConditionIdentifier=String(condition),
        OutputCondition=String(condition),
        RegistryName=String(REGISTRY),
        Info=String(condition),
        DestOutputProfile=_profile(pdf, profile, bands),
    )


def _date(recipe: Recipe) -> datetime:
    return datetime.fromtimestamp(recipe.dated_s, UTC)


def _metadata(pdf: Pdf, recipe: Recipe, print_id: str) -> Stream:
    date = _date(recipe).strftime("%Y-%m-%dT%H:%M:%SZ")
    packet = XMP.format(title=escape(recipe.title), date=date, producer=PRODUCER, print_id=print_id)
    metadata = Stream(pdf, packet.encode(), Type=Name.Metadata, Subtype=Name.XML)
    return pdf.make_indirect(metadata)


#: PDF/X-4 is named by pdfxid; the dates and names are those that Info has too.
XMP: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfxid="http://www.npes.org/pdfx/ns/id/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<pdf:Producer>{producer}</pdf:Producer>
<pdf:Trapped>False</pdf:Trapped>
<pdfxid:GTS_PDFXVersion>PDF/X-4</pdfxid:GTS_PDFXVersion>
<xmp:CreateDate>{date}</xmp:CreateDate>
<xmp:CreatorTool>{producer}</xmp:CreatorTool>
<xmp:MetadataDate>{date}</xmp:MetadataDate>
<xmp:ModifyDate>{date}</xmp:ModifyDate>
<xmpMM:DocumentID>edgeproof:{print_id}</xmpMM:DocumentID>
<xmpMM:RenditionClass>default</xmpMM:RenditionClass>
<xmpMM:VersionID>1</xmpMM:VersionID>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>
"""
