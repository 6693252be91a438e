"""A bit that flips on the disk is found, counted, removed, and never served."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from blake3 import blake3
from PIL import Image

from origin.adapters.disk import Disk
from origin.adapters.file_objects import FileObjects
from origin.adapters.sealed import NOTE_BYTES, Note, note_bytes, unsealed

pytestmark = pytest.mark.anyio
NAME = "acme/masters/aaa/e/640"
CONTENT = bytes(range(256)) * 4


@pytest.fixture
def damaged() -> list[str]:
    return []


@pytest.fixture
async def objects(disk: Disk, damaged: list[str]) -> FileObjects:
    objects = FileObjects(disk, on_damage=damaged.append)
    await objects.put(NAME, CONTENT)
    return objects


def flip(path: Path, at: int) -> None:
    stored = bytearray(path.read_bytes())
    stored[at] ^= 1
    path.write_bytes(stored)


@pytest.mark.parametrize("at", [0, 511, len(CONTENT) - 1, *range(-NOTE_BYTES, 0, 7), -1])
async def test_one_flipped_bit_anywhere_is_found_and_removed(
    objects: FileObjects, root: Path, damaged: list[str], at: int
) -> None:
    flip(root / NAME, at)
    assert await objects.get(NAME) is None
    assert damaged == [NAME]
    assert not (root / NAME).exists()


@pytest.mark.parametrize("length", [0, 1, NOTE_BYTES - 1, NOTE_BYTES, len(CONTENT)])
async def test_a_file_that_is_cut_short_is_found_and_removed(
    objects: FileObjects, root: Path, damaged: list[str], length: int
) -> None:
    (root / NAME).write_bytes((root / NAME).read_bytes()[:length])
    assert await objects.get(NAME) is None
    assert damaged == [NAME]


async def test_a_file_of_another_name_is_not_served_under_this_one(
    objects: FileObjects, root: Path, damaged: list[str]
) -> None:
    other = "acme/masters/bbb/e/640"
    await objects.put(other, b"another photo")
    (root / NAME).write_bytes((root / other).read_bytes())
    assert await objects.get(NAME) is None
    assert await objects.get(other) == b"another photo"
    assert damaged == [NAME]


async def test_damaged_bytes_do_not_win_over_sound_ones(objects: FileObjects, root: Path) -> None:
    flip(root / NAME, 5)
    assert await objects.put(NAME, b"made again") == b"made again"
    assert await objects.get(NAME) == b"made again"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
async def test_a_stored_picture_still_opens_in_a_viewer(disk: Disk, root: Path, kind: str) -> None:
    encoded = BytesIO()
    Image.new("RGB", (64, 48), (200, 100, 50)).save(encoded, kind)
    await FileObjects(disk).put(NAME, encoded.getvalue())
    with Image.open(root / NAME) as picture:
        picture.load()
        assert (picture.format, picture.size) == (kind, (64, 48))


def test_every_bit_of_a_small_object_is_guarded() -> None:
    stored = b"ab" + note_bytes(NAME, Note(blake3(b"ab").digest(), generation=3))
    assert unsealed(NAME, stored) is not None
    for bit in range(8 * len(stored)):
        changed = bytearray(stored)
        changed[bit // 8] ^= 1 << bit % 8
        assert unsealed(NAME, bytes(changed)) is None, f"bit {bit} is not guarded"
