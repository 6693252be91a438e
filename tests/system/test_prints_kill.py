"""A print outlives what makes it: killed in the middle, it is made whole by the next start."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from tests.images.photos import photo_jpeg
from tests.system.printing import WAIT_S, ended, look, order, printed
from tests.system.server import Server, server

#: Three A4-sized pages: there is something to kill.
PRODUCTS = ("photo-10x15~1", "card-a5~1", "page-a4~1")
LEASE_S = "2"


def running_print(shop: Server, print_id: str) -> bool:
    """Wait until a print is being made; False when it was made meanwhile."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        document = look(shop, print_id).json()
        if document["state"] == "running" and document["step"] == "render":
            return True
        if document["state"] == "done":
            return False
        time.sleep(0.005)
    raise AssertionError("the print never ran")


def archived(shop: Server, print_id: str) -> list[str]:
    folder = shop.data_dir / "objects" / "acme" / "prints" / print_id
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_server_killed_while_it_prints_leaves_nothing_half_made_and_prints_after_its_start(
    data_dir: Path,
) -> None:
    photo = photo_jpeg(1824, 1286, 91)
    with server(data_dir, print_lease_s=LEASE_S) as shop:
        asset = shop.asset(photo)
        answers = [order(shop, asset=asset, product=name) for name in PRODUCTS[1:]]
        prints = [answer.json()["print"] for answer in answers]
        was_running = running_print(shop, prints[0])
        shop.kill()
        for print_id in prints:
            assert len(archived(shop, print_id)) in (0, 3) or was_running
        shop.start()
        done = [ended(shop, print_id) for print_id in prints]
        assert [one["state"] for one in done] == ["done", "done"]
        for one in done:
            content = shop.http.get(one["file"]["url"]).content
            assert hashlib.sha256(content).hexdigest() == one["file"]["sha256"]
            assert archived(shop, one["print"]) == ["checks.json", "file", "recipe.json"]


def test_a_server_that_is_stopped_gives_the_print_back_at_once(data_dir: Path) -> None:
    with server(data_dir, print_lease_s="600") as shop:
        asset = shop.asset(photo_jpeg(1824, 1286, 92))
        print_id = order(shop, asset=asset, product="card-a5~1").json()["print"]
        running_print(shop, print_id)
        assert shop.stop() == 0
        shop.start()
        assert ended(shop, print_id)["state"] == "done", "although its lease would be long"


def test_the_same_print_has_the_same_bytes_in_another_process(data_dir: Path) -> None:
    with server(data_dir) as shop:
        asset = shop.asset(photo_jpeg(1036, 735, 93))
        document, content = printed(shop, asset=asset, product="postcard-a6~1")
        output = data_dir / "again.pdf"
        verified = shop.run("print", "verify", document["print"], "--json")
        assert document["file"]["sha256"] in verified.stdout
        shop.run(
            *("print", "render", "--tenant", "acme", "--asset", asset),
            *("--product", "postcard-a6~1", "-o", str(output)),
        )
        assert output.read_bytes() == content
