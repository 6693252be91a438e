"""Pictures on the disk are answered without a thread, and never but as they were stored."""

from __future__ import annotations

from pathlib import Path

from tests.images.photos import photo_jpeg
from tests.system.server import server


def test_a_picture_on_the_disk_is_read_and_proven_for_each_answer(tmp_path: Path) -> None:
    with server(tmp_path, memory_cache_mb="0") as made:
        asset = made.asset(photo_jpeg(900, 700, 4))
        first = made.get(asset, "w_320.webp")
        assert first.status_code == 200
        for _ in range(3):
            again = made.get(asset, "w_320.webp")
            assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        stored = next((tmp_path).rglob(f"derivatives/{asset}/*.webp"))
        whole = stored.read_bytes()
        stored.write_bytes(whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:])
        mended = made.get(asset, "w_320.webp")
        assert mended.content == first.content
        assert stored.read_bytes() == whole
        stored.unlink()
        assert made.get(asset, "w_320.webp").content == first.content
        made.stop()
        hits = [line["hit"] for line in made.log_lines("preview_answered")]
    assert hits.count("render") == 3
    assert hits.count("disk") == 3
