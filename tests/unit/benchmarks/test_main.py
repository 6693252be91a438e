"""One command for all sections: a failure is said, costs no other and can be gone on from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import page, section
from benchmarks.rounds import Verdict
from benchmarks.section import Section, kept


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(section, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(page, "_said", lambda name, option: f"{name} {option}")
    monkeypatch.setattr(command, "install", lambda: None)
    return tmp_path


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measure "life" with a failure and the others well; return the names in their order."""
    names: list[str] = []

    def run(argv: list[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        assert not check
        name = argv[argv.index("--section") + 1]
        names.append(name)
        if name == "life":
            return subprocess.CompletedProcess(argv, 1)
        rounds = int(argv[argv.index("--rounds") + 1])
        verdicts = [Verdict("a figure", 0.5, 1), Verdict("another", 2, 1)]
        Section(name, f"About {name}", "How.", verdicts=verdicts, rounds=rounds).keep()
        return subprocess.CompletedProcess(argv, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return names


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["benchmarks", *words])
    try:
        command.main()
    except SystemExit as end:
        return int(str(end.code))
    return 0


def test_a_failed_section_is_named_and_the_others_are_on_the_page(
    measured: list[str],
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch) == 1
    assert measured == list(command.SECTIONS)
    said = capsys.readouterr().err
    assert "failed: life" in said
    assert f"{len(measured) - 1} of {2 * (len(measured) - 1)} targets met" in said
    text = (results / "benchmarks.md").read_text()
    assert "## About scale" in text
    assert "## About life" not in text


def test_an_earlier_runs_figures_of_a_failed_section_are_shown_as_such(
    measured: list[str], results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Section("life", "About life", "How.", rounds=5).keep()
    assert call(monkeypatch, "--only", "life,hot") == 1
    text = (results / "benchmarks.md").read_text()
    assert text.count("The last run of this section failed") == 1


def test_resuming_leaves_out_what_is_fresh_and_has_as_many_rounds(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Section("cold", "About cold", "How.", rounds=5).keep()
    Section("hot", "About hot", "How.", rounds=2).keep()
    assert call(monkeypatch, "--resume", "--only", "cold,hot,scale") == 0
    assert measured == ["hot", "scale"]
    found = kept("hot")
    assert found is not None
    assert found.rounds == 5
