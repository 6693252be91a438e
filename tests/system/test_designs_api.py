"""Designs are posted, get one id for one meaning, and show in previews."""

from __future__ import annotations

import pytest

from tests.system.server import Server


def design_of(asset: str, **photo: object) -> dict[str, object]:
    return {"photos": [{"asset": asset, **photo}]}


def test_equal_meaning_is_one_design_and_a_changed_pixel_is_another(
    running_server: Server, asset: str
) -> None:
    plain = running_server.design(design_of(asset, crop=[1000, 0, 90000, 90000], turn=0))
    same = running_server.design(design_of(asset, tilt_mdeg=0, crop=[1000, 0, 90000, 90000]))
    other = running_server.design(design_of(asset, crop=[1001, 0, 90000, 90000]))
    assert plain.status_code == 201, plain.text
    assert plain.json()["design"] == same.json()["design"] != other.json()["design"]


def test_a_posted_design_answers_urls_that_show_it(running_server: Server, asset: str) -> None:
    answer = running_server.design(
        design_of(asset, crop=[20000, 20000, 50000, 50000], filters={"grey": 1000})
    )
    assert answer.status_code == 201, answer.text
    shown = running_server.http.get(answer.json()["urls"]["320"])
    assert shown.status_code == 200
    plain = running_server.get(asset, "w_320.jpg")
    assert shown.content != plain.content


def test_the_words_of_a_caption_are_in_no_url_tag_or_log(
    running_server: Server, asset: str
) -> None:
    secret = "Zwetschgenknoedel"
    answer = running_server.design(
        {
            "photos": [{"asset": asset}],
            "sheet_um": [150000, 112500],
            "caption": {"text": secret},
            "locale": "de",
        }
    )
    assert answer.status_code == 201, answer.text
    shown = running_server.http.get(answer.json()["urls"]["640"])
    assert shown.status_code == 200
    assert secret not in str(shown.headers) + str(shown.url)
    assert secret not in running_server.log_path.read_text()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"crop": [0, 0, 0, 5]}, "design."),
        ({"tilt_mdeg": 20000}, "design.crop_outside"),
        ({"colour": 1}, "design."),
    ],
)
def test_a_design_that_cannot_be_shown_is_422_and_names_the_field(
    running_server: Server, asset: str, fields: dict[str, object], code: str
) -> None:
    answer = running_server.design(design_of(asset, **fields))
    assert answer.status_code == 422
    assert answer.json()["code"].startswith(code)


def test_a_design_of_another_photo_is_404(running_server: Server, asset: str) -> None:
    from tests.images.photos import photo_jpeg

    other = running_server.asset(photo_jpeg(900, 700, 9))
    design = running_server.design(design_of(asset, turn=90)).json()["design"]
    answer = running_server.get(other, f"d_{design},w_320.jpg")
    assert (answer.status_code, answer.json()["code"]) == (404, "design.unknown")


def test_a_design_of_an_unknown_photo_is_404_and_names_the_field(running_server: Server) -> None:
    answer = running_server.design(design_of("a" * 52))
    assert (answer.status_code, answer.json()["code"]) == (404, "asset.unknown")
    assert answer.json()["field"] == "/photos/0/asset"
