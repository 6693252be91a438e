"""The verdict: what makes a run fail, rule by rule, and what the command says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from loadtests import verdict
from loadtests.pictures import why_wrong
from loadtests.plan import Stage
from loadtests.record import Record, write_record
from loadtests.sampling import SAMPLES, Sample
from loadtests.shapes import length_s, level_at, steady
from loadtests.shop import Photo, write_shop
from loadtests.trace import Row, TraceWriter, cache_word, digest_of, is_tag_of, read_trace
from tests.unit.loadtests.shops import photo, row

RECORD = Record("sessions", "varnish", 1, "", "")


def run(rows: list[Row], record: Record = RECORD, folder: Path = Path()) -> verdict.Run:
    """Return a run; those who ask beside it hear the same refusals and get no picture."""
    return verdict.Run(folder, record, rows, [one for one in rows if not one.is_good])


def failed(checks: list[verdict.Check]) -> list[str]:
    return [check.rule for check in checks if not check.is_met]


def test_answers_as_wanted_are_no_errors_and_each_other_one_is() -> None:
    fine = [row(), row(want=403, status=403)]
    assert failed(verdict.errors(run(fine))) == []
    assert failed(verdict.errors(run([*fine, row(status=503)]))) == ["answers 5xx"]
    for wrong in (row(status=404), row(status=0), row(want=403)):
        assert failed(verdict.errors(run([*fine, wrong]))) == ["other unexpected answers"]


def test_offload_is_judged_against_the_best_for_the_trace() -> None:
    rows = [row(f"/{number % 3}") for number in range(100)]
    assert failed(verdict.offload(run(rows, replace(RECORD, origin={"/0": 1, "/1": 2})))) == []
    many = replace(RECORD, origin={"/0": 4})
    assert failed(verdict.offload(run(rows, many))) == ["offload, best possible for this trace"]
    most = replace(RECORD, origin={"/0": 6})
    assert "offload" in failed(verdict.offload(run(rows, most)))
    few = [row(f"/{number}") for number in range(100)]
    assert "requests per derivative" in failed(verdict.offload(run(few, RECORD)))
    assert verdict.offload(run(few, replace(RECORD, edge=""))) == []


def test_overload_must_keep_goodput_and_refuse_at_once_with_a_time_to_come_again() -> None:
    record = Record("overload", "", 1, "", "", capacity=10, times={"refused_ms_99": 1.0})
    good = [row(at_s=number / 10) for number in range(200)]
    refused = [row(at_s=number / 10, status=503, ms=5.0) for number in range(200)]
    assert failed(verdict.overload(run([*good, *refused], record))) == []
    assert failed(verdict.overload(run([*good[::2], *refused], record))) == ["goodput of capacity"]
    shared = replace(run([*good[::2], *refused], record), beside=[*good[1::2], *refused])
    assert failed(verdict.overload(shared)) == [], "a picture made for others is made too"
    late = [replace(one, ms=80.0) for one in refused]
    [rule] = failed(verdict.overload(run([*good, *late], record)))
    assert rule.startswith("refused within, 99th percentile")
    alone = replace(run([*good, *late], record), beside=refused)
    assert failed(verdict.overload(alone)) == [], "a crowd's own clock is not the origin's"
    silent = [replace(one, has_retry=False) for one in refused]
    assert len(failed(verdict.overload(run([*good, *silent], record)))) == 1
    assert failed(verdict.overload(run(good, record))), "no refusal at all is no overload"


@pytest.mark.parametrize(
    ("mb_a_second", "descriptors", "left", "broken"),
    [(0.0, 0, 0, 0), (2.0, 0, 0, 1), (0.0, 60, 0, 1), (0.0, 0, 3, 1)],
    ids=["flat", "memory grows", "descriptors grow", "temporaries stay"],
)
def test_a_soak_must_leave_memory_descriptors_and_temporaries_as_they_were(
    tmp_path: Path, mb_a_second: float, descriptors: int, left: int, broken: int
) -> None:
    samples = [
        Sample(
            at_s,
            int((300 + mb_a_second * at_s) * 1e6),
            50 + (descriptors if at_s > 80 else 0),
            left,
        )
        for at_s in range(0, 101, 2)
    ]
    lines = (json.dumps({name: getattr(one, name) for name in Sample.__slots__}) for one in samples)
    (tmp_path / SAMPLES).write_text("\n".join(lines))
    rows = [row(at_s=number / 10) for number in range(1_000)]
    found = verdict.flat(run(rows, Record("soak", "", 1, "", ""), tmp_path))
    assert len(failed(found)) == broken


def test_an_outage_may_cost_new_pictures_but_never_a_cached_one() -> None:
    times = {"killed": 100.0, "softened": 110.0, "back": 160.0}
    record = Record("failure", "varnish", 1, "", "", times=times, softened=1)
    rows = [row("/old", at_s=at) for at in (50.0, 105.0, 120.0, 170.0)]
    new = row("/new", at_s=130.0, status=503)
    assert failed(verdict.outage(run([*rows, new], record))) == []
    assert failed(verdict.outage(run([*rows, row("/old", at_s=130.0, status=503)], record)))
    twice = replace(record, renders_after={"/new": 2})
    assert len(failed(verdict.outage(run(rows, twice)))) == 1
    still_away = row("/new", at_s=170.0, status=503)
    assert len(failed(verdict.outage(run([*rows, still_away], record)))) == 1


def painted(colour: str) -> Image.Image:
    picture = Image.new("RGB", (1600, 1200), colour)
    ImageDraw.Draw(picture).ellipse((200, 100, 900, 1100), fill="white")
    return picture


@pytest.fixture
def photos(tmp_path: Path) -> list[Photo]:
    made = []
    for number, colour in enumerate(("navy", "maroon")):
        path = tmp_path / f"{colour}.jpg"
        painted(colour).save(path, quality=95)
        made.append(photo(number, file=str(path)))
    return made


def body(picture: Image.Image, kind: str = "WEBP") -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, quality=90)
    return file.getvalue()


def test_a_body_must_be_the_format_the_size_and_the_photo_of_its_key(photos: list[Photo]) -> None:
    by_asset = {one.asset: one for one in photos}
    key = f"/v1/load/{photos[0].asset}/w_320.webp"
    right = painted("navy").resize((320, 240))
    assert why_wrong(body(right), key, by_asset) is None
    assert "nearest" in str(why_wrong(body(painted("maroon").resize((320, 240))), key, by_asset))
    assert "jpg instead of webp" in str(why_wrong(body(right, "JPEG"), key, by_asset))
    assert "(320, 239)" in str(why_wrong(body(right.resize((320, 239))), key, by_asset))
    assert "no picture" in str(why_wrong(body(right)[:200], key, by_asset))
    assert (
        why_wrong(
            b'{"width":1600,"height":1200}', f"/v1/load/{photos[0].asset}/info.json", by_asset
        )
        is None
    )


def test_a_crop_and_a_quarter_turn_are_compared_with_their_own_part(photos: list[Photo]) -> None:
    by_asset = {one.asset: one for one in photos}
    part = painted("navy").crop((200, 0, 1400, 1200)).rotate(-90, expand=True).resize((320, 320))
    key = f"/v1/load/{photos[0].asset}/c_12500_0_75000_100000,r_90,w_320.webp"
    assert why_wrong(body(part), key, by_asset) is None
    assert why_wrong(body(part.rotate(180)), key, by_asset) is not None


def test_a_trace_is_read_as_it_was_written_and_keeps_each_keys_first_body(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "run")
    rows = [row("/a"), row("/a"), row("/b", status=503)]
    for number, one in enumerate(rows):
        writer.write(one, b"%d" % number)
    writer.close()
    assert list(read_trace(tmp_path / "run")) == rows
    assert [path.read_bytes() for path in (tmp_path / "run" / "bodies").iterdir()] == [b"0"]
    with (tmp_path / "run" / "trace.jsonl").open("a") as file:
        file.write('{"at_s":')
    with pytest.raises(ValueError, match="line 4"):
        list(read_trace(tmp_path / "run"))


def test_digests_and_cache_words_are_read_as_the_servers_write_them() -> None:
    assert is_tag_of(f'"{digest_of(b"x")}"', b"x", digest_of(b"x"))
    assert is_tag_of('"LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="', b"x", digest_of(b"x"))
    assert not is_tag_of(f'"{digest_of(b"y")}"', b"x", digest_of(b"x"))
    assert cache_word("edgeproof-varnish; hit; ttl=9") == "hit"
    assert cache_word("shield; hit, edgeproof; fwd=uri-miss; collapsed") == "fwd=uri-miss"
    assert cache_word("") == ""


def test_stages_are_played_in_order_and_end() -> None:
    stages = (Stage(2, 5), Stage(3, 7))
    assert [level_at(stages, at_s) for at_s in (0, 1.9, 2, 4.9, 5)] == [5, 5, 7, 7, None]
    assert length_s(steady(120)) == pytest.approx(120)


def whole_run(folder: Path, rows: list[Row], photos: list[Photo]) -> Path:
    folder.mkdir()
    write_shop(folder / "shop.json", [photos], [])
    ring = '{"k1": {"master": "%s", "tenants": "all", "retired": null}}' % ("c5" * 32)
    (folder / "ring.json").write_text(ring)
    record = replace(
        RECORD, edge="", shop=str(folder / "shop.json"), ring=str(folder / "ring.json")
    )
    writer = TraceWriter(folder)
    for one in rows:
        writer.write(one, body(painted("navy").resize((320, 240))))
    writer.close()
    write_record(folder, record)
    return folder


def test_the_command_says_pass_or_fail_by_its_exit_code(
    tmp_path: Path, photos: list[Photo]
) -> None:
    key = f"/v1/load/{photos[0].asset}/w_320.webp"
    good = whole_run(tmp_path / "good", [row(key), row(key)], photos)
    bad = whole_run(tmp_path / "bad", [row(key), row(key, digest="another")], photos)
    other = whole_run(
        tmp_path / "other", [row(key.replace(photos[0].asset, photos[1].asset))], photos
    )
    for folder, code, word in ((good, 0, '"passed":true'), (bad, 1, "false"), (other, 1, "false")):
        command = [sys.executable, "-m", "loadtests.verdict", str(folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, word in done.stdout) == (code, True), done.stdout + done.stderr
    none = [sys.executable, "-m", "loadtests.verdict", str(tmp_path / "none")]
    assert subprocess.run(none, capture_output=True, check=False).returncode == 2
