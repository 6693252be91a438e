"""`edgeproof demo`: what it prints and refuses, and the gallery's answers over real sockets."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from tests.images.photos import photo_jpeg
from tests.system.demo import Demo, running_demo, settled

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, photo: bytes) -> Iterator[Demo]:
    """A demo with a visitor's folder: one photo, one that is cut off, one text."""
    folder = tmp_path_factory.mktemp("demo")
    own = folder / "own"
    own.mkdir()
    (own / "a-photo.jpg").write_bytes(photo)
    (own / "cut.jpg").write_bytes(photo[: len(photo) // 2])
    (own / "notes.txt").write_text("this is no photo " * 100)
    with running_demo(folder, "--photos", str(own)) as running:
        yield running


def listed(demo: Demo) -> list[dict[str, object]]:
    photos: list[dict[str, object]] = httpx2.get(f"{demo.api}/photos").json()["photos"]
    return photos


def post(
    demo: Demo, path: str, body: object, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Post as the gallery's own page would; what is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {"origin": demo.private_url, "content-type": "application/json"}
    return httpx2.post(
        f"{demo.api}/{path}", content=content, headers={**own, **(headers or {})}, timeout=30
    )


def test_the_lake_comes_first_and_the_visitors_photos_after_the_samples(demo: Demo) -> None:
    names = [photo["name"] for photo in listed(demo)][:3]
    assert names == ["lake-small.jpg", "dahlia-small.jpg", "a-photo.jpg"]


def test_the_upright_sample_is_listed_upright(demo: Demo) -> None:
    dahlia = listed(demo)[1]
    assert (dahlia["width_px"], dahlia["height_px"]) == (1200, 1600)


def test_the_terminal_has_one_working_url_for_each_photo_and_the_gallery_last(demo: Demo) -> None:
    said = demo.said()
    urls = re.findall(rf"{demo.public_url}/v1/\S+", said)
    assert len(urls) == 3
    for url in urls:
        answer = httpx2.get(url, headers={"accept": "image/avif,image/webp"}, timeout=30)
        assert answer.headers["content-type"] == "image/avif"
    assert said.rstrip().splitlines()[-2].strip() == f"Gallery  {demo.page}"


def test_a_refused_file_is_named_with_the_reason_and_the_rest_goes_on(demo: Demo) -> None:
    refused = [line for line in demo.said().splitlines() if "/own/" in line]
    assert len(refused) == 2
    assert "cut.jpg: The picture is damaged or was cut off. (photo.damaged)" in refused[0]
    assert refused[1].endswith("(photo.format)")


def test_every_preset_of_the_demo_is_offered_and_works(demo: Demo) -> None:
    answer = httpx2.get(f"{demo.api}/photos").json()
    ops = [preset["op"] for preset in answer["presets"]]
    assert ops == ["t_card~1", "t_sample~1", "t_thumb~1"]
    asset = answer["photos"][0]["asset"]
    paths = [f"/v1/demo/{asset}/{op}.webp" for op in ops]
    for url in post(demo, "sign", {"paths": paths}).json()["urls"]:
        assert httpx2.get(url, timeout=30).status_code == 200


def test_the_scope_opens_every_crop_of_its_photo_and_none_of_another(demo: Demo) -> None:
    lake, dahlia = (photo["asset"] for photo in listed(demo)[:2])
    query = httpx2.get(f"{demo.api}/scope/demo/{lake}").json()["query"]
    leaf = "c_10000_20000_30000_40000,w_320.jpg"
    assert httpx2.get(f"{demo.public_url}/v1/demo/{lake}/{leaf}?{query}").status_code == 200
    assert httpx2.get(f"{demo.public_url}/v1/demo/{dahlia}/{leaf}?{query}").status_code == 403


def test_an_upload_and_its_repetition_are_one_photo_at_the_end_of_the_list(demo: Demo) -> None:
    body = photo_jpeg(1301, 901, 11)
    for name in ("beach.jpg", "beach again.jpg"):
        headers = {"content-type": "image/jpeg", "edgeproof-name": name.replace(" ", "%20")}
        assert post(demo, "photos", body, headers).status_code == 201
    names = [photo["name"] for photo in listed(demo)]
    assert names[-1] == "beach again.jpg"
    assert "beach.jpg" not in names


def test_a_design_is_stored_and_its_urls_show_it(demo: Demo) -> None:
    asset = listed(demo)[0]["asset"]
    document = {
        "photos": [{"asset": asset, "crop": [0, 0, 100000, 88888]}],
        "sheet_um": [150_000, 100_000],
        "frame": {"style": "mat"},
    }
    stored = post(demo, "designs/demo", document)
    assert stored.status_code == 201, stored.text
    shown = httpx2.get(stored.json()["urls"]["640"], timeout=30)
    assert shown.status_code == 200
    again = post(demo, "designs/demo", document)
    assert again.json()["design"] == stored.json()["design"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("sign", {"origin": "http://evil.example"}, 403),
        ("designs/demo", {"origin": "null"}, 403),
        ("photos", {"origin": ""}, 403),
        ("photos", {"host": "evil.example"}, 421),
        ("photos", {"content-type": "text/plain"}, 415),
        ("designs/other", {}, 404),
    ],
)
def test_what_does_not_come_from_the_page_is_refused(
    demo: Demo, path: str, headers: dict[str, str], status: int
) -> None:
    before = listed(demo)
    assert post(demo, path, b"{}", headers).status_code == status
    assert listed(demo) == before


@pytest.mark.parametrize("path", ["/v1/demo", "/v1/other/asset/w_96.jpg", "/v1/a/b/c/d.jpg"])
def test_only_previews_of_the_demo_shop_are_signed(demo: Demo, path: str) -> None:
    answer = post(demo, "sign", {"paths": [path]})
    assert (answer.status_code, answer.json()["code"]) == (404, "tenant.unknown")


def test_a_second_demo_on_the_same_port_says_so_at_once(demo: Demo) -> None:
    start = time.monotonic()
    second = demo.run("--quick")
    assert second.returncode == 1
    assert "is in use. Is a demo running already? EDGEPROOF_PUBLIC_BIND=" in second.stderr
    assert "Traceback" not in second.stderr
    assert time.monotonic() - start < 30


def test_a_folder_that_does_not_exist_is_a_sentence_before_any_work(tmp_path: Path) -> None:
    idle = settled(tmp_path)
    ended = idle.run("--photos", str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert ended.stderr.strip() == f"edgeproof: there is no folder {tmp_path / 'nowhere'}"
    assert not (tmp_path / "data").exists()


def test_a_gallery_that_others_could_reach_is_refused(tmp_path: Path) -> None:
    idle = settled(tmp_path)
    idle.environment["EDGEPROOF_PRIVATE_BIND"] = "0.0.0.0:0"
    ended = idle.run("--quick")
    assert ended.returncode == 2
    assert "must be a loopback address" in ended.stderr
    assert not (tmp_path / "data").exists()
