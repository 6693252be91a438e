"""Whatever the bytes are: a verdict, never another exception."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from origin.decode.header import read_header
from origin.errors import PhotoRefused
from origin.ingest.caps import Caps
from origin.ingest.capture import read_capture
from origin.ingest.guard import inspect
from origin.ingest.magic import recognise
from origin.ingest.profile import judge
from origin.ingest.walk import WALKS
from tests.unit.ingest.made import DISPLAY_P3, KINDS, exif_of, format_of, photo, png, png_chunk

ROUNDS = 40


def spoiled(content: bytes, seed: int) -> bytes:
    """Flip, drop, repeat or overwrite some bytes, mostly near the start where headers are."""
    chance = random.Random(seed)
    broken = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = int(len(broken) * chance.random() ** 4)
        match chance.randint(0, 3):
            case 0:
                broken[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del broken[at : at + chance.randint(1, 40)]
            case 2:
                broken[at:at] = broken[at : at + chance.randint(1, 40)]
            case _:
                broken[at : at + 4] = chance.choice(
                    [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"]
                )
    return bytes(broken)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_photo_is_walked_or_refused(kind: str) -> None:
    family = "heif" if format_of(kind) in {"avif", "heic"} else format_of(kind)
    for seed in range(10 * ROUNDS):
        try:
            WALKS[family](spoiled(photo(kind), seed), Caps())
        except PhotoRefused as refused:
            assert refused.code.startswith("photo.")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_photo_is_accepted_or_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "photo"
    for seed in range(ROUNDS):
        path.write_bytes(spoiled(photo(kind), seed))
        try:
            found = inspect(path, Caps()).photo
        except PhotoRefused:
            continue
        header = read_header(path, found.format)
        assert {found.width_px, found.height_px} == {header.width_px, header.height_px}


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_recognised_or_refused(content: bytes) -> None:
    try:
        family = recognise(content)
    except PhotoRefused:
        return
    assert family in WALKS


@settings(max_examples=200)
@given(st.integers())
def test_any_exif_gives_short_texts(seed: int) -> None:
    exif = exif_of(6).removeprefix(b"Exif\0\0")
    for text in read_capture(spoiled(exif, seed)).values():
        assert len(text) <= 200
        assert text.isprintable()


@settings(max_examples=100, deadline=None)
@given(st.integers())
def test_any_profile_is_judged(seed: int) -> None:
    found = judge(spoiled(DISPLAY_P3, seed), "srgb")
    assert found.name is None or found.name.isprintable()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.binary(max_size=60)), max_size=20))
def test_any_chunks_are_walked_or_refused(chunks: list[tuple[bytes, bytes]]) -> None:
    try:
        found = WALKS["png"](png(*(png_chunk(*chunk) for chunk in chunks)), Caps())
    except PhotoRefused:
        return
    assert found.format == "png"
