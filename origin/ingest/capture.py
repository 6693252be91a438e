"""Reads what the camera wrote: kept private with the record, never served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from origin.decode.view import View
from origin.errors import PhotoRefused
from origin.ingest.ifd import Directory, Reader, reader_of

EXIF_DIRECTORY, GPS_DIRECTORY = 34665, 34853
ENTRIES_MAX: Final = 500
"""Fields of one directory; cameras write 20 to 80."""

MAIN_TEXTS: Final = {
    271: "make",
    272: "model",
    305: "software",
    306: "changed_at",
    315: "artist",
    33432: "copyright",
}
EXIF_TEXTS: Final = {
    36867: "taken_at",
    36881: "taken_at_offset",
    42032: "camera_owner",
    42033: "camera_serial",
    42035: "lens_make",
    42036: "lens_model",
    42037: "lens_serial",
}
"""Exif 2.32 (CIPA DC-008), tables 4 to 8: tags and our names for them."""


def read_capture(exif: View) -> dict[str, str]:
    """Return the camera's data by name, each printable and at most 200 characters.

    exif: a TIFF structure, or empty. ``gps`` is "yes" when a position is there; the position itself
    is not copied. Broken Exif gives what could be read: it never refuses a photo.
    """
    found: dict[str, str] = {}
    if not exif:
        return found
    try:
        reader = reader_of(exif)
        main = reader.directory(reader.first_at, ENTRIES_MAX)
    except PhotoRefused:
        return found
    _tolerant(lambda: _read_texts(reader, main, MAIN_TEXTS, found))
    _tolerant(lambda: _read_exif(reader, main, found))
    _tolerant(lambda: _read_gps(reader, main, found))
    return found


def _read_exif(reader: Reader, main: Directory, found: dict[str, str]) -> None:
    at = reader.whole(main.entries.get(EXIF_DIRECTORY))
    if at:
        _read_texts(reader, reader.directory(at, ENTRIES_MAX), EXIF_TEXTS, found)


def _read_gps(reader: Reader, main: Directory, found: dict[str, str]) -> None:
    at = reader.whole(main.entries.get(GPS_DIRECTORY))
    if at and reader.directory(at, ENTRIES_MAX).entries:
        found["gps"] = "yes"


def _read_texts(
    reader: Reader, directory: Directory, names: dict[int, str], found: dict[str, str]
) -> None:
    for tag, name in names.items():
        text = reader.text(directory.entries.get(tag))
        if text:
            found[name] = text


def _tolerant(step: Callable[[], None]) -> None:
    try:
        step()
    except PhotoRefused:
        return
