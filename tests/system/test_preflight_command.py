"""``edgeproof preflight``, as a person runs it: exit codes, lines, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.images.photos import photo_pixels
from tests.unit.printing.pdf_pages import tiny_pdf


def edgeproof(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "EDGEPROOF" not in name}
    return subprocess.run(
        [sys.executable, "-m", "edgeproof", "preflight", *arguments],
        env={**environment, "EDGEPROOF_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    Image.fromarray(photo_pixels(900, 700, 3)).save(path, quality=92)
    return path


def test_a_photo_is_judged_in_a_sandboxed_worker_and_the_gravest_comes_first(photo: Path) -> None:
    done = edgeproof(photo.parent, str(photo), "--product", "poster-50x70", "--json")
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["code"] == "preflight.dpi"
    assert lines[0]["severity"] == "block"
    assert {"preflight.blur", "preflight.exposure", "preflight.profile"} <= {
        line["code"] for line in lines
    }
    assert not (photo.parent / "data").exists(), "nothing is stored"


def test_a_print_pdf_of_ours_keeps_every_rule_and_a_broken_one_names_its_rule(
    tmp_path: Path,
) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(tiny_pdf())
    done = edgeproof(tmp_path, "--pdf", str(path))
    assert (done.returncode, done.stdout) == (0, "ok     every rule is kept\n")
    path.write_bytes(tiny_pdf().replace(b"PDF/X-4<", b"PDF/X-9<"))
    done = edgeproof(tmp_path, "--pdf", str(path))
    assert done.returncode == 1
    assert done.stdout.startswith("block  xmp.pdfx")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="nothing to look at"),
        pytest.param(("no-such.jpg", "--product", "card-a5"), id="no such file"),
        pytest.param(("--asset", "x", "--product", "card-a5"), id="a photo of no shop"),
        pytest.param(("x.jpg", "--pdf", "y.pdf"), id="two things at once"),
    ],
)
def test_a_mistake_in_the_command_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = edgeproof(tmp_path, *arguments)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), done.stderr
