"""A store that fills up in the middle of a print: a code, nothing half there, made when resumed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.photos import photo_jpeg
from tests.system.printing import ended, order, resume
from tests.system.server import TENANT, Server, server

PRODUCT = "photo-10x15~1"
ROOM_BYTES = 200_000
"""What is left on the disk: less than the file of any print of this photo."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Server]:
    """A shop whose objects lie on a disk of 24 MiB that really fills up."""
    mount = tmp_path / "data" / "objects"
    mount.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets no test mount a small tmpfs")
    try:
        with server(tmp_path / "data") as running:
            yield running
    finally:
        subprocess.run(["umount", "--lazy", str(mount)], check=True)


def fill(shop: Server) -> Path:
    """Leave ROOM_BYTES free."""
    objects = shop.data_dir / "objects"
    room = os.statvfs(objects)
    ballast = objects / "ballast"
    ballast.write_bytes(bytes(room.f_bavail * room.f_bsize - ROOM_BYTES))
    return ballast


def left(shop: Server) -> list[str]:
    """Return what there is of prints, scratch files too."""
    objects = shop.data_dir / "objects"
    folders = (objects / TENANT / "prints", objects / ".tmp")
    return [str(path) for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_a_print_on_a_full_disk_is_paused_and_is_made_whole_when_there_is_room(
    shop: Server,
) -> None:
    asset = shop.asset(photo_jpeg(1824, 1224, 91))
    ballast = fill(shop)
    answer = order(shop, asset=asset, product=PRODUCT)
    assert answer.status_code == 201, answer.text
    document = ended(shop, answer.json()["print"])
    assert (document["state"], document["code"]) == ("paused", "store.full")
    assert "no room" in document["detail"]
    assert left(shop) == []
    resume(shop, document["print"])
    assert ended(shop, document["print"])["state"] == "paused", "it is still full"
    ballast.unlink()
    assert resume(shop, document["print"]).status_code == 200
    document = ended(shop, document["print"])
    assert document["state"] == "done", document
    content = shop.http.get(document["file"]["url"]).content
    assert hashlib.sha256(content).hexdigest() == document["file"]["sha256"]
    assert len(content) > ROOM_BYTES


def test_the_command_on_a_full_disk_says_so_and_writes_no_file(shop: Server) -> None:
    asset = shop.asset(photo_jpeg(1824, 1224, 92))
    ballast = fill(shop)
    output = shop.data_dir / "print.jpg"
    command = ("print", "render", "--tenant", TENANT, "--asset", asset, "--product", PRODUCT)
    full = shop.run(*command, "-o", str(output), check=False)
    assert (full.returncode, "paused: store.full" in full.stderr) == (1, True), full.stderr
    assert (output.exists(), left(shop)) == (False, [])
    ballast.unlink()
    shop.run(*command, "-o", str(output))
    assert output.stat().st_size > ROOM_BYTES
