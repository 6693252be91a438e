"""An erase that is killed (-9) at any step goes on when it is run again, and ends the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from edgeproof.receipts import check_receipt
from tests.images.photos import photo_jpeg
from tests.system.erasing import found_in, pieces_of, post_design, public_key
from tests.system.server import Server, server

MOMENTS = (
    "begin.after",
    "tombstone.after",
    "delete.after",
    "wipe.before",
    "purge.after",
    "finish.before",
    "finish.after",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("kills")) as running:
        yield running


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_erase_goes_on_and_ends_the_same(shop: Server, moment: str) -> None:
    owner, number = f"c-{moment}", MOMENTS.index(moment)
    contents = [photo_jpeg(320, 240, 200 + 2 * number + index) for index in range(2)]
    assets = sorted(shop.upload(content, owner=owner).json()["asset"] for content in contents)
    words = f"Worte {number} im Bild"
    post_design(shop, assets[0], owner, words)
    command = ("erase", "owner", owner, "--tenant", "acme", "--reason", "ticket 5", "--yes")
    killed = subprocess.run(
        [sys.executable, "-m", "tests.faults.erase_killed", moment, *command],
        env=shop.environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = shop.run(*command, "--json")
    receipt = check_receipt(done.stdout, public_key(shop)).receipt
    assert [photo["asset"] for photo in receipt["photos"]["erased"]] == assets
    assert receipt["removed"]["records"]["designs"] == 1
    needles = {"source": [p for c in contents for p in pieces_of(c)], "words": [words.encode()]}
    assert found_in(shop.data_dir, needles) == {}
    assert [shop.get(asset, "w_64.jpg").status_code for asset in assets] == [410, 410]
