"""``edgeproof presets``: lint against the lock, list, show."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edgeproof.commands.presets import app
from edgeproof.console import CommandFailed, ExitCode

ONE = '[[presets]]\nname = "card"\nversion = 1\nops = "w_640,h_480,fit_cover"\neager = ["webp"]\n'
TWO = ONE + '[[presets]]\nname = "card"\nversion = 2\nops = "w_960"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(ONE, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def failed_with(result: Result) -> ExitCode:
    assert isinstance(result.exception, CommandFailed)
    return result.exception.exit_code


def test_lint_locks_new_versions(file: Path) -> None:
    assert run("lint", file).exit_code == 0
    assert list(json.loads(lock_of(file).read_text())["presets"]) == ["card~1"]
    assert [path.name for path in sorted(file.parent.iterdir())] == ["acme.toml", "acme.toml.lock"]


def test_lint_twice_changes_nothing(file: Path) -> None:
    run("lint", file)
    first = lock_of(file).read_bytes()
    assert run("lint", file, "--check").exit_code == 0
    assert lock_of(file).read_bytes() == first


def test_lint_refuses_an_edited_version_and_leaves_the_lock(file: Path) -> None:
    run("lint", file)
    locked = lock_of(file).read_bytes()
    file.write_text(TWO.replace("w_640", "w_800"), encoding="utf-8")
    result = run("lint", file)
    assert failed_with(result) is ExitCode.FAILED
    assert "card~1 was edited: give it a new number, card~2." in result.output
    assert lock_of(file).read_bytes() == locked


def test_check_refuses_a_version_that_is_not_locked_and_writes_nothing(file: Path) -> None:
    result = run("lint", file, "--check")
    assert failed_with(result) is ExitCode.FAILED
    assert "not in acme.toml.lock yet: card~1" in result.output
    assert not lock_of(file).exists()


def test_lint_refuses_a_watermark_that_cannot_be_drawn(file: Path) -> None:
    file.write_text(ONE + '[presets.watermark]\ntext = "見本"\n', encoding="utf-8")
    result = run("lint", file)
    assert failed_with(result) is ExitCode.FAILED
    assert "見本" in result.output


def test_lint_says_where_a_file_is_wrong(file: Path) -> None:
    file.write_text(ONE.replace("w_640", "x_640"), encoding="utf-8")
    result = run("lint", file)
    assert failed_with(result) is ExitCode.FAILED
    assert "/presets/0/ops" in str(result.exception)


def test_a_damaged_lock_is_never_written_over(file: Path) -> None:
    lock_of(file).write_text("{", encoding="utf-8")
    assert failed_with(run("lint", file)) is ExitCode.FAILED
    assert lock_of(file).read_text() == "{"


@pytest.mark.parametrize("name", ["none.toml", "presets.yaml"])
def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    assert failed_with(run("lint", tmp_path / name)) is ExitCode.USAGE


def test_list_prints_a_preset_a_line(file: Path) -> None:
    file.write_text(TWO, encoding="utf-8")
    lines = run("list", file).output.splitlines()
    assert [line.split() for line in lines] == [
        ["card~1", "w_640,h_480,fit_cover", "eager:", "webp"],
        ["card~2", "w_960"],
    ]


def test_list_prints_json(file: Path) -> None:
    (line,) = run("list", file, "--json").output.splitlines()
    assert json.loads(line) == {
        "preset": "card~1",
        "ops": "w_640,h_480,fit_cover",
        "watermark": None,
        "eager": ["webp"],
    }


def test_show_says_whether_a_version_is_locked(file: Path) -> None:
    assert json.loads(run("show", file, "card~1").output)["locked"] is False
    run("lint", file)
    assert json.loads(run("show", file, "card~1").output)["locked"] is True
    assert failed_with(run("show", file, "card~9")) is ExitCode.FAILED
