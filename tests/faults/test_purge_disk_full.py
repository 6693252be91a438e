"""A purge on a full disk is refused with a sentence and a code; with room again it is taken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIG = '[[dry_run]]\nname = "nobody"\n'
TAGS = "".join(f"x-{number:060}\n" for number in range(5_000))


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder on a disk of eight MiB."""
    mount = tmp_path / "data"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets no test mount a small tmpfs")
    yield mount
    subprocess.run(["umount", "--lazy", str(mount)], check=True)


def run(data_dir: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EDGEPROOF_")}
    return subprocess.run(
        [sys.executable, "-m", "edgeproof", *words],
        env={**kept, "EDGEPROOF_DATA_DIR": str(data_dir)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_purge_on_a_full_disk_is_refused_whole_and_taken_when_there_is_room(
    data_dir: Path,
) -> None:
    assert run(data_dir, "tenants", "add", "acme").returncode == 0
    (data_dir / "purge.toml").write_text(CONFIG)
    assert run(data_dir, "purge", "tag", "x-1").returncode == 0
    room = os.statvfs(data_dir)
    ballast = data_dir / "ballast"
    ballast.write_bytes(bytes((room.f_bavail - 40) * room.f_bsize))
    refused = run(data_dir, "purge", "tag", "--file", "-", stdin=TAGS)
    assert refused.returncode == 1, refused.stdout
    assert "queue.full: The purge queue cannot be written: the disk is full." in refused.stderr
    assert "Traceback" not in refused.stderr
    ballast.unlink()
    assert len(run(data_dir, "purge", "status", "--json").stdout.splitlines()) == 1
    done = run(data_dir, "purge", "tag", "--file", "-", "--wait", "--json", stdin=TAGS)
    assert done.returncode == 0, done.stderr
    assert run(data_dir, "audit", "verify").returncode == 0
