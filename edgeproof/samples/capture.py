"""EXIF as a camera writes it: orientation, exposure, a serial number and, if asked, the place."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees north and east, metres above the sea."""

    north_deg: float
    east_deg: float
    height_m: float


@dataclass(frozen=True, slots=True)
class Capture:
    """What the camera knew. taken: ``YYYY:MM:DD HH:MM:SS``; orientation: EXIF 1..8."""

    taken: str
    focal_mm: int
    f_number: float
    exposure_s: tuple[int, int]
    iso: int
    orientation: int = 1
    place: Place | None = None


def exif(capture: Capture) -> bytes:
    """Return the EXIF block (``Exif`` marker included), ready for Pillow's ``exif=``."""
    block = Image.Exif()
    block[ExifTags.Base.Make] = "edgeproof"
    block[ExifTags.Base.Model] = "Dark Room 1"
    block[ExifTags.Base.Orientation] = capture.orientation
    block[ExifTags.Base.Software] = "edgeproof samples"
    block[ExifTags.Base.DateTime] = capture.taken
    block[ExifTags.Base.Artist] = "edgeproof"
    block[ExifTags.Base.Copyright] = "Public domain (CC0)"
    details = block.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.ExposureTime] = IFDRational(*capture.exposure_s)
    details[ExifTags.Base.FNumber] = IFDRational(round(capture.f_number * 10), 10)
    details[ExifTags.Base.ISOSpeedRatings] = capture.iso
    details[ExifTags.Base.DateTimeOriginal] = capture.taken
    details[ExifTags.Base.FocalLength] = IFDRational(capture.focal_mm, 1)
    details[ExifTags.Base.BodySerialNumber] = "SAMPLE-0042"
    if capture.place:
        block.get_ifd(ExifTags.IFD.GPSInfo).update(_gps(capture.place))
    return block.tobytes()


def _gps(place: Place) -> dict[int, object]:
    return {
        ExifTags.GPS.GPSVersionID: b"\x02\x03\x00\x00",
        ExifTags.GPS.GPSLatitudeRef: "N" if place.north_deg >= 0 else "S",
        ExifTags.GPS.GPSLatitude: _dms(abs(place.north_deg)),
        ExifTags.GPS.GPSLongitudeRef: "E" if place.east_deg >= 0 else "W",
        ExifTags.GPS.GPSLongitude: _dms(abs(place.east_deg)),
        ExifTags.GPS.GPSAltitudeRef: b"\x00",
        ExifTags.GPS.GPSAltitude: IFDRational(round(place.height_m * 10), 10),
    }


def _dms(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    hundredths = round(degrees * 3600 * 100)
    whole, rest = divmod(hundredths, 360_000)
    minutes, seconds = divmod(rest, 6_000)
    return IFDRational(whole, 1), IFDRational(minutes, 1), IFDRational(seconds, 100)
