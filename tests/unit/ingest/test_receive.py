"""Streaming an upload to the disk."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blake3 import blake3

from cache_keys.ids import content_of
from origin.errors import OriginError, PhotoRefused, StoreUnavailable
from origin.ingest.caps import Caps
from origin.ingest.receive import BATCH_BYTES, Received, receive

ID_KEY = bytes(range(32))
CONTENT = os.urandom(3 * BATCH_BYTES + 12_345)


async def stream(content: bytes, step: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(content), step):
        yield content[at : at + step]


def take(path: Path, content: bytes, caps: Caps | None = None, step: int = 65_536) -> Received:
    return asyncio.run(receive(stream(content, step), path, caps or Caps(), ID_KEY))


def refusal(path: Path, content: bytes, caps: Caps | None = None) -> str:
    with pytest.raises(OriginError) as refused:
        take(path, content, caps)
    return refused.value.code


@pytest.mark.parametrize("step", [1000, 65_536, 5 * BATCH_BYTES])
def test_bytes_size_and_both_digests_are_right(step: int, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    received = take(path, CONTENT, step=step)
    assert path.read_bytes() == CONTENT
    assert received == Received(
        len(CONTENT), blake3(CONTENT).hexdigest(), content_of(ID_KEY, CONTENT)
    )


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    take(path, b"x" * 100)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(tmp_path: Path) -> None:
    assert take(tmp_path / "a", b"x" * 100, Caps(upload_bytes=100)).size_bytes == 100
    assert refusal(tmp_path / "b", b"x" * 101, Caps(upload_bytes=100)) == "photo.too_large"
    assert not (tmp_path / "b").exists()


def test_an_endless_stream_is_stopped_at_the_limit(tmp_path: Path) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)

    with pytest.raises(PhotoRefused):
        asyncio.run(receive(endless(), tmp_path / "a", Caps(upload_bytes=1_000_000), ID_KEY))
    assert sent < 1_000_000 + 2 * BATCH_BYTES


def test_nothing_sent_is_empty(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a", b"") == "photo.empty"
    assert not (tmp_path / "a").exists()


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(2 * BATCH_BYTES)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(receive(broken(), tmp_path / "a", Caps(), ID_KEY))
    assert not (tmp_path / "a").exists()


def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    async def cancel_midway() -> None:
        begun = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield bytes(2 * BATCH_BYTES)
            begun.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(receive(slow(), tmp_path / "a", Caps(), ID_KEY))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_midway())
    assert not (tmp_path / "a").exists()


def test_a_folder_that_is_not_there_is_the_store_away(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no" / "a", b"x") == "store.unavailable"


def test_a_path_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"kept")
    with pytest.raises(StoreUnavailable):
        take(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"kept"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_said_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = os.open

    def open_full(path: Path, flags: int, mode: int = 0o777) -> int:
        real_open(path, flags, mode)  # the name is taken as usual, the bytes meet a full disk
        return real_open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("origin.ingest.receive.os.open", open_full)
    assert refusal(tmp_path / "a", b"x" * 100) == "store.full"
    assert not (tmp_path / "a").exists()


def test_the_main_process_can_receive_without_any_decoder() -> None:
    code = (
        "import sys, origin.ingest.caps, origin.ingest.receive, origin.ingest.magic, "
        "origin.ingest.job, origin.ingest.inspection, edgeproof.commands.check\n"
        "print([m for m in ('pyvips', 'PIL', 'pillow_heif', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
