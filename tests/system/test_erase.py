"""An erase against a real server: nothing is left in any file, and the receipt says so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edgeproof import logs
from edgeproof.cli import main
from edgeproof.receipts import check_receipt
from tests.images.photos import photo_jpeg
from tests.system.erasing import (
    ARTIST,
    CAPTION,
    found_in,
    pieces_of,
    post_design,
    public_key,
    receipt_of,
    traced_photo,
)
from tests.system.server import Server, server

WHY = ("--tenant", "acme", "--reason", "ticket 4711", "--yes")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("erase")) as running:
        yield running


def took_in(running: Server, content: bytes, *owners: str) -> str:
    assets = {running.upload(content, owner=owner).json()["asset"] for owner in owners}
    assert len(assets) == 1
    return str(assets.pop())


def test_nothing_of_an_erased_photo_is_in_any_file(shop: Server) -> None:
    content = traced_photo(71)
    asset = took_in(shop, content, "c-71")
    design = post_design(shop, asset, "c-71")
    previews = [shop.get(asset, leaf) for leaf in ("w_640.jpg", f"d_{design},w_320.jpg")]
    assert [preview.status_code for preview in previews] == [200, 200]
    folder = shop.data_dir / "objects" / "acme" / "masters" / asset
    masters = [file for file in folder.rglob("*") if file.is_file()]
    needles = {
        "source": pieces_of(content),
        "preview": pieces_of(previews[0].content),
        "preview of the design": pieces_of(previews[1].content),
        "master": [piece for file in masters for piece in pieces_of(file.read_bytes())],
        "artist": [ARTIST.encode()],
        "caption": [CAPTION.encode()],
    }
    before = found_in(shop.data_dir, needles)
    assert set(before) == set(needles), "what is looked for is there before"
    done = shop.run("erase", "asset", asset, *WHY, "--json")
    assert found_in(shop.data_dir, needles) == {}
    receipt = check_receipt(done.stdout, public_key(shop)).receipt
    assert receipt["status"] == "verified"
    assert receipt["photos"]["erased"][0]["asset"] == asset
    removed = receipt["removed"]
    assert (removed["files"]["sources"], removed["files"]["derivatives"]) == (1, 2)
    assert (removed["records"]["designs"], removed["records"]["owners"]) == (1, 1)
    assert receipt["edges"][0]["evidence"][0]["status"] == 410
    assert "c-71" not in done.stdout
    for leaf in ("w_640.jpg", f"d_{design},w_320.jpg", "info.json"):
        assert shop.get(asset, leaf).json()["code"] == "asset.erased"


def test_the_same_bytes_are_a_new_photo_afterwards_and_the_old_one_stays_gone(shop: Server) -> None:
    content = photo_jpeg(640, 480, 72)
    asset = took_in(shop, content, "c-72")
    shop.run("erase", "owner", "c-72", *WHY)
    new = took_in(shop, content, "c-72")
    assert new != asset
    assert shop.get(new, "w_160.jpg").status_code == 200
    assert shop.get(asset, "w_160.jpg").status_code == 410
    shop.run("erase", "asset", asset, *WHY)
    assert shop.get(new, "w_160.jpg").status_code == 200, "erasing the old again spares the new"


def test_an_owners_erase_takes_her_words_and_leaves_the_photo_to_the_others(shop: Server) -> None:
    content = photo_jpeg(640, 480, 73)
    asset = took_in(shop, content, "anna", "ben")
    words = "Annas Geheimnis 991"
    hers = post_design(shop, asset, "anna", words)
    his = post_design(shop, asset, "ben", "Bens Titel")
    shown = shop.get(asset, f"d_{hers},w_320.jpg")
    assert shown.status_code == shop.get(asset, f"d_{his},w_320.jpg").status_code == 200
    done = shop.run("erase", "owner", "anna", *WHY, "--json")
    receipt = receipt_of(done.stdout)
    assert receipt["photo_counts"] == {"erased": 0, "released": 1, "kept": 0}
    assert receipt["photos"]["released"][0]["designs"] == [hers]
    needles = {"words": [words.encode()], "their picture": pieces_of(shown.content)}
    assert found_in(shop.data_dir, needles) == {}
    assert shop.get(asset, f"d_{hers},w_320.jpg").json()["code"] == "design.unknown"
    assert shop.get(asset, f"d_{his},w_320.jpg").status_code == 200
    assert shop.get(asset, "w_160.jpg").status_code == 200


def test_a_shared_photo_names_its_owners_and_needs_all_owners(shop: Server) -> None:
    asset = took_in(shop, photo_jpeg(640, 480, 74), "carl", "dora")
    refused = shop.run("erase", "asset", asset, *WHY, check=False)
    assert refused.returncode == 2
    assert "carl, dora" in refused.stderr
    assert shop.get(asset, "w_160.jpg").status_code == 200
    shop.run("erase", "asset", asset, *WHY, "--all-owners")
    assert shop.get(asset, "w_160.jpg").status_code == 410


def test_a_dry_run_lists_what_would_go_and_changes_nothing(shop: Server) -> None:
    asset = took_in(shop, photo_jpeg(640, 480, 75), "emil")
    post_design(shop, asset, "emil", "Emils Bild")
    before = shop.run("erase", "owner", "emil", *WHY, "--dry-run", "--json")
    row = json.loads(before.stdout)
    assert (row["asset"], row["outcome"], row["counts"]["designs"]) == (asset, "erased", 1)
    assert shop.get(asset, "w_160.jpg").status_code == 200


def test_a_held_photo_is_named_and_kept_until_the_hold_is_lifted(shop: Server) -> None:
    asset = took_in(shop, photo_jpeg(640, 480, 76), "fritz")
    case = ("--tenant", "acme", "--reason", "case 12")
    shop.run("hold", "set", "owner", "fritz", *case)
    assert asset in shop.run("hold", "list", "--tenant", "acme").stdout
    kept = shop.run("erase", "owner", "fritz", *WHY, check=False)
    assert kept.returncode == 3
    assert f"kept  {asset}  hold" in kept.stdout
    assert shop.get(asset, "w_160.jpg").status_code == 200
    shop.run("hold", "lift", "asset", asset, *case)
    shop.run("erase", "owner", "fritz", *WHY)
    assert shop.get(asset, "w_160.jpg").status_code == 410


def test_what_was_erased_before_shows_its_receipt_again(shop: Server) -> None:
    took_in(shop, photo_jpeg(640, 480, 77), "gerd")
    first = shop.run("erase", "owner", "gerd", *WHY, "--json")
    kept = set((shop.data_dir / "receipts").iterdir())
    again = shop.run("erase", "owner", "gerd", *WHY, "--json")
    assert again.stdout == first.stdout
    assert set((shop.data_dir / "receipts").iterdir()) == kept, "its file is the same one"
    nobody = shop.run("erase", "owner", "nobody", *WHY, check=False)
    assert nobody.returncode == 1


def test_two_erases_at_once_are_one_erase_with_one_receipt(shop: Server) -> None:
    for seed in (81, 82, 83):
        took_in(shop, photo_jpeg(640, 480, seed), "karl")
    command = ("erase", "owner", "karl", *WHY, "--json")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(shop.run, *command) for _ in range(2)]
        printed = {run.result().stdout for run in both}
    (receipt,) = map(receipt_of, printed)
    assert receipt["photo_counts"]["erased"] == 3
    assert shop.run("audit", "verify").returncode == 0


def test_a_receipt_is_checked_offline_online_and_against_changes(
    shop: Server, tmp_path: Path
) -> None:
    took_in(shop, photo_jpeg(640, 480, 78), "hans")
    path = tmp_path / "receipt.json"
    shop.run("erase", "owner", "hans", *WHY, "--receipt", str(path))
    assert "the signature holds" in shop.run("erase", "verify", str(path)).stdout
    online = json.loads(shop.run("erase", "verify", str(path), "--online", "--json").stdout)
    assert online["online"]["is_verified"]
    document = json.loads(path.read_text())
    document["receipt"]["issued_at"] = "2026-01-01T00:00:00Z"
    path.write_text(json.dumps(document))
    changed = shop.run("erase", "verify", str(path), check=False)
    assert changed.returncode == 1
    assert "does not hold" in changed.stderr


def test_a_sweep_erases_what_is_over_and_says_so(shop: Server) -> None:
    answer = shop.http.post(
        f"{shop.private_url}/api/v1/tenants/acme/assets",
        params={"owner": "ina", "retention": "transient"},
        content=photo_jpeg(640, 480, 79),
        headers={"authorization": f"Bearer {shop.token}"},
    )
    asset = answer.json()["asset"]
    assert shop.run("sweep", "--dry-run").stdout == ""
    shop.environment["EDGEPROOF_TRANSIENT_DAYS"] = "0.000001"
    try:
        row = json.loads(shop.run("sweep", "--dry-run", "--json").stdout)
        assert (row["asset"], row["retention"]) == (asset, "transient")
        assert "1 erased" in shop.run("sweep").stdout
        nothing = shop.run("sweep").stdout
        assert nothing == "acme  0 erased\n", "no photo, no receipt, not the last one's again"
    finally:
        del shop.environment["EDGEPROOF_TRANSIENT_DAYS"]
    assert shop.get(asset, "w_160.jpg").status_code == 410


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("erase", "asset", "nothing", *WHY), 1, "nothing to erase"),
        (("erase", "owner", "x", "--tenant", "nobody", "--reason", "r", "--yes"), 2, "no tenant"),
        (("erase", "owner", "x", "--tenant", "acme", "--yes"), 2, "--reason"),
        (("hold", "set", "thing", "x", "--tenant", "acme", "--reason", "r"), 2, "none of asset"),
        (("hold", "set", "asset", "x", "--tenant", "acme", "--reason", "a@b"), 2, "no address"),
        (("hold", "set", "asset", "x", "--tenant", "acme", "--reason", "r"), 1, "asset.unknown"),
        (("erase", "verify", "no-such-file"), 2, "cannot be read"),
        (("erase", "owner", "x", *WHY[:3], "of a@b.example", "--yes"), 2, "no address"),
        (("erase", "owner", "x", *WHY[:3], " ", "--yes"), 2, "ticket's number"),
        (("erase", "owner", "x", *WHY, "--by", "x" * 101), 2, "--by"),
        (("erase", "owner", "x", *WHY, "--receipt", "/"), 2, "it is a folder"),
        (("erase", "owner", "x", *WHY, "--receipt", "/proc/none/r.json"), 2, "cannot be written"),
        (("sweep", "--by", "two\nlines"), 2, "--by"),
    ],
    ids=[
        "unknown photo",
        "shop",
        "no reason",
        "no kind",
        "address",
        "hold of none",
        "file",
        "address in a reason",
        "empty reason",
        "long name",
        "receipt is a folder",
        "receipt in no folder",
        "control character",
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    shop: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    for name, value in shop.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logs, "configure", lambda _: None)  # this process has its own
    monkeypatch.setattr(sys, "argv", ["edgeproof", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert words in capsys.readouterr().err


def test_without_a_terminal_and_without_yes_nothing_is_erased(shop: Server) -> None:
    asset = took_in(shop, photo_jpeg(640, 480, 80), "jan")
    ended = shop.run("erase", "owner", "jan", *WHY[:-1], check=False)
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert shop.get(asset, "w_160.jpg").status_code == 200
