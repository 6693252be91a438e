"""What other people's programs see in our print PDFs: qpdf, Ghostscript, exiftool."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from origin.printing.pdfx import wrap
from tests.conftest import missing
from tests.unit.printing.pdf_pages import PRINT_ID, card_pdf, page_jpeg, profile_bytes, recipe

PLATES = ("Cyan", "Magenta", "Yellow", "Black")
FULL, NONE = 0, 255
"""tiffsep's plates are film positives: full ink is black."""
SLACK = 3
"""Levels: the JPEG of pure patches at quality 95 is off by at most two in the middle of a patch."""


def tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        missing(f"{name} (Debian package {package})")
        raise AssertionError
    return path


@pytest.fixture(scope="module")
def patches() -> NDArray[np.uint8]:
    """Six upright stripes: paper, pure C, M, Y, K at full, and 40 % of all four."""
    width, height = recipe().page_px
    px = np.zeros((height, width, 4), np.uint8)
    for plate in range(4):
        px[:, (plate + 1) * width // 6 : (plate + 2) * width // 6, plate] = 255
    px[:, 5 * width // 6 :] = 102
    return px


@pytest.fixture(scope="module")
def file(patches: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    of = recipe()
    path = tmp_path_factory.mktemp("pdf") / "page.pdf"
    path.write_bytes(wrap(page_jpeg(of, patches), of, profile_bytes(of), PRINT_ID))
    return path


@pytest.fixture(scope="module")
def plates(file: Path) -> dict[str, NDArray[np.uint8]]:
    """The separations as Ghostscript makes them, one px per px of the picture."""
    command = [tool("gs", "ghostscript"), "-q", "-dSAFER", "-dNOPAUSE", "-dBATCH", "-r72"]
    out = file.parent / "plate.tif"
    command += ["-sDEVICE=tiffsep", f"-sOutputFile={out}", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    found = {}
    for name in PLATES:
        with Image.open(file.parent / f"plate({name}).tif") as image:
            found[name] = np.asarray(image.convert("L"))
    return found


def test_qpdf_finds_nothing_wrong(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(card_pdf())
    command = [tool("qpdf", "qpdf"), "--check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "PDF Version: 1.6" in done.stdout


def test_qpdf_hands_out_the_very_jpeg(tmp_path: Path) -> None:
    of = recipe()
    jpeg = page_jpeg(of)
    path = tmp_path / "page.pdf"
    path.write_bytes(wrap(jpeg, of, profile_bytes(of), PRINT_ID))
    qpdf = tool("qpdf", "qpdf")
    shown = subprocess.run([qpdf, "--json", str(path)], capture_output=True, check=True)
    objects = json.loads(shown.stdout)["qpdf"][1]
    name = next(
        key
        for key, value in objects.items()
        if value.get("stream", {}).get("dict", {}).get("/Subtype") == "/Image"
    )
    number = name.removeprefix("obj:").split()[0]
    command = [qpdf, f"--show-object={number}", "--raw-stream-data", str(path)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == jpeg


def test_separations_are_four_plates_of_the_right_polarity(
    plates: dict[str, NDArray[np.uint8]],
) -> None:
    width = next(iter(plates.values())).shape[1]
    for number, name in enumerate(PLATES):
        stripes = [
            float(np.median(plates[name][:, n * width // 6 + 3 : (n + 1) * width // 6 - 3]))
            for n in range(6)
        ]
        wanted = [NONE, *(FULL if n == number else NONE for n in range(4)), 255 - 102]
        assert stripes == pytest.approx(wanted, abs=SLACK), name


def test_no_other_plate_appears(plates: dict[str, NDArray[np.uint8]], file: Path) -> None:
    assert plates
    found = sorted(path.name for path in file.parent.glob("plate(*.tif"))
    assert found == sorted(f"plate({name}).tif" for name in PLATES)


def test_ghostscript_sees_the_boxes(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(card_pdf())
    command = [tool("gs", "ghostscript"), "-q", "-dNODISPLAY", "-dNOSAFER", f"-sFileName={path}"]
    command += ["-c", "FileName (r) file runpdfbegin 1 pdfgetpage dup /TrimBox pget pop == "]
    command[-1] += "/BleedBox pget pop == quit"
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    boxes = [
        [float(side) for side in line.strip("[]").split()]
        for line in done.stdout.split("\n")
        if line
    ]
    points = 72 / 25_400
    assert boxes[0] == pytest.approx(
        [3_175 * points, 3_175 * points, (3_175 + 40_001) * points, (3_175 + 25_400) * points],
        abs=0.01,
    )
    assert boxes[1] == pytest.approx(
        [0, 0, (40_001 + 6_350) * points, (25_400 + 6_350) * points], abs=0.01
    )


def test_exiftool_reads_the_standard_and_nothing_private(exiftool: str, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(card_pdf())
    command = [exiftool, "-json", "-G", "-a", "-u", "-ee", str(path)]
    row = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    assert row["XMP:GTS_PDFXVersion"] == "PDF/X-4"
    assert row["PDF:CreateDate"] == row["XMP:CreateDate"]
    assert row["PDF:Title"] == row["XMP:Title"] == "A card & a <title>"
    groups = {name.split(":")[0] for name in row} - {"SourceFile", "ExifTool", "File"}
    assert groups == {"PDF", "XMP"}
