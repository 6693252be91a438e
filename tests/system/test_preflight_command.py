"""``edgeproof preflight``, as a person runs it: exit codes, lines, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.images.photos import photo_jpeg, photo_pixels
from tests.system.printing import plain
from tests.system.server import TENANT, Server
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
def beach(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "photo.jpg"
    Image.fromarray(photo_pixels(900, 700, 3)).save(path, quality=92)
    return path


def test_a_photo_is_judged_in_a_sandboxed_worker_and_the_gravest_comes_first(beach: Path) -> None:
    done = edgeproof(beach.parent, str(beach), "--product", "poster-50x70", "--json")
    assert done.returncode == 1, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["code"] == "preflight.dpi"
    assert lines[0]["severity"] == "block"
    assert {"preflight.blur", "preflight.exposure", "preflight.profile"} <= {
        line["code"] for line in lines
    }
    assert not (beach.parent / "data").exists(), "nothing is stored"


def test_a_photo_of_the_shop_is_judged_as_its_design_would_print_it(
    running_server: Server,
) -> None:
    asset = running_server.asset(photo_jpeg(1824, 1224, 71))
    crop = [10_000, 10_000, 30_000, 30_000]
    design = running_server.design(plain({"asset": asset, "crop": crop})).json()["design"]
    named = (
        "preflight",
        "--tenant",
        TENANT,
        "--asset",
        asset,
        "--product",
        "photo-10x15",
        "--json",
    )

    def figures(*more: str) -> dict[str, tuple[str | None, float]]:
        done = running_server.run(*named, *more, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        found = {line["code"]: (line["severity"], line["measured"]) for line in lines}
        blocks = any(severity == "block" for severity, _ in found.values())
        assert done.returncode == int(blocks), done.stderr
        return found

    whole, part = figures(), figures("--design", design)
    assert whole["preflight.dpi"][0] is None
    assert whole["preflight.dpi"][1] == pytest.approx(1_824 / 152 * 25.4, abs=1)
    px = 0.3 * 1_824
    assert part["preflight.dpi"][0] == "block"
    assert part["preflight.dpi"][1] == pytest.approx(px / 152 * 25.4, abs=1)
    assert part["preflight.crop"][0] == "note"
    assert part["preflight.crop"][1] == pytest.approx(91, abs=0.2)
    assert whole["preflight.crop"][0] is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        pytest.param({"--asset": "a" * 52}, "asset.unknown", id="no such photo"),
        pytest.param({"--design": "a" * 52}, "design.unknown", id="no such design"),
        pytest.param({"--product": "tile-9x9"}, "product.unknown", id="no such product"),
        pytest.param({"--tenant": "nobody"}, "asset.unknown", id="no such shop"),
    ],
)
def test_what_is_not_there_is_named_by_its_code(
    running_server: Server, asset: str, changed: dict[str, str], code: str
) -> None:
    options = {"--tenant": TENANT, "--asset": asset, "--product": "photo-10x15"} | changed
    words = [word for pair in options.items() for word in pair]
    done = running_server.run("preflight", *words, check=False)
    assert (done.returncode, code in done.stderr, done.stdout) == (1, True, ""), done.stderr


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
