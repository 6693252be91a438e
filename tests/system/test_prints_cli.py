"""``edgeproof print``: render, verify, explain, status, resume; exit codes and sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.photos import photo_jpeg
from tests.system.printing import plain
from tests.system.server import Server, server

ACME = ("--tenant", "acme")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("print-cli"), print_worker="false") as running:
        yield running


@pytest.fixture(scope="module")
def asset(shop: Server) -> str:
    return shop.asset(photo_jpeg(1824, 1224, 61))


@pytest.fixture(scope="module")
def card(shop: Server, asset: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PDF/X of a crop, made by the command."""
    design = shop.design(plain({"asset": asset, "crop": [5_000, 5_000, 85_000, 90_070]}))
    output = tmp_path_factory.mktemp("made") / "card.pdf"
    done = shop.run(
        *("print", "render", *ACME, "--asset", asset, "--design", design.json()["design"]),
        *("--product", "postcard-a6~1", "-o", str(output), "--json"),
    )
    assert json.loads(done.stdout)["state"] == "done"
    return output


def test_a_file_is_made_without_a_server_that_prints(card: Path) -> None:
    assert card.read_bytes().startswith(b"%PDF-1.6")
    assert [path.name for path in card.parent.iterdir()] == [card.name]


def test_a_pdf_is_verified_by_the_id_that_it_carries(shop: Server, card: Path) -> None:
    done = shop.run("print", "verify", str(card))
    assert done.stdout.startswith("same  print ")


def test_a_changed_file_differs_and_an_unknown_one_cannot_be_verified(
    shop: Server, card: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.pdf"
    content = bytearray(card.read_bytes())
    at = content.index(b"/DCTDecode") + 5_000
    content[at] ^= 0xFF
    changed.write_bytes(content)
    done = shop.run("print", "verify", str(changed), "--json", check=False)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (1, "differs")
    stranger = tmp_path / "stranger.jpg"
    stranger.write_bytes(photo_jpeg(100, 100, 1))
    unknown = shop.run("print", "verify", str(stranger), check=False)
    assert (unknown.returncode, "print.unknown" in unknown.stderr) == (4, True)


def test_every_decision_is_said_in_words(shop: Server, card: Path) -> None:
    told = shop.run("print", "explain", str(card)).stdout
    for word in ("148 x 105 mm", "4 mm of bleed", "coated-fogra39", "relative", "PDF/X-4", "ink"):
        assert word in told, told
    document = json.loads(shop.run("print", "explain", str(card), "--json").stdout)
    assert {"Geometry", "Resolution", "Colour", "Checks"} <= set(document["explanation"])


def test_a_refusal_is_a_sentence_with_its_code_and_leaves_no_file(
    shop: Server, asset: str, tmp_path: Path
) -> None:
    output = tmp_path / "tile.jpg"
    command = ("print", "render", *ACME, "--asset", asset, "-o", str(output), "--product")
    done = shop.run(*command, "tile-20x20~1", check=False)
    assert (done.returncode, "print.aspect" in done.stderr) == (1, True)
    missing = shop.run(*command, "tile-99x99", check=False)
    assert (missing.returncode, "product.unknown" in missing.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_output(shop: Server, asset: str, tmp_path: Path) -> None:
    command = ("print", "render", *ACME, "--asset", asset, "--product", "photo-10x15")
    assert shop.run(*command, "-o", str(tmp_path), check=False).returncode == 2
    assert shop.run(*command, "-o", str(tmp_path / "no" / "x.jpg"), check=False).returncode == 2


def test_the_newest_prints_are_listed(shop: Server, card: Path) -> None:
    lines = shop.run("print", "status", *ACME, "--json").stdout.splitlines()
    newest = json.loads(lines[0])
    assert (newest["state"], newest["file"]["bytes"]) == ("done", card.stat().st_size)
    one = shop.run("print", "status", newest["print"], *ACME)
    assert "done" in one.stdout
    resumed = shop.run("print", "resume", newest["print"], *ACME, check=False)
    assert (resumed.returncode, "print.resume" in resumed.stderr) == (1, True)
