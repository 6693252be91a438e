"""Prints over the real API: ordered, made, fetched by a link, refused with a code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from origin.decode.attached import with_profile
from origin.decode.libvips import pyvips
from origin.printing.profiles import Profiles
from tests.images.photos import photo_jpeg
from tests.system.printing import ended, look, order, plain, printed, resume
from tests.system.server import TENANT, Server, free_ports, server


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("prints")) as running:
        yield running


@pytest.fixture(scope="module")
def asset(shop: Server) -> str:
    return shop.asset(photo_jpeg(1824, 1224, 5))


def test_a_print_is_made_and_its_link_gives_a_private_file(shop: Server, asset: str) -> None:
    document, content = printed(shop, asset=asset, product="photo-10x15~1")
    assert (document["lane"], document["progress_percent"]) == ("fast", 100)
    assert hashlib.sha256(content).hexdigest() == document["file"]["sha256"]
    image = pyvips.Image.jpegload_buffer(content)
    assert (image.width, image.height) == (document["file"]["width"], document["file"]["height"])
    answer = shop.http.get(document["file"]["url"])
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    for name in ("recipe_url", "checks_url"):
        assert shop.http.get(document["file"][name]).json()["schema"] == 1


def test_an_equal_order_is_the_same_print_and_made_once(shop: Server, asset: str) -> None:
    first, content = printed(shop, asset=asset, product="photo-10x15~1")
    again = order(shop, asset=asset, product="photo-10x15")
    assert (again.status_code, again.json()["print"]) == (200, first["print"])
    assert again.headers["location"].endswith(first["print"])
    assert printed(shop, asset=asset, product="photo-10x15~1")[1] == content


def test_an_idempotency_key_gives_its_print_and_refuses_another_order(
    shop: Server, asset: str
) -> None:
    first = order(shop, "order-4711", asset=asset, product="photo-10x15~1")
    same = order(shop, "order-4711", asset=asset, product="photo-10x15~1")
    assert first.json()["print"] == same.json()["print"]
    other = order(shop, "order-4711", asset=asset, product="poster-50x70~1")
    assert (other.status_code, other.json()["code"]) == (409, "print.idempotency")


def test_a_cmyk_print_takes_the_careful_lane_and_is_a_pdf(shop: Server, asset: str) -> None:
    design = shop.design(plain({"asset": asset, "crop": [10_000, 0, 90_000, 95_173]}))
    assert design.status_code == 201, design.text
    document, content = printed(
        shop, asset=asset, design=design.json()["design"], product="postcard-a6~1"
    )
    assert (document["lane"], document["file"]["media_type"]) == ("careful", "application/pdf")
    assert content.startswith(b"%PDF-1.6")
    checks = shop.http.get(document["file"]["checks_url"]).json()
    assert "preflight.ink" in {check["code"] for check in checks["checks"]}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"product": "poster-99x99~1"}, 404, "product.unknown"),
        ({"product": "photo-10x15~2"}, 404, "product.unknown"),
        ({"product": "PHOTO"}, 400, "api.body"),
        ({"asset": "a" * 52}, 404, "asset.unknown"),
        ({"design": "a" * 52}, 404, "design.unknown"),
        ({"product": "tile-20x20~1"}, 422, "print.aspect"),
        ({"paper": "thick"}, 400, "api.body"),
        ({"owner": "a b"}, 400, "api.body"),
    ],
)
def test_an_order_that_cannot_be_is_refused_with_its_code(
    shop: Server, asset: str, changes: dict[str, str], status: int, code: str
) -> None:
    answer = order(shop, **({"asset": asset, "product": "photo-10x15~1"} | changes))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_crop_of_too_few_pixels_says_how_many_there_are(shop: Server, asset: str) -> None:
    design = shop.design(plain({"asset": asset, "crop": [0, 0, 10_000, 10_000]})).json()["design"]
    answer = order(shop, asset=asset, design=design, product="photo-10x15~1")
    assert (answer.status_code, answer.json()["code"]) == (422, "print.pixels")
    assert "30 px per inch" in answer.json()["detail"]


def test_preflight_refuses_an_order_of_more_ink_than_the_paper_takes(shop: Server) -> None:
    """A press photo keeps its numbers: 400 % ink would stay wet, whoever asks for it."""
    profile = Profiles().by_name("coated-fogra39").content()
    inks = (pyvips.Image.black(1, 1, bands=4) + 255).cast("uchar").copy(interpretation="cmyk")
    page = with_profile(inks.replicate(900, 640), profile)
    asset = shop.asset(bytes(page.tiffsave_buffer(compression="deflate")))
    design = shop.design(plain({"asset": asset, "crop": [0, 0, 100_000, 99_760]})).json()["design"]
    answer = order(shop, asset=asset, design=design, product="postcard-a6~1")
    assert answer.status_code == 201, answer.text
    for _ in range(2):  # another try meets the same check
        document = ended(shop, answer.json()["print"])
        assert (document["state"], document["code"]) == ("refused", "print.preflight")
        assert "400 % ink" in document["detail"]
        assert "file" not in document
        assert not (shop.data_dir / "objects" / TENANT / "prints" / document["print"]).exists()
        assert resume(shop, document["print"]).status_code == 200


def test_a_print_that_is_done_cannot_be_resumed_and_an_unknown_one_is_404(
    shop: Server, asset: str
) -> None:
    document, _ = printed(shop, asset=asset, product="photo-10x15~1")
    assert resume(shop, document["print"]).json()["code"] == "print.resume"
    assert resume(shop, "a" * 52).json()["code"] == "print.unknown"
    assert look(shop, "a" * 52).status_code == 404


def test_a_link_is_refused_when_it_was_changed_or_signed_by_a_preview_key(
    shop: Server, asset: str
) -> None:
    document, _ = printed(shop, asset=asset, product="photo-10x15~1")
    url = document["file"]["url"]
    preview = shop.url(asset, "w_160.jpg")
    path, query = url.split("?")
    changed = [
        url.replace("print.jpg", "recipe.json"),
        url.replace("kid=p1", "kid=k1"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        path,
        f"{path}?{preview.split('?')[1]}",
        f"{path}?{query}&scope=asset",
    ]
    answers = [shop.http.get(one) for one in changed]
    assert [answer.status_code for answer in answers] == [403] * len(changed)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert (
        shop.http.get(f"{shop.public_url}{url.removeprefix(shop.private_url)}").status_code == 404
    )
    assert shop.http.get(preview.split("?")[0] + "?" + query).status_code == 403


def test_a_token_without_the_scope_orders_nothing(shop: Server, asset: str) -> None:
    token = shop.run("tokens", "new", "uploads", "--tenant", TENANT, "--scope", "assets")
    headers = {"authorization": f"Bearer {token.stdout.strip().splitlines()[-1]}"}
    url = f"{shop.private_url}/api/v1/tenants/{TENANT}/prints"
    body = {"asset": asset, "product": "photo-10x15~1"}
    answer = shop.http.post(url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "api.token_scope")


def test_a_listener_of_their_own_answers_links_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    (port,) = free_ports(1)
    folder = tmp_path_factory.mktemp("own-listener")
    with server(folder, print_bind=f"127.0.0.1:{port}") as running:
        photo = running.asset(photo_jpeg(1824, 1224, 6))
        document, content = printed(running, asset=photo, product="photo-10x15~1")
        own = f"http://127.0.0.1:{port}"
        url = document["file"]["url"]
        assert url.startswith(f"{own}/print/v1/")
        assert running.http.get(url).content == content
        assert running.http.get(url.replace(own, running.private_url)).status_code == 404
        paths = ("/healthz", "/metrics", f"/api/v1/tenants/{TENANT}/prints", "/print/v1/")
        assert [running.http.get(own + path).status_code for path in paths] == [404] * 4
