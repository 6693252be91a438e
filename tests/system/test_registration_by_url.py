"""Two hundred random crops, turns and tilts, asked for by URL, against a tenfold reference."""

from __future__ import annotations

from collections.abc import Callable

from origin.decode.libvips import pyvips
from tests.images import registration
from tests.images.photos import photo_jpeg
from tests.images.registration import Case
from tests.system.server import Server

SIDES_PX = [(4001, 2667), (2203, 1471), (1999, 3001)]
COUNT = 200


def leaf_of(running: Server, asset: str, case: Case) -> str:
    """Return the last part of the URL of a case; a tilt is asked for as a design."""
    if case.tilt_mdeg:
        photo = {"asset": asset, "crop": case.crop, "turn": case.turn, "tilt_mdeg": case.tilt_mdeg}
        document = {"photos": [photo | ({"flip": case.flip} if case.flip else {})]}
        answer = running.design(document)
        assert answer.status_code == 201, answer.text
        return f"d_{answer.json()['design']},w_{case.width_px}.png"
    ops = [f"w_{case.width_px}", "c_" + "_".join(map(str, case.crop))]
    ops += [f"r_{case.turn}"] * bool(case.turn) + [f"fl_{case.flip}"] * bool(case.flip)
    return ",".join(ops) + ".png"


def test_previews_asked_for_by_url_register_with_the_tenfold_reference(
    running_server: Server, record_property: Callable[[str, object], None]
) -> None:
    photos = [photo_jpeg(*sides, seed) for seed, sides in enumerate(SIDES_PX)]
    assets = [running_server.asset(photo) for photo in photos]
    sources = [pyvips.Image.jpegload_buffer(photo).copy_memory() for photo in photos]
    scores = []
    for seed, case in enumerate(registration.random_cases(SIDES_PX, COUNT)):
        asset = assets[case.photo]
        answer = running_server.get(asset, leaf_of(running_server, asset, case))
        assert answer.status_code == 200, answer.text
        picture = pyvips.Image.pngload_buffer(answer.content).numpy()
        scores.append(registration.measure(case, picture, sources[case.photo], seed))
    record_property("registration", registration.summary(scores))
    assert registration.failures(scores) == [], registration.summary(scores)
