"""A start that cannot work says why in a sentence; stores that fail later answer 503."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.server import server


def edgeproof(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin"}
    environment |= {f"EDGEPROOF_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "edgeproof", *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_mistyped_setting_is_refused_by_name(tmp_path: Path) -> None:
    done = edgeproof("tenants", "list", data_dir=str(tmp_path), workerz="2")
    assert done.returncode == 2
    assert "EDGEPROOF_WORKERZ" in done.stderr


def test_a_setting_out_of_range_is_refused_by_name(tmp_path: Path) -> None:
    done = edgeproof("tenants", "list", data_dir=str(tmp_path), workers="0")
    assert done.returncode == 2
    assert "EDGEPROOF_WORKERS" in done.stderr


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    done = edgeproof("serve", data_dir=str(file / "data"), public_bind="127.0.0.1:0")
    assert done.returncode == 1
    assert "store.unavailable" in done.stderr
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


def test_production_refuses_to_start_without_keys(tmp_path: Path) -> None:
    done = edgeproof("serve", data_dir=str(tmp_path), mode="production", public_bind="127.0.0.1:0")
    assert done.returncode == 2
    assert "no key ring" in done.stderr


def test_a_key_ring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ring = tmp_path / "ring.json"
    ring.write_text("{}")
    ring.chmod(0o644)
    done = edgeproof("config", "check", data_dir=str(tmp_path), key_ring=str(ring))
    assert done.returncode == 1
    assert "chmod 600" in done.stderr


def test_records_of_another_kind_are_named_before_the_start(tmp_path: Path) -> None:
    done = edgeproof("config", "check", data_dir=str(tmp_path), database_url="mysql://u@h/shop")
    assert done.returncode == 1
    assert "'mysql' is no kind of records" in done.stderr


def test_a_port_that_is_taken_is_named(data_dir: Path) -> None:
    with server(data_dir) as running:
        taken = f"127.0.0.1:{running.public_port}"
        done = edgeproof("serve", data_dir=str(data_dir.parent / "other"), public_bind=taken)
        assert done.returncode == 1
        assert taken in done.stderr


@pytest.mark.parametrize("command", ["serve", "check", "tenants", "url", "keys", "presets"])
def test_every_command_explains_itself(command: str) -> None:
    done = edgeproof(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_a_locked_database_serves_what_is_stored_and_503_for_the_rest(
    data_dir: Path, photo: bytes
) -> None:
    with server(data_dir, busy_timeout_s="0.2") as running:
        asset = running.asset(photo)
        stored = running.get(asset, "w_320.jpg")
        assert stored.status_code == 200
        lock = sqlite3.connect(data_dir / "records.sqlite3", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        try:
            assert running.get(asset, "w_320.jpg").content == stored.content
            refused = running.get(asset, "w_640.jpg")
            assert refused.status_code == 503
            assert refused.json()["code"] == "records.unavailable"
            assert int(refused.headers["retry-after"]) > 0
            assert running.upload(photo + b" ").status_code == 503
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        assert running.get(asset, "w_640.jpg").status_code == 200


def test_a_full_disk_is_503_and_leaves_nothing_half_written(data_dir: Path, photo: bytes) -> None:
    """The kernel refuses writes past RLIMIT_FSIZE as a full disk refuses them."""
    import resource

    with server(data_dir) as running:
        asset = running.asset(photo)
        stored = running.get(asset, "w_320.jpg")
        assert running.process is not None
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4_096, hard))
        refused = running.get(asset, "w_1280.jpg")
        assert refused.status_code == 503
        assert refused.json()["code"] in ("store.full", "store.unavailable", "records.unavailable")
        assert running.upload(photo + b"  ").status_code == 503
        assert running.get(asset, "w_320.jpg").content == stored.content
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)
        time.sleep(0.1)
        scratch = data_dir / "objects" / ".tmp"
        assert [path for path in scratch.rglob("*") if path.is_file() and path.stat().st_size] == []
        assert running.get(asset, "w_1280.jpg").status_code == 200
