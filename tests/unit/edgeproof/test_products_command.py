"""``edgeproof products`` and ``edgeproof profiles`` at the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edgeproof.cli import app
from edgeproof.console import CommandFailed
from origin.errors import BadDocument
from origin.printing.products import shipped_folder
from origin.printing.profiles import Profiles


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGEPROOF_DATA_DIR", str(tmp_path))
    return tmp_path


def said(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_has_a_line_for_each_version() -> None:
    rows = [json.loads(line) for line in said("products", "list", "--json").splitlines()]
    assert "postcard-a6~1" in [row["product"] for row in rows]
    assert len(said("products", "list").splitlines()) == len(rows)


def test_show_says_what_is_sourced_and_what_assumed() -> None:
    text = said("products", "show", "postcard-a6")
    assert "sourced  bleed_um: 4 mm" in text


def test_lint_locks_what_is_new_and_refuses_what_was_edited(folder: Path) -> None:
    path = folder / "postcard-a6~1.json"
    path.write_bytes((shipped_folder() / path.name).read_bytes())
    with pytest.raises(CommandFailed, match="not in the lock"):
        CliRunner().invoke(
            app, ["products", "lint", str(folder), "--check"], catch_exceptions=False
        )
    assert "1 versions" in said("products", "lint", str(folder))
    path.write_text(path.read_text().replace("4000", "3000"))
    with pytest.raises(CommandFailed, match="1 products need work"):
        CliRunner().invoke(app, ["products", "lint", str(folder)], catch_exceptions=False)


def test_a_profile_is_added_listed_and_shown(folder: Path) -> None:
    file = folder / "press.icc"
    file.write_bytes(Profiles().by_name("coated-fogra39").content())
    assert said("profiles", "add", str(file), "--name", "our-press").startswith("our-press ")
    assert "our-press" in said("profiles", "list")
    assert json.loads(said("profiles", "show", "our-press", "--json"))["space"] == "cmyk"


def test_what_is_no_profile_is_refused(folder: Path) -> None:
    file = folder / "press.icc"
    file.write_bytes(b"nothing")
    with pytest.raises(BadDocument, match=r"profile\.damaged"):
        CliRunner().invoke(
            app, ["profiles", "add", str(file), "--name", "x"], catch_exceptions=False
        )
