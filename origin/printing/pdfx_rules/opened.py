"""A PDF that is looked at: its parts, found once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream

from origin.errors import BadDocument
from origin.printing.recipe import Recipe

OBJECTS_MAX: Final = 200_000
"""A page with a picture has about ten; a book of 500 pages from a layout program, some 50,000."""
DEPTH_MAX: Final = 100
NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfxid": "http://www.npes.org/pdfx/ns/id/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
}


@dataclass(frozen=True)
class Opened:
    """A file, and the recipe that it should be of when it is ours.

    warnings: what qpdf mended while it opened the file.
    """

    content: bytes
    pdf: Pdf
    warnings: tuple[str, ...] = ()
    recipe: Recipe | None = None

    @cached_property
    def everything(self) -> tuple[Object, ...]:
        """Every dictionary and stream of the file, those inside others too.

        Raises BadDocument "print.pdf" over OBJECTS_MAX.
        """
        found: list[Object] = []
        for top in self.pdf.objects:
            for part in _parts(top, 0):
                found.append(part)
                if len(found) > OBJECTS_MAX:
                    words = f"The PDF has more than {OBJECTS_MAX} objects."
                    raise BadDocument("print.pdf", words)
        return tuple(found)

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """Every stream."""
        return tuple(part for part in self.everything if isinstance(part, Stream))

    @cached_property
    def pictures(self) -> tuple[Stream, ...]:
        """Every image XObject."""
        return tuple(one for one in self.streams if one.get("/Subtype") == Name.Image)

    @cached_property
    def jpegs(self) -> tuple[tuple[Stream, memoryview], ...]:
        """Every DCT image XObject, with its bytes as they lie in the file, not copied."""
        return tuple(
            (one, memoryview(one.get_raw_stream_buffer()))
            for one in self.pictures
            if one.get("/Filter") == Name.DCTDecode
        )

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages in their order."""
        return tuple(self.pdf.pages)

    @cached_property
    def xmp(self) -> dict[str, str] | None:
        """The document's XMP by ``prefix:name``, None when there is none that can be read."""
        if self.pdf.Root.get("/Metadata") is None:
            return None
        read = self.pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False)
        names = list(read)
        known = {f"{{{uri}}}": f"{prefix}:" for prefix, uri in NAMESPACES.items()}
        texts: dict[str, str] = {}
        for name in names:
            uri, _, local = name.rpartition("}")
            prefix = known.get(f"{uri}}}")
            if prefix is not None:
                texts[prefix + local] = str(read[name])
        return texts

    def told(self, name: str) -> str:
        """Return one value of the XMP, "" when it is not there."""
        return (self.xmp or {}).get(name, "")

    @cached_property
    def info(self) -> Dictionary:
        """The document information dictionary, empty when there is none."""
        found = self.pdf.trailer.get("/Info")
        return found if isinstance(found, Dictionary) else Dictionary()

    @cached_property
    def intents(self) -> tuple[Object, ...]:
        """The PDF/X output intents."""
        found = self.pdf.Root.get("/OutputIntents", Array())
        assert isinstance(found, Array)
        return tuple(one for one in found if one.get("/S") == Name.GTS_PDFX)

    @cached_property
    def profile(self) -> bytes:
        """The profile of the output intent, b"" when there is none."""
        stream = self.intents[0].get("/DestOutputProfile") if self.intents else None
        return bytes(stream.read_bytes()) if isinstance(stream, Stream) else b""

    @cached_property
    def profile_sha256(self) -> str:
        """The digest of the output intent's profile."""
        return hashlib.sha256(self.profile).hexdigest()


def _parts(found: Object, depth: int) -> Iterator[Object]:
    """Yield a dictionary or stream and those directly inside; references have their own turn."""
    if depth > DEPTH_MAX:
        raise BadDocument("print.pdf", f"The PDF is nested over {DEPTH_MAX} deep.")
    inside: list[object]
    if isinstance(found, Stream | Dictionary):
        yield found
        inside = [found.get(key) for key in found.keys()]  # noqa: SIM118 (a PDF object is no dict)
    elif isinstance(found, Array):
        inside = list(found)
    else:
        return
    for part in inside:
        if isinstance(part, Array | Dictionary) and not part.is_indirect:
            yield from _parts(part, depth + 1)
