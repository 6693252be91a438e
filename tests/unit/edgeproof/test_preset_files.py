"""Preset files as a running server reads them: a version never changes under its number."""

from __future__ import annotations

from pathlib import Path

import pytest

from cache_keys.preset_file import parse_presets
from cache_keys.preset_lock import lint, lock_text
from edgeproof import presets
from edgeproof.console import CommandFailed
from edgeproof.presets import PresetFiles, check_files


def toml(ops: str, version: int = 1) -> str:
    return f'[[presets]]\nname = "card"\nversion = {version}\nops = "{ops}"\n'


@pytest.fixture(autouse=True)
def _looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "LOOK_S", -1.0)


def width(files: PresetFiles, version: int = 1) -> int | None:
    found = files.preset("acme", "card", version)
    return None if found is None else found.ops.w


def test_a_new_version_is_taken_up_while_serving(tmp_path: Path) -> None:
    files, path = PresetFiles(tmp_path), tmp_path / "acme.toml"
    assert width(files) is None
    path.write_text(toml("w_100"))
    assert width(files) == 100
    path.write_text(toml("w_100") + toml("w_200", 2))
    assert (width(files), width(files, 2)) == (100, 200)


def test_a_version_that_was_edited_under_its_number_stays_what_it_was(tmp_path: Path) -> None:
    files, path = PresetFiles(tmp_path), tmp_path / "acme.toml"
    path.write_text(toml("w_100"))
    assert width(files) == 100
    path.write_text(toml("w_2000"))
    assert width(files) == 100


def test_a_version_that_differs_from_its_lock_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    verdict = lint({}, parse_presets(toml("w_100").encode(), ".toml"))
    path.with_name("acme.toml.lock").write_text(lock_text(verdict.lock))
    path.write_text(toml("w_2000"))
    assert width(PresetFiles(tmp_path)) is None


@pytest.mark.parametrize("broken", ["no toml [", '[[presets]]\nname = "card"\n'])
def test_a_broken_file_keeps_the_last_good_one(tmp_path: Path, broken: str) -> None:
    files, path = PresetFiles(tmp_path), tmp_path / "acme.toml"
    path.write_text(toml("w_100"))
    assert width(files) == 100
    path.write_text(broken)
    assert width(files) == 100
    with pytest.raises(CommandFailed, match=r"acme\.toml"):
        check_files(tmp_path)


def test_a_file_that_cannot_be_read_is_no_error_of_a_request(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").symlink_to("/proc/1/mem")
    assert width(PresetFiles(tmp_path)) is None
