"""What the shell offers after Tab: verbs, shops, providers; nothing where it cannot look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EDGEPROOF = Path(sys.executable).with_name("edgeproof")
CONFIG = '[[dry_run]]\nname = "nobody"\n'


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shops and a provider."""
    data_dir = tmp_path_factory.mktemp("completion") / "data"
    for name in ("acme", "azur"):
        subprocess.run([EDGEPROOF, "tenants", "add", name], env=environment(data_dir), check=True)
    (data_dir / "purge.toml").write_text(CONFIG)
    return data_dir


def environment(data_dir: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EDGEPROOF_")}
    return {**kept, "EDGEPROOF_DATA_DIR": str(data_dir)}


def offered(data_dir: Path, line: str) -> list[str]:
    """Ask as bash does for the last word of a line."""
    asked = {"_EDGEPROOF_COMPLETE": "complete_bash", "COMP_WORDS": line}
    asked["COMP_CWORD"] = str(len(line.split()) - 1)
    done = subprocess.run(
        [EDGEPROOF],
        env={**environment(data_dir), **asked},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("edgeproof purge st", ["status"]),
        ("edgeproof purge tenant a", ["acme", "azur"]),
        ("edgeproof purge asset --tenant az", ["azur"]),
        ("edgeproof erase owner x --tenant ac", ["acme"]),
        ("edgeproof purge all --provider n", ["nobody"]),
    ],
)
def test_the_shell_is_offered_what_begins_so(data_dir: Path, line: str, words: list[str]) -> None:
    assert offered(data_dir, line) == words


def test_an_installation_that_is_not_there_offers_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert offered(tmp_path / "none", "edgeproof purge tenant a") == []
    assert not (tmp_path / "none").exists()
