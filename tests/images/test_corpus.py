"""Every file of the corpus, judged once by the machinery of ``edgeproof check``."""

from __future__ import annotations

import asyncio
import csv
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgeproof.commands.check import Verdict, verdicts
from edgeproof.settings import Settings
from origin.errors import KINDS
from origin.ingest.warnings import WARNINGS
from tests.images.corpus_rows import CHOICES, HEIC_IS_READ, STILL_REFUSED

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("EDGEPROOF_CORPUS") or ROOT / ".." / "shared" / "corpus")
MANIFEST = CORPUS / "manifest.tsv"
REQUIRES_ALL = os.environ.get("EDGEPROOF_REQUIRE_ALL") == "1"

HOSTILE_CPU_S = 0.5
HOSTILE_RSS_MB = 300.0
"""What one refused file may cost its worker above its warm level."""

WITHOUT_OWN_PAGES = frozenset({"png", "gif", "heic"})
"""Formats whose frames the manifest counts otherwise: it takes an APNG as one page, counts a frame
that is cut off, and read no HEIC."""


@dataclass(frozen=True)
class Row:
    """One line of the manifest."""

    file: str
    expected: str
    reason: str
    size_px: tuple[int, int] | None
    pages: str
    orientation: int
    use: str


def manifest() -> list[Row]:
    if not MANIFEST.is_file():
        return []
    with MANIFEST.open(encoding="utf-8") as file:
        return [
            Row(
                file=line["file"],
                expected=line["expected"],
                reason=line["reason"],
                size_px=(int(line["w"]), int(line["h"])) if line["w"] else None,
                pages=line["pages"],
                orientation=int(line["orient"] or 1),
                use=line["use"],
            )
            for line in csv.DictReader(file, delimiter="\t")
        ]


ROWS = manifest()
HARD = [row for row in ROWS if row.use in {"hard", "photo"} and row.file not in CHOICES]
ACCEPTED = [row for row in HARD if row.expected == "ok"]
REFUSED = [row for row in HARD if row.expected == "reject" and row.file not in HEIC_IS_READ]

CODES_BY_REASON = {
    "unknown magic": {"photo.format"},
    "too short": {"photo.empty"},
    "pixels>cap": {"photo.pixels", "photo.side"},
    "pages>cap": {"photo.pages"},
    "estimated decode memory>cap": {"photo.decode_bytes"},
    "metadata inflates": {"photo.metadata"},
    "decode:": {"photo.damaged", "photo.chunks", "photo.side", "photo.format", "photo.pixels"},
}
"""The manifest's reasons (their beginnings) and the codes that say the same."""


def by_file(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.file for row in rows])


def judged(files: list[Path], workers: int) -> dict[str, Verdict]:
    async def collect() -> dict[str, Verdict]:
        settings = Settings.model_validate({"workers": workers})
        return {
            str(Path(verdict.file).relative_to(CORPUS)): verdict
            async for verdict in verdicts(files, settings)
        }

    return asyncio.run(collect())


@pytest.fixture(scope="module")
def found() -> dict[str, Verdict]:
    return judged([CORPUS / row.file for row in ROWS], workers=2)


def test_the_corpus_is_there() -> None:
    if not ROWS and not REQUIRES_ALL:
        pytest.skip(f"NO CORPUS: {MANIFEST} is not there; set EDGEPROOF_CORPUS to test with it")
    assert ROWS, f"EDGEPROOF_REQUIRE_ALL=1 and {MANIFEST} is not there"


@by_file(ACCEPTED)
def test_a_good_photo_is_accepted_with_its_size(row: Row, found: dict[str, Verdict]) -> None:
    verdict = found[row.file]
    assert verdict.code is None, verdict.reason
    assert verdict.inspection is not None
    photo = verdict.inspection.photo
    assert row.size_px is not None
    width_px, height_px = row.size_px
    is_sideways = photo.orientation > 4
    assert (photo.width_px, photo.height_px) == (
        (height_px, width_px) if is_sideways else (width_px, height_px)
    )
    assert photo.orientation == row.orientation
    assert photo.format in WITHOUT_OWN_PAGES or str(photo.pages) == row.pages


@by_file(REFUSED)
def test_a_bad_file_is_refused_for_its_reason(row: Row, found: dict[str, Verdict]) -> None:
    code = found[row.file].code
    assert code is not None
    assert code in KINDS
    for reason, codes in CODES_BY_REASON.items():
        if row.reason.startswith(reason):
            assert code in codes


@by_file([row for row in ROWS if row.file in HEIC_IS_READ])
def test_a_heic_that_the_manifest_could_not_read_is_accepted(
    row: Row, found: dict[str, Verdict]
) -> None:
    assert found[row.file].code is None


@by_file([row for row in ROWS if row.file in STILL_REFUSED])
def test_raw_samples_in_heif_get_a_sentence(row: Row, found: dict[str, Verdict]) -> None:
    verdict = found[row.file]
    assert verdict.code == "photo.format"
    assert "HEIF" in str(verdict.reason)


@by_file([row for row in ROWS if row.file in CHOICES])
def test_a_choice_is_the_one_written_down(row: Row, found: dict[str, Verdict]) -> None:
    assert (found[row.file].code or "ok") == CHOICES[row.file]


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_every_row_is_judged_and_every_choice_is_a_row(found: dict[str, Verdict]) -> None:
    assert set(found) == {row.file for row in ROWS}
    assert {*CHOICES, *STILL_REFUSED, *HEIC_IS_READ} <= set(found)


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_no_worker_died_or_overran(found: dict[str, Verdict]) -> None:
    assert [file for file, verdict in found.items() if verdict.cpu_s is None] == []


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_a_refused_file_costs_little(found: dict[str, Verdict]) -> None:
    dear = {
        file: (verdict.cpu_s, verdict.rss_mb)
        for file, verdict in found.items()
        if verdict.code
        and not ((verdict.cpu_s or 0) < HOSTILE_CPU_S and (verdict.rss_mb or 0) < HOSTILE_RSS_MB)
    }
    assert dear == {}


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_a_refusal_does_not_depend_on_what_came_before(found: dict[str, Verdict]) -> None:
    refused = [file for file, verdict in found.items() if verdict.code]
    again = judged([CORPUS / file for file in reversed(refused)], workers=1)
    changed = {file for file in refused if again[file].code != found[file].code}
    assert changed == set()


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_warnings_are_of_the_closed_set(found: dict[str, Verdict]) -> None:
    words = {
        word
        for verdict in found.values()
        if verdict.inspection
        for word in verdict.inspection.warnings
    }
    assert words <= set(WARNINGS)
    assert words >= {"low_resolution", "no_profile", "wide_gamut", "cmyk", "transparency"}


@pytest.mark.skipif(not ROWS, reason="NO CORPUS")
def test_iphone_photos_keep_their_display_p3(found: dict[str, Verdict]) -> None:
    for file in ("photos/IMG_5195.HEIC", "photos/iphone_13_pro_max.HEIC"):
        inspection = found[file].inspection
        assert inspection is not None
        assert inspection.photo.profile_name == "Display P3"
        assert "wide_gamut" in inspection.warnings
        assert inspection.capture["make"] == "Apple"
