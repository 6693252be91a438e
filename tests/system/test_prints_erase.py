"""Erases and prints: nothing of an erased print is in any file; a hold keeps it and is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.photos import photo_jpeg
from tests.system.erasing import CAPTION, found_in, pieces_of, receipt_of
from tests.system.printing import look, order, printed
from tests.system.server import TENANT, Server, server

WHY = ("--tenant", "acme", "--reason", "ticket 4712", "--yes")
PRODUCT = "postcard-a6~1"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("erase-prints")) as running:
        yield running


def with_words(running: Server, asset: str, text: str = CAPTION, owner: str = "c-1") -> str:
    caption = {"text": text, "size_mm": 5}
    document = {"photos": [{"asset": asset}], "sheet_mm": [148, 105], "caption": caption}
    answer = running.http.post(
        f"{running.private_url}/api/v1/tenants/{TENANT}/designs",
        params={"owner": owner},
        json=document,
        headers={"authorization": f"Bearer {running.token}"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["design"])


def test_nothing_of_an_erased_print_is_in_any_file(shop: Server) -> None:
    asset = shop.asset(photo_jpeg(1036, 735, 81))
    design = with_words(shop, asset)
    document, content = printed(shop, asset=asset, design=design, product=PRODUCT)
    needles = {"print": pieces_of(content), "caption": [CAPTION.encode()]}
    before = found_in(shop.data_dir, needles)
    assert set(before) == set(needles), "what is looked for is there before"
    done = shop.run("erase", "asset", asset, *WHY, "--json")
    assert found_in(shop.data_dir, needles) == {}
    removed = receipt_of(done.stdout)["removed"]
    assert (removed["files"]["prints"], removed["records"]["prints"]) == (1, 1)
    assert look(shop, document["print"]).json()["code"] == "print.erased"
    assert shop.http.get(document["file"]["url"]).status_code == 410
    again = order(shop, asset=asset, design=design, product=PRODUCT)
    assert again.json()["code"] == "asset.erased"


def test_a_held_photo_keeps_its_prints_and_the_receipt_names_them(shop: Server) -> None:
    asset = shop.asset(photo_jpeg(1036, 735, 82))
    document, _ = printed(shop, asset=asset, product=PRODUCT)
    shop.run("hold", "set", "asset", asset, "--tenant", "acme", "--reason", "case 12")
    done = shop.run("erase", "asset", asset, *WHY, "--json", check=False)
    assert done.returncode == 3, done.stderr
    kept = receipt_of(done.stdout)["photos"]["kept"]
    assert kept == [{"asset": asset, "why": "hold", "prints": 1}]
    assert shop.http.get(document["file"]["url"]).status_code == 200


def test_an_owner_takes_her_prints_and_leaves_the_others(shop: Server) -> None:
    content = photo_jpeg(1036, 735, 83)
    asset = shop.upload(content, owner="dora").json()["asset"]
    shop.upload(content, owner="emil")
    words = "Doras Geheimnis 118"
    hers, _ = printed(
        shop,
        asset=asset,
        design=with_words(shop, asset, words, "dora"),
        product=PRODUCT,
        owner="dora",
    )
    his, _ = printed(shop, asset=asset, product=PRODUCT, owner="emil")
    done = shop.run("erase", "owner", "dora", *WHY, "--json")
    assert receipt_of(done.stdout)["removed"]["files"]["prints"] == 1
    assert look(shop, hers["print"]).status_code == 410
    assert look(shop, his["print"]).json()["state"] == "done"
    assert found_in(shop.data_dir, {"words": [words.encode()]}) == {}
    left = [path.name for path in (shop.data_dir / "objects" / "acme" / "prints").iterdir()]
    assert (hers["print"] in left, his["print"] in left) == (False, True)


def transient(running: Server, seed: int) -> str:
    """Upload a photo that is kept for some days after its upload, and no longer."""
    answer = running.http.post(
        f"{running.private_url}/api/v1/tenants/{TENANT}/assets",
        params={"owner": "fay", "retention": "transient"},
        content=photo_jpeg(1036, 735, seed),
        headers={"authorization": f"Bearer {running.token}"},
    )
    return str(answer.json()["asset"])


def swept(running: Server) -> str:
    """Sweep as it is done when those days are over, and return what the command says."""
    running.environment["EDGEPROOF_TRANSIENT_DAYS"] = "0.000001"
    try:
        return running.run("sweep", check=False).stdout
    finally:
        del running.environment["EDGEPROOF_TRANSIENT_DAYS"]


def only_in(content: bytes, other: bytes) -> list[bytes]:
    """Return pieces of a file that another one lacks: two PDFs have the press's profile alike."""
    pieces = [piece for piece in pieces_of(content) if piece not in other]
    assert len(pieces) >= 4
    return pieces


def test_a_sweep_takes_the_prints_of_what_is_over_and_leaves_those_under_a_hold(
    shop: Server,
) -> None:
    gone, held = transient(shop, 84), transient(shop, 85)
    words = {gone: "Regenbogen 4402 Fenster", held: "Lampion 5513 Garten"}
    made = {
        asset: printed(
            shop,
            asset=asset,
            design=with_words(shop, asset, text, "fay"),
            product=PRODUCT,
            owner="fay",
        )
        for asset, text in words.items()
    }
    shop.run("hold", "set", "asset", held, "--tenant", "acme", "--reason", "case 13")
    needles = {
        "file gone": only_in(made[gone][1], made[held][1]),
        "file held": only_in(made[held][1], made[gone][1]),
        "caption gone": [words[gone].encode()],
        "caption held": [words[held].encode()],
    }
    assert set(found_in(shop.data_dir, needles)) == set(needles), "what is looked for is there"
    assert "1 erased" in swept(shop)
    assert set(found_in(shop.data_dir, needles)) == {"file held", "caption held"}
    assert look(shop, made[gone][0]["print"]).json()["code"] == "print.erased"
    assert shop.http.get(made[gone][0]["file"]["url"]).status_code == 410
    assert shop.http.get(made[held][0]["file"]["url"]).content == made[held][1]


def test_orders_that_wait_go_with_their_photo(tmp_path: Path) -> None:
    """Nobody makes prints here: their recipes, with all words, are in the records alone."""
    with server(tmp_path / "waiting", print_worker="false") as running:
        erased, over = running.asset(photo_jpeg(1036, 735, 86)), transient(running, 87)
        words = {erased: "Drachenboot 6624 Ufer", over: "Kastanie 7735 Allee"}
        waiting = {
            asset: order(
                running, asset=asset, design=with_words(running, asset, text), product=PRODUCT
            ).json()
            for asset, text in words.items()
        }
        assert {document["state"] for document in waiting.values()} == {"queued"}
        needles = {text: [text.encode()] for text in words.values()}
        assert set(found_in(running.data_dir, needles)) == set(needles)
        running.run("erase", "asset", erased, *WHY)
        assert set(found_in(running.data_dir, needles)) == {words[over]}
        assert "1 erased" in swept(running)
        assert found_in(running.data_dir, needles) == {}
        codes = [look(running, document["print"]).json()["code"] for document in waiting.values()]
        assert codes == ["print.erased"] * 2
