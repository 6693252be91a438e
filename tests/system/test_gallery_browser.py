"""The gallery of `make run` in a real browser over real sockets, with everything behind it real."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.images.photos import photo_jpeg
from tests.system.browser import Page, browser
from tests.system.server import free_ports

#: The demo paints two small photos and takes them in before it listens.
START_S = 90.0

pytestmark = [pytest.mark.xdist_group("gallery"), pytest.mark.timeout(240)]

LEVELS = {"rendered", "memory hit", "disk hit", "joined a render"}
LIVE = "document.querySelector('#crop .livebox')"
SHOWN = f"Number({LIVE}.dataset.shown || 0)"
OPS = "document.querySelector('#crop .opsline .ops').textContent"
TILE = """[...document.querySelectorAll('#photo .tile')].map((tile) => ({
  ops: tile.querySelector('.ops').textContent,
  level: (tile.querySelector('.badge') || {}).textContent,
  facts: tile.querySelector('.facts').textContent,
  key: (tile.querySelector('.key') || {}).title || '',
  refused: (tile.querySelector('.refused') || {}).textContent || '',
  width: tile.querySelector('img').naturalWidth,
  height: tile.querySelector('img').naturalHeight,
}))"""


@dataclass(frozen=True)
class Demo:
    """A running `edgeproof demo --quick`."""

    public_url: str
    private_url: str

    @property
    def page(self) -> str:
        return f"{self.private_url}/gallery/"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    public_port, private_port = free_ports(2)
    running = Demo(f"http://127.0.0.1:{public_port}", f"http://127.0.0.1:{private_port}")
    kept = {name: v for name, v in os.environ.items() if not name.startswith("EDGEPROOF_")}
    environment = kept | {
        "EDGEPROOF_DATA_DIR": str(folder / "data"),
        "EDGEPROOF_PUBLIC_BIND": f"127.0.0.1:{public_port}",
        "EDGEPROOF_PRIVATE_BIND": f"127.0.0.1:{private_port}",
    }
    log_path = folder / "demo.log"
    with log_path.open("wb") as log:
        command = [sys.executable, "-m", "edgeproof", "demo", "--quick"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_until_ready(running, process, log_path)
            yield running
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_until_ready(demo: Demo, process: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log_path.read_text()[-2000:]
        try:
            if httpx2.get(f"{demo.private_url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError(log_path.read_text()[-2000:])


@pytest.fixture
def tab(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(chromium, tmp_path_factory.mktemp("browser") / "profile") as page:
        page.resize(1440, 1000)
        yield page


@pytest.fixture
def page(tab: Page, demo: Demo) -> Page:
    """The gallery, freshly opened, its first live preview there."""
    tab.complaints.clear()
    tab.open("about:blank")
    tab.open(demo.page)
    tab.wait(f"{LIVE} && {SHOWN} > 0")
    return tab


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    x, y = page.run(
        f"(() => {{ const box = document.querySelector({selector!r}).getBoundingClientRect();"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    return x, y


def scroll_through(page: Page) -> None:
    page.wait(
        """(async () => {
          for (const part of document.querySelectorAll('#photo section')) {
            part.scrollIntoView();
            await new Promise((done) => setTimeout(done, 120));
          }
          const facts = [...document.querySelectorAll('#photo .tile .facts')];
          return document.querySelectorAll('#ready .tile').length === 3
            && facts.every((one) => one.textContent !== '');
        })()"""
    )


def test_every_tile_shows_its_picture_with_bytes_level_time_and_key(page: Page) -> None:
    scroll_through(page)
    tiles = page.run(TILE)
    assert [tile["refused"] for tile in tiles if tile["refused"]] == []
    for tile in tiles:
        assert tile["width"] > 0, tile
        assert tile["level"] in LEVELS, tile
        assert "ms" in tile["facts"], tile
        assert "kB" in tile["facts"] or " B" in tile["facts"], tile
        assert tile["key"].startswith("Derivative key "), tile
    widths = {tile["ops"]: tile["width"] for tile in tiles}
    for width_px in (96, 160, 320, 640, 1280):
        assert widths[f"w_{width_px}.webp"] == width_px
    assert widths["w_2560.webp"] == 1600, "a preview is never larger than its photo"
    kinds = {tile["ops"].split("_")[0] for tile in tiles}
    assert {"w", "c", "r", "fl", "t", "d"} <= kinds
    formats = {tile["ops"].rpartition(".")[2] for tile in tiles}
    assert formats == {"jpg", "webp", "avif", "png"}
    keys = [tile["key"].split()[2] for tile in tiles]
    asked = [tile["ops"] for tile in tiles]
    assert len(set(keys)) == len(set(asked)), "different pictures have different keys"


def test_the_browser_has_nothing_to_complain_about(page: Page) -> None:
    scroll_through(page)
    assert page.complaints == []


def test_a_picture_that_is_asked_for_again_is_a_memory_hit_with_the_same_key(page: Page) -> None:
    first = "document.querySelector('#sizes .tile')"
    page.run("document.querySelector('#sizes').scrollIntoView()")
    key = page.wait(f"{first}.querySelector('.key')?.title")
    page.run(f"{first}.querySelector('.facts').replaceChildren()")
    page.run(f"{first}.querySelectorAll('button')[1].click()")
    assert page.wait(f"{first}.querySelector('.badge')?.textContent") == "memory hit"
    assert page.run(f"{first}.querySelector('.key').title") == key


def test_dragging_the_crop_brings_new_signed_previews_and_ends_on_the_newest(
    page: Page, demo: Demo
) -> None:
    before = page.run(SHOWN)
    x, y = middle_of(page, "#crop .frame")
    page.pointer("mouseMoved", x, y)
    page.pointer("mousePressed", x, y)
    for step in range(30):
        page.pointer("mouseMoved", x - 1.4 * step, y + 14 * math.sin(step / 5))
        time.sleep(0.03)
    page.pointer("mouseReleased", x - 41, y)
    newest = page.run(OPS)
    page.wait(f"!{LIVE}.querySelector('.pace .number').textContent.startsWith('{before} asked')")
    page.wait(f"{SHOWN} >= {before + 3}")
    page.wait(f"performance.getEntriesByType('resource').some((e) => e.name.includes('{newest}?'))")
    asked = page.wait(
        "performance.getEntriesByType('resource')"
        ".map((entry) => entry.name).filter((name) => name.includes('/c_'))"
    )
    assert all(url.startswith(f"{demo.public_url}/v1/demo/") for url in asked)
    assert all("scope=asset" in url and "sig=" in url for url in asked)
    assert len({url.partition("?")[2] for url in asked}) == 1, "one signature covers them all"
    number = page.run(f"parseInt({LIVE}.querySelector('.pace .number').textContent)")
    page.wait(f"{SHOWN} === {number}")


def test_arrow_keys_move_the_crop_and_its_handles(page: Page) -> None:
    def crop() -> list[int]:
        return [int(part) for part in page.run(OPS).split(",")[0][2:].split("_")]

    page.run("document.querySelector('#crop .frame').focus()")
    x, y, w, h = crop()
    page.press("ArrowRight")
    assert crop() == [x + 1000, y, w, h]
    page.press("ArrowLeft")
    assert crop() == [x, y, w, h]
    page.run("document.querySelector('#crop .handle.e').focus()")
    page.press("ArrowLeft")
    narrower = crop()
    assert narrower[0] == x
    assert narrower[2] == w - 1000
    assert narrower[3] / narrower[2] == pytest.approx(h / w, rel=1e-3), "10 by 15 keeps its shape"


def test_a_crop_never_leaves_the_photo_and_keeps_its_shape(page: Page) -> None:
    found = page.run(
        """(async () => {
          const { resized, moved, cropList, UNIT } = await import('./crop.js');
          let seed = 1;
          const dice = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
          for (let n = 0; n < 20000; n += 1) {
            const w = 0.05 + 0.6 * dice(), h = 0.05 + 0.6 * dice();
            let crop = { x: (1 - w) * dice(), y: (1 - h) * dice(), w, h };
            const shape = n % 2 ? w / h : null;
            const handle = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'][n % 8];
            crop = resized(crop, handle, 1.6 * dice() - 0.3, 1.6 * dice() - 0.3, shape);
            crop = moved(crop, dice() - 0.5, dice() - 0.5);
            const [cx, cy, cw, ch] = cropList(crop);
            const isInside = cx >= 0 && cw >= 1 && cx + cw <= UNIT
              && cy >= 0 && ch >= 1 && cy + ch <= UNIT;
            const keepsShape = !shape || Math.abs(crop.w / crop.h / shape - 1) < 1e-6;
            if (!isInside || !keepsShape) return { crop, handle, shape };
          }
          return null;
        })()"""
    )
    assert found is None


def test_turn_and_mirror_are_part_of_the_live_preview(page: Page) -> None:
    before = page.run(SHOWN)
    page.run("document.querySelector('#crop [aria-label=\"Turn right\"]').click()")
    page.run("document.querySelector('#crop [aria-label^=Turn] ~ [aria-pressed]').click()")
    assert page.run(OPS).endswith(",r_90,fl_h,w_640.jpg")
    page.wait(f"{SHOWN} > {before}")


def test_a_design_becomes_a_preview_and_the_same_look_has_the_same_id(page: Page) -> None:
    page.run("document.querySelector('#design').scrollIntoView()")
    identity = "document.querySelector('#design .opsline .ops').title"
    first = page.wait(identity)
    page.wait("document.querySelector('#design .livebox').dataset.shown")
    field = "document.querySelector('#design [name=sepia]')"
    event = "dispatchEvent(new Event('input', { bubbles: true }))"
    page.run(f"{field}.value = 500, {field}.{event}")
    sepia = page.wait(f"{identity} !== '{first}' && {identity}")
    page.run(f"{field}.value = 0, {field}.{event}")
    page.wait(f"{identity} === '{first}'")
    assert sepia != first
    assert page.run("document.querySelector('#design .refused')") is None


def test_an_uploaded_photo_is_taken_in_and_opened(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "my holiday ü.jpg"
    path.write_bytes(photo_jpeg(1601, 1201, 5))
    page.choose_file(".add input", path)
    page.wait("document.querySelector('h1')?.textContent === 'my holiday ü.jpg'")
    page.wait(f"{SHOWN} > 0")
    facts = page.run("document.querySelector('.photofacts').textContent")
    assert facts.startswith("1601")
    assert "1201 px" in facts


def test_a_file_that_is_no_photo_is_refused_in_words(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no photo " * 100)
    page.choose_file(".add input", path)
    words = page.wait("document.querySelector('#complaints .complaint span')?.textContent")
    assert words.startswith("notes.txt: ")
    assert "photo.format" in words
    page.run("document.querySelector('#complaints button').click()")
    assert page.run("document.querySelector('#complaints').children.length") == 0


def test_a_design_that_cannot_be_made_is_refused_in_words(page: Page) -> None:
    page.run("document.querySelector('#design').scrollIntoView()")
    page.wait("document.querySelector('#design .opsline .ops').title")
    field = "document.querySelector('#design [name=size]')"
    page.run(f"{field}.value = 0, {field}.dispatchEvent(new Event('input', {{ bubbles: true }}))")
    words = page.wait("document.querySelector('#design .print.refused')?.textContent")
    assert "design.value" in words


def test_a_preview_that_cannot_be_had_says_so_on_its_tile(page: Page, demo: Demo) -> None:
    page.call("Network.setBlockedURLs", urls=[f"{demo.public_url}/*"])
    try:
        page.run("document.querySelector('#turns').scrollIntoView()")
        words = page.wait("document.querySelector('#turns .tile .refused')?.textContent")
        assert "does not answer" in words
    finally:
        page.call("Network.setBlockedURLs", urls=[])
    page.run("document.querySelector('#turns .tile').querySelectorAll('button')[1].click()")
    assert page.wait("document.querySelector('#turns .tile .badge')?.textContent") in LEVELS


@pytest.mark.parametrize("path", ["api/sign", "api/designs/demo", "api/photos"])
def test_a_page_of_another_origin_may_change_nothing(demo: Demo, path: str) -> None:
    for headers in ({}, {"origin": "http://evil.example"}, {"origin": "null"}):
        answer = httpx2.post(demo.page + path, headers=headers, content=b"{}")
        assert answer.status_code == 403
        assert answer.json()["code"] == "gallery.origin"


def test_a_name_that_only_points_at_loopback_is_not_answered(demo: Demo) -> None:
    for path in ("", "main.js", "api/photos"):
        answer = httpx2.get(demo.page + path, headers={"host": "evil.example:80"})
        assert answer.status_code == 421
        assert answer.json()["code"] == "gallery.host"


@pytest.mark.parametrize("width_px", [360, 768, 1440])
def test_nothing_is_wider_than_the_window(page: Page, width_px: int) -> None:
    page.resize(width_px, 800)
    try:
        page.wait(f"innerWidth === {width_px}")
        assert page.run("document.documentElement.scrollWidth") <= width_px
    finally:
        page.resize(1440, 1000)


def test_the_theme_follows_the_system_and_the_button_turns_it(page: Page, demo: Demo) -> None:
    page.resize(1440, 1000, is_dark=True)
    page.run("localStorage.clear()")
    page.open("about:blank")
    page.open(demo.page)
    theme = "document.documentElement.dataset.theme"
    try:
        assert page.wait(theme) == "dark"
        page.run("document.getElementById('theme').click()")
        assert page.run(theme) == "light"
    finally:
        page.run("localStorage.clear()")
        page.resize(1440, 1000)


def test_every_control_and_picture_has_a_name(page: Page) -> None:
    scroll_through(page)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "link", "slider", "combobox", "textbox", "spinbutton", "image"}
    nameless = [
        node
        for node in tree
        if not node["ignored"]
        and node["role"]["value"] in wanted
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []
