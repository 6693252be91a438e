"""The proof page of `make run` in a real browser: its lines, its words, and an order to the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.system.browser import Page, browser
from tests.system.demo import Demo, running_demo

pytestmark = [pytest.mark.xdist_group("gallery"), pytest.mark.timeout(240)]
SHOWN = "!document.getElementById('page').hidden"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("proof")) as running:
        yield running


@pytest.fixture(scope="module")
def asset(demo: Demo) -> str:
    return str(httpx2.get(f"{demo.api}/photos").json()["photos"][0]["asset"])


@pytest.fixture
def page(chromium: str, demo: Demo, asset: str, tmp_path: Path) -> Iterator[Page]:
    """The proof of a small tile, which the quick demo's photos are large enough for."""
    with browser(chromium, tmp_path / "profile") as tab:
        tab.resize(1360, 860)
        tab.open(f"{demo.page}proof.html?asset={asset}&product=postcard-a6~1")
        tab.wait(f"{SHOWN} || document.getElementById('verdict').textContent")
        yield tab


def box(page: Page, name: str) -> list[float]:
    found: list[float] = page.run(
        f"(() => {{ const b = document.getElementById({name!r}).getBoundingClientRect();"
        " return [b.left, b.top, b.right, b.bottom]; })()"
    )
    return found


def test_the_cut_and_the_safe_area_lie_where_their_millimetres_fall(page: Page) -> None:
    page.wait(SHOWN)
    sheet, trim, safe = (box(page, name) for name in ("page", "trim", "safe"))
    per_mm = (sheet[2] - sheet[0]) / (148 + 8)
    assert trim[0] - sheet[0] == pytest.approx(4 * per_mm, abs=0.6)
    assert safe[1] - trim[1] == pytest.approx(4 * per_mm, abs=0.6)
    assert sheet[3] - trim[3] == pytest.approx(4 * per_mm, abs=0.6)
    width = "document.getElementById('{}').naturalWidth"
    sides = [page.run(width.format(name)) for name in ("before", "after")]
    assert sides[0] == sides[1] > 600


def test_the_slider_moves_where_the_print_begins(page: Page) -> None:
    page.wait(SHOWN)
    slider = "document.getElementById('slider')"
    page.run(f"{slider}.value = 20; {slider}.dispatchEvent(new Event('input'))")
    style = "getComputedStyle(document.getElementById('after')).clipPath"
    assert "20%" in page.run(style)


def test_a_print_is_ordered_followed_and_fetched(page: Page) -> None:
    page.wait(SHOWN)
    assert page.run("document.getElementById('verdict').textContent") != ""
    page.run("document.getElementById('order').click()")
    link = page.wait("(document.querySelector('#state a') || {}).href")
    answer = httpx2.get(link)
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-1.6")
    assert page.complaints == []


def test_a_product_that_the_photo_is_too_small_for_says_so(page: Page) -> None:
    choose = "const s = document.getElementById('product'); s.value = 'layflat-spread~1';"
    page.run(f"(() => {{ {choose} s.dispatchEvent(new Event('change')); }})()")
    words = page.wait(
        "document.getElementById('verdict').textContent.includes('cannot') && "
        "document.getElementById('waiting').textContent"
    )
    assert words.endswith(".")
    assert "px per inch" in words, "in a customer's words: no code, no field"
    assert "print.pixels" not in words
    advice = page.run("document.getElementById('checks').textContent")
    assert "smaller print" in advice
    assert page.run("document.getElementById('legend').checkVisibility()") is False


def test_another_page_cannot_order(demo: Demo, asset: str) -> None:
    body = {"asset": asset, "product": "postcard-a6~1"}
    url = f"{demo.api}/prints/demo"
    foreign = httpx2.post(url, json=body, headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = httpx2.post(url, json={"asset": asset}, headers={"origin": demo.private_url})
    assert (own.status_code, own.json()["code"]) == (400, "gallery.order")
