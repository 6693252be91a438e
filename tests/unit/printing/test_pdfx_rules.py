"""Each rule of print PDFs sees its own breach, and is silent otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, Pdf, Stream, String

from origin.errors import BadDocument
from origin.printing.pdfx_rules.run import RULES, broken_rules
from tests.unit.printing.pdf_pages import tiny_pdf, tiny_press, tiny_recipe

Break = Callable[[Pdf], object]


def page(pdf: Pdf) -> pikepdf.Object:
    return pdf.pages[0].obj


def picture(pdf: Pdf) -> pikepdf.Object:
    return page(pdf).Resources.XObject.Page


def intent(pdf: Pdf) -> pikepdf.Object:
    return pdf.Root.OutputIntents[0]


def saved(pdf: Pdf, version: str = "1.6") -> bytes:
    file = io.BytesIO()
    pdf.save(
        file,
        force_version=version,
        fix_metadata_version=False,
        object_stream_mode=ObjectStreamMode.disable,
        static_id=True,
    )
    return file.getvalue()


def put(where: Callable[[Pdf], pikepdf.Object], **entries: object) -> Break:
    """Return a breach that puts entries into a dictionary; None takes one out."""

    def breach(pdf: Pdf) -> None:
        found = where(pdf)
        for name, value in entries.items():
            if value is None:
                del found[f"/{name}"]
            else:
                found[f"/{name}"] = value

    return breach


def xmp(old: str, new: str = "") -> Break:
    """Return a breach that rewrites a part of the XMP packet."""

    def breach(pdf: Pdf) -> None:
        told = pdf.Root.Metadata.read_bytes().decode()
        assert old in told
        pdf.Root.Metadata.write(told.replace(old, new).encode())

    return breach


def hang(name: str, entry: Callable[[Pdf], pikepdf.Object]) -> Break:
    """Return a breach that hangs something new on the catalog, where nothing draws it."""

    def breach(pdf: Pdf) -> None:
        pdf.Root[f"/{name}"] = pdf.make_indirect(entry(pdf))

    return breach


def state(**entries: object) -> Break:
    """Return a breach that puts a graphics state into the page's resources."""

    def breach(pdf: Pdf) -> None:
        page(pdf).Resources.ExtGState = Dictionary(G=Dictionary(entries))

    return breach


def with_font(pdf: Pdf) -> None:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page(pdf).Resources.Font = Dictionary(F1=pdf.make_indirect(font))


def with_embedded_font(pdf: Pdf) -> None:
    descriptor = Dictionary(Type=Name.FontDescriptor, FontFile2=Stream(pdf, b"program"))
    font = Dictionary(
        Type=Name.Font, Subtype=Name.TrueType, BaseFont=Name.A, FontDescriptor=descriptor
    )
    page(pdf).Resources.Font = Dictionary(F1=pdf.make_indirect(font))


def with_note(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([10, 10, 30, 30]))
    page(pdf).Annots = Array([pdf.make_indirect(note)])


def with_press_profile(pdf: Pdf) -> None:
    picture(pdf).ColorSpace = Array([Name.ICCBased, intent(pdf).DestOutputProfile])


def with_a_broken_profile(pdf: Pdf) -> None:
    page(pdf).Resources.ColorSpace = Dictionary(
        C=Array([Name.ICCBased, Stream(pdf, b"no profile" * 20, N=3)])
    )


def other_profile(content: bytes, bands: int) -> Break:
    def breach(pdf: Pdf) -> None:
        intent(pdf).DestOutputProfile = Stream(pdf, content, N=bands)

    return breach


def edited_profile(at: int, value: bytes) -> bytes:
    content = tiny_press()
    return content[:at] + value + content[at + len(value) :]


def on_contents(content: bytes) -> Break:
    def breach(pdf: Pdf) -> None:
        page(pdf).Contents = Stream(pdf, content)

    return breach


def a_second_page(pdf: Pdf) -> None:
    pdf.pages.append(pdf.pages[0])


def a_second_picture(pdf: Pdf) -> None:
    page(pdf).Resources.XObject.Other = pdf.make_indirect(
        Stream(
            pdf,
            b"\0",
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=1,
            Height=1,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceGray,
        )
    )


#: What breaks each rule, and nothing but what must go with it.
BREACHES: dict[str, Break] = {
    "xmp.there": put(lambda pdf: pdf.Root, Metadata=None),
    "xmp.pdfx": xmp("PDF/X-4", "PDF/X-3"),
    "xmp.title": xmp("dc:title", "dc:subject"),
    "xmp.created": xmp("xmp:CreateDate", "xmp:Label"),
    "xmp.modified": xmp("xmp:ModifyDate", "xmp:Label"),
    "xmp.noted": xmp("xmp:MetadataDate", "xmp:Label"),
    "xmp.document": xmp("xmpMM:DocumentID", "xmpMM:InstanceID"),
    "xmp.version_id": xmp("xmpMM:VersionID", "xmpMM:InstanceID"),
    "xmp.rendition": xmp("xmpMM:RenditionClass", "xmpMM:InstanceID"),
    "xmp.trapped": put(lambda pdf: pdf.docinfo, Trapped=Name.Unknown),
    "info.dates": put(lambda pdf: pdf.docinfo, ModDate=String("D:20231114221321Z")),
    "info.title": put(lambda pdf: pdf.docinfo, Title=String("Another")),
    "info.only": put(lambda pdf: pdf.docinfo, Author=String("A Customer")),
    "box.media": put(page, MediaBox=None),
    "box.trim": put(page, TrimBox=None),
    "box.nested": put(page, TrimBox=Array([-5, 0, 20, 20])),
    "box.sides": put(page, MediaBox=Array([0, 0, 15_000, 200])),
    "box.one_page": a_second_page,
    "box.bleed": put(page, BleedBox=None),
    "box.upright": put(page, Rotate=90),
    "box.product": put(page, TrimBox=Array([9, 9, 122, 81.02])),
    "intent.one": put(lambda pdf: pdf.Root, OutputIntents=Array([])),
    "intent.identifier": put(intent, OutputConditionIdentifier=None),
    "intent.profile": put(intent, DestOutputProfile=None),
    "intent.class": other_profile(edited_profile(12, b"mntr"), 4),
    "intent.space": put(lambda pdf: intent(pdf).DestOutputProfile, N=3),
    "intent.version": other_profile(edited_profile(8, b"\x05"), 4),
    "intent.words": put(intent, Info=None, OutputCondition=None),
    "intent.registry": put(intent, RegistryName=String("http://example.org")),
    "intent.product": put(intent, OutputConditionIdentifier=String("FOGRA51")),
    "feature.script": hang(
        "Extra", lambda _: Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    ),
    "feature.action": put(lambda pdf: pdf.Root, OpenAction=Array([])),
    "feature.form": put(lambda pdf: pdf.Root, AcroForm=Dictionary(Fields=Array([]))),
    "feature.alternate": put(picture, Alternates=Array([])),
    "feature.opi": put(picture, OPI=Dictionary()),
    "feature.postscript": hang("Extra", lambda pdf: Stream(pdf, b"showpage", Subtype=Name.PS)),
    "feature.transfer": state(**{"/TR2": Name.Identity}),
    "feature.annotation": with_note,
    "feature.font": with_font,
    "feature.attachment": put(
        lambda pdf: pdf.Root, Names=Dictionary(EmbeddedFiles=Dictionary(Names=Array([])))
    ),
    "feature.transparency": state(**{"/ca": 0.5}),
    "feature.layer": put(lambda pdf: pdf.Root, OCProperties=Dictionary(OCGs=Array([]))),
    "feature.text": with_embedded_font,
    "picture.device": put(picture, ColorSpace=Name.DeviceRGB),
    "picture.profile": with_a_broken_profile,
    "picture.not_press": with_press_profile,
    "picture.intent": put(picture, Intent=Name.Best),
    "picture.jpeg": put(picture, Width=7),
    "picture.polarity": put(picture, Decode=None),
    "picture.one": a_second_picture,
    "picture.page": on_contents(b"q 60 0 0 60 0 0 cm /Page Do Q"),
    "picture.recipe": put(picture, ColorSpace=Name.DeviceRGB),
    "pdf.external": put(picture, F=String("other.jpg")),
}


def encrypted() -> bytes:
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        file = io.BytesIO()
        pdf.save(file, encryption=pikepdf.Encryption(owner="x", user="", R=4))
        return file.getvalue()


def newer() -> bytes:
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        return saved(pdf, "1.7")


def filtered(name: str) -> bytes:
    """Write a stream whose filter we never use."""
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        pdf.Root.Extra = pdf.make_indirect(Stream(pdf, b"ab>", Filter=Name(name)))
        file = io.BytesIO()
        pdf.save(file, force_version="1.6", fix_metadata_version=False, compress_streams=False,
                 stream_decode_level=pikepdf.StreamDecodeLevel.none)  # fmt: skip
        return file.getvalue()


def compressed_xmp() -> bytes:
    return tiny_pdf().replace(b"/Subtype /XML", b"/Filter [] /Subtype /XML", 1)


#: Breaches of the file as such.
FILES: dict[str, Callable[[], bytes]] = {
    "pdf.version": newer,
    "pdf.exact_version": newer,
    "pdf.binary_mark": lambda: tiny_pdf().replace(b"%\xbf\xf7\xa2\xfe", b"%abcd", 1),
    "pdf.id": lambda: tiny_pdf().replace(b"/ID [", b"/IE [", 1),
    "pdf.encryption": encrypted,
    "pdf.whole": lambda: tiny_pdf().replace(b"startxref\n", b"startxref\n9", 1),
    "pdf.lzw": lambda: filtered("/LZWDecode"),
    "pdf.filters": lambda: filtered("/ASCIIHexDecode"),
    "pdf.revisions": lambda: tiny_pdf() + b"\n%%EOF\n",
    "xmp.plain": compressed_xmp,
}


def codes(content: bytes) -> set[str]:
    return {found.code for found in broken_rules(content, tiny_recipe())}


def test_there_are_enough_rules_and_each_says_where_it_is_from() -> None:
    assert len(RULES) >= 25
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.words.endswith(".") and rule.source for rule in RULES)
    assert sum(rule.is_standard for rule in RULES) >= 25


def test_every_rule_has_its_breach() -> None:
    assert {rule.code for rule in RULES} == BREACHES.keys() | FILES.keys()


def test_a_good_file_breaks_none() -> None:
    assert codes(tiny_pdf()) == set()


@pytest.mark.parametrize("code", BREACHES)
def test_a_broken_part_is_seen(code: str) -> None:
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        assert codes(saved(pdf)) == set(), "saving alone breaks nothing"
        BREACHES[code](pdf)
        assert code in codes(saved(pdf))


@pytest.mark.parametrize("code", FILES)
def test_a_broken_file_is_seen(code: str) -> None:
    broken = FILES[code]()
    assert broken != tiny_pdf()
    assert code in codes(broken)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.6\n", b"\xff\xd8\xff", b"%PDF-1.6\ntrailer<<>>"])
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(BadDocument, match=r"print\.pdf"):
        broken_rules(content)


def test_a_password_is_asked_for_by_name() -> None:
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        file = io.BytesIO()
        pdf.save(file, encryption=pikepdf.Encryption(owner="x", user="y", R=4))
    with pytest.raises(BadDocument) as refused:
        broken_rules(file.getvalue())
    assert "password" in refused.value.public


def test_a_damaged_stream_of_anybodys_file_is_seen() -> None:
    with Pdf.open(io.BytesIO(tiny_pdf())) as pdf:
        jpeg = picture(pdf).read_raw_bytes()
    at = tiny_pdf().index(jpeg) + len(jpeg) // 2
    broken = tiny_pdf()[:at] + b"\xff\xd9" * 400 + tiny_pdf()[at + 800 :]
    assert {found.code for found in broken_rules(broken)} == {"pdf.whole"}


def verdict(content: bytes) -> str:
    try:
        return "broken" if broken_rules(content, tiny_recipe()) else "good"
    except BadDocument as refused:
        return refused.code


@pytest.mark.parametrize("at", range(0, 20_000, 97))
def test_a_damaged_file_is_judged_or_refused_but_never_crashes(at: int) -> None:
    content = bytearray(tiny_pdf())
    place = len(content) * at // 20_000
    content[place : place + 12] = b"[ 1 0 R null"
    assert verdict(bytes(content)) in {"good", "broken", "print.pdf"}


def test_an_empty_document_breaks_rules_instead_of_the_program() -> None:
    pdf = Pdf.new()
    found = {one.code for one in broken_rules(saved(pdf), tiny_recipe())}
    assert {"xmp.there", "intent.one", "box.one_page", "picture.one"} <= found
