"""Making the set: only what is missing, all anew after a change, with a word for each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeproof.console import ExitCode
from edgeproof.samples.__main__ import main
from edgeproof.samples.catalogue import QUICK, SAMPLES, Sample
from edgeproof.samples.making import MANIFEST, lacking, make_samples

TINY = (
    Sample("dunes", "dunes.jpg", 96, 64),
    Sample("sticker", "sticker.png", 64, 64),
)


def test_the_set_is_made_once_and_only_what_is_missing_later(tmp_path: Path) -> None:
    told: list[str] = []
    paths = make_samples(tmp_path, told.append, samples=TINY, processes=1)
    assert paths == [tmp_path / "dunes.jpg", tmp_path / "sticker.png"]
    assert told == ["dunes.jpg", "sticker.png"]
    before = {path: path.read_bytes() for path in paths}
    told.clear()
    assert make_samples(tmp_path, told.append, samples=TINY, processes=1) == paths
    assert told == []
    paths[0].unlink()
    make_samples(tmp_path, told.append, samples=TINY, processes=1)
    assert told == ["dunes.jpg"]
    assert {path: path.read_bytes() for path in paths} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        MANIFEST,
        "dunes.jpg",
        "sticker.png",
    ]


@pytest.mark.parametrize("marker", [None, "{", '{"revision": 0}'], ids=["none", "torn", "older"])
def test_photos_of_another_revision_are_removed_and_own_files_are_not(
    tmp_path: Path, marker: str | None
) -> None:
    if marker is not None:
        (tmp_path / MANIFEST).write_text(marker)
    for name in (SAMPLES[0].file, QUICK[0].file, "mine.jpg"):
        (tmp_path / name).write_bytes(b"older")
    assert lacking(tmp_path, SAMPLES) == list(SAMPLES)
    assert not (tmp_path / SAMPLES[0].file).exists()
    assert not (tmp_path / QUICK[0].file).exists()
    assert (tmp_path / "mine.jpg").read_bytes() == b"older"


def test_photos_of_this_revision_are_kept(tmp_path: Path) -> None:
    lacking(tmp_path, SAMPLES)
    (tmp_path / SAMPLES[0].file).write_bytes(b"made before")
    assert lacking(tmp_path, SAMPLES) == list(SAMPLES[1:])


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--quick"], ["--what", "a"]])
def test_a_wrong_call_is_told_how_to_call(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == ExitCode.USAGE
    assert "FOLDER" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main([str(tmp_path / "file" / "samples"), "--quick"]) == ExitCode.FAILED
    assert "cannot be written" in capsys.readouterr().err
