"""``edgeproof check``: one line per file, whatever the file does."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from edgeproof.commands.check import EPILOG, Verdict, check, verdicts
from edgeproof.settings import Settings
from tests.unit.ingest.made import photo, saved

FIELDS = {"file", "ok", "code", "width", "height", "profile", "warnings", "cpu_s", "rss_mb"}

program = typer.Typer()
program.command(epilog=EPILOG)(check)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a.jpg").write_bytes(photo("jpeg baseline"))
    (tmp_path / "b" / "c.heic").write_bytes(photo("heic"))
    (tmp_path / "b" / "d.png").write_bytes(photo("png 8 bits")[:2000])
    (tmp_path / "b" / "e.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / ".hidden" / "f.jpg").write_bytes(b"x")
    (tmp_path / "b" / ".DS_Store").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.jpg")
    return tmp_path


def judged(files: list[Path], **settings: object) -> list[Verdict]:
    async def collect() -> list[Verdict]:
        chosen = Settings.model_validate({"workers": 2, **settings})
        return [verdict async for verdict in verdicts(files, chosen)]

    return asyncio.run(collect())


def test_a_folder_gives_a_json_line_per_file_in_order(folder: Path) -> None:
    result = run(folder, "--json")
    found = lines(result)
    assert [Path(str(line["file"])).name for line in found] == ["a.jpg", "c.heic", "d.png", "e.svg"]
    assert [line["code"] for line in found] == [None, None, "photo.damaged", "photo.format"]
    assert all(set(line) >= FIELDS for line in found)
    assert result.exit_code == 3


def test_an_accepted_photo_has_its_facts_and_costs(folder: Path) -> None:
    (line,) = lines(run(folder / "a.jpg", "--json"))
    assert line["ok"] is True
    assert (line["width"], line["height"], line["format"]) == (320, 240, "jpeg")
    assert line["warnings"] == ["low_resolution", "no_profile"]
    assert isinstance(line["cpu_s"], float)
    assert isinstance(line["rss_mb"], float)


def test_a_refused_photo_has_its_sentence(folder: Path) -> None:
    (line,) = lines(run(folder / "b" / "e.svg", "--json"))
    assert "SVG" in str(line["reason"])


def test_the_exit_code_is_0_when_all_are_accepted(folder: Path) -> None:
    result = run(folder / "a.jpg", folder / "b" / "c.heic")
    assert result.exit_code == 0
    assert "2 accepted, 0 refused" in result.stderr


def test_a_person_gets_a_line_per_file_and_a_summary(folder: Path) -> None:
    result = run(folder)
    assert "ok       320x240 jpeg" in result.stdout
    assert "refused  photo.damaged" in result.stdout
    assert "1 photo.format" in result.stderr


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = run(tmp_path / "nothing")
    assert result.exit_code != 0
    assert "there is no" in str(result.exception)


def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert (result.exit_code, result.stdout) == (0, "")


def test_nothing_is_written_beside_the_photos(folder: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    run(folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_names_of_any_bytes_are_reported(tmp_path: Path) -> None:
    path = tmp_path / b"caf\xe9\x1b[31m.jpg".decode("utf-8", "surrogateescape")
    path.write_bytes(photo("jpeg baseline"))
    (line,) = lines(run(path, "--json"))
    assert (line["ok"], str(line["file"]).endswith("caf\\xe9\x1b[31m.jpg")) == (True, True)
    assert "\x1b" not in run(path).stdout


def test_a_pipe_cannot_be_read_and_does_not_hang(folder: Path) -> None:
    (line,) = lines(run(folder / "pipe.jpg", "--json"))
    assert (line["ok"], line["code"]) == (False, "file.unreadable")


def test_a_file_that_overruns_costs_only_its_own_line(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow.avif", tmp_path / "quick.jpg"
    from origin.decode.libvips import pyvips

    pyvips.Image.black(7500, 7500, bands=3).copy(interpretation="srgb").heifsave(
        str(slow), compression="av1", effort=0
    )
    quick.write_bytes(photo("jpeg baseline"))
    found = judged([quick, slow, quick], intake_deadline_s=0.5)
    assert [verdict.code for verdict in found] == [None, "photo.timeout", None]
    assert found[1].cpu_s is None


def test_a_file_that_takes_all_memory_costs_only_its_own_line(tmp_path: Path) -> None:
    greedy, quick = tmp_path / "greedy.png", tmp_path / "quick.jpg"
    from origin.decode.libvips import pyvips

    image = pyvips.Image.black(12_000, 12_000, bands=3).copy(interpretation="srgb")
    image.pngsave(str(greedy), interlace=True, compression=1)
    quick.write_bytes(photo("jpeg baseline"))
    found = judged([quick, greedy, quick], worker_memory_mb=256)
    assert [verdict.code for verdict in found] == [None, "photo.decode_bytes", None]


def test_many_files_share_the_workers(tmp_path: Path) -> None:
    content = saved(".jpg", Q=60)
    files = [tmp_path / f"{n:03}.jpg" for n in range(120)]
    for file in files:
        file.write_bytes(content)
    found = judged(files)
    assert [Path(verdict.file) for verdict in found] == files
    assert all(verdict.code is None for verdict in found)
