"""The previews' flow, step by step, in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from origin.errors import Gone, PhotoRefused, RenderFailed
from origin.flow.trace import Trace
from origin.headers import Answer
from tests.images.photos import photo_jpeg
from tests.unit.flow.house import HOST, NOW, House, house

PHOTO = photo_jpeg(901, 601, 5)
Play = Callable[[House, str], Awaitable[None]]


def play(folder: Path, scene: Play, **limits: float) -> None:
    """Run a scene in a house with one photo."""

    async def run() -> None:
        whole = await house(folder, **limits)  # type: ignore[arg-type] # a number each
        await scene(whole, (await whole.take(PHOTO)).asset.asset)

    asyncio.run(run())


def header(answer: Answer, name: bytes) -> bytes:
    return dict(answer.headers)[name]


def test_the_first_is_rendered_the_second_comes_from_memory(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        first = await whole.ask(asset, "w_320.jpg")
        second = await whole.ask(asset, "w_320.jpg")
        assert (first.status, second.status) == (200, 200)
        assert first.body == second.body
        assert [trace.hit for trace in whole.traces] == ["render", "memory"]
        assert whole.workers.jobs == ["open_upload", "decode", "render"]

    play(tmp_path, scene)


def test_equal_requests_at_once_are_one_render(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        answers = await asyncio.gather(*(whole.ask(asset, "w_480.webp") for _ in range(20)))
        assert {answer.body for answer in answers} == {answers[0].body}
        assert whole.workers.jobs.count("render") == 1
        assert sorted({trace.hit for trace in whole.traces}) == ["joined", "render"]

    play(tmp_path, scene)


def test_other_spellings_of_one_path_share_its_picture(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        for leaf in (
            "w_320.jpg",
            "w_160,dpr_2.jpg",
            "w_300,g_c.jpg",
            "c_0_0_100000_100000,w_320.jpg",
        ):
            assert (await whole.ask(asset, leaf)).status == 200
        assert whole.workers.jobs.count("render") == 1

    play(tmp_path, scene)


def test_a_purge_during_a_render_makes_it_be_made_anew(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[object]] = []
        purges = 0

        def purge_once(job: str) -> None:
            nonlocal purges
            if job == "render" and purges == 0:
                purges += 1
                tasks.append(loop.create_task(whole.records.bump_generation("acme", asset)))

        whole.workers.before = purge_once
        answer = await whole.ask(asset, "w_320.jpg")
        assert answer.status == 200
        assert header(answer, b"edgeproof-generation") == b"1"
        assert whole.workers.jobs.count("render") == 2

    play(tmp_path, scene)


def test_an_erase_during_a_render_is_never_served(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[object]] = []

        def erase(job: str) -> None:
            if job == "render":
                tasks.append(loop.create_task(whole.records.mark_erased("acme", asset)))

        whole.workers.before = erase
        answer = await whole.ask(asset, "w_320.jpg")
        assert answer.status == 410
        assert json.loads(answer.body)["code"] == "asset.erased"

    play(tmp_path, scene)


def test_two_purges_in_one_render_are_told_to_wait(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        loop = asyncio.get_running_loop()
        tasks: list[asyncio.Task[object]] = []

        def purge(job: str) -> None:
            if job == "render":
                tasks.append(loop.create_task(whole.records.bump_generation("acme", asset)))

        whole.workers.before = purge
        answer = await whole.ask(asset, "w_320.jpg")
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "render.superseded")
        assert header(answer, b"retry-after") == b"1"

    play(tmp_path, scene)


def test_an_answer_older_than_the_deadline_is_given_up(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        async with whole.admission.place(), whole.admission.place():
            answer = await whole.ask(asset, "w_640.avif")
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "render.deadline")

    play(tmp_path, scene, deadline_s=0.2)


def test_a_lost_master_is_made_again_once_for_all_who_wait(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        assert await whole.objects.delete_prefix(f"acme/masters/{asset}/") >= 2
        leaves = ("w_160.jpg", "w_320.jpg", "w_240.webp")
        answers = await asyncio.gather(*(whole.ask(asset, leaf) for leaf in leaves))
        assert [answer.status for answer in answers] == [200, 200, 200]
        assert whole.workers.jobs.count("remake_masters") == 1

    play(tmp_path, scene)


def test_a_focus_is_found_once_and_kept(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        for width in (96, 160, 320):
            answer = await whole.ask(asset, f"w_{width},h_{width},fit_cover,g_smart.jpg")
            assert answer.status == 200
        assert whole.workers.jobs.count("find_focus") == 1
        record = await whole.records.asset("acme", asset)
        assert record is not None
        assert record.focus_smart is not None

    play(tmp_path, scene)


def test_a_photo_smaller_than_every_level_has_a_focus_too(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        del asset
        small = (await whole.take(photo_jpeg(401, 301, 8))).asset.asset
        for g in ("smart", "face"):
            answer = await whole.ask(small, f"w_96,h_96,fit_cover,g_{g}.jpg")
            assert answer.status == 200

    play(tmp_path, scene)


def test_a_source_that_crashes_twice_is_quarantined(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        await whole.objects.delete_prefix(f"acme/masters/{asset}/")

        def crash(job: str) -> None:
            if job == "remake_masters":
                raise RenderFailed("render.crashed", log="killed by a signal")

        whole.workers.before = crash
        codes = []
        for width in (160, 240, 320):
            await asyncio.sleep(0.06)
            codes.append(json.loads((await whole.ask(asset, f"w_{width}.jpg")).body)["code"])
        assert codes == ["render.crashed", "render.crashed", "photo.quarantined"]

    play(tmp_path, scene)


def test_an_edge_is_told_what_a_browser_is_not(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        edge = dict((await whole.ask_as_edge(asset, "w_320.jpg")).headers)
        browser = dict((await whole.ask(asset, "w_320.jpg")).headers)
        assert edge[b"surrogate-key"].split() == edge[b"xkey"].split()
        assert b"surrogate-key" not in browser
        assert browser[b"cache-control"].startswith(b"private, max-age=")
        master = await whole.ask_as_edge(asset, "t_edge~1.jpg")
        assert master.status == 200
        assert whole.traces[-1].hit == "master"

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("leaf", "status", "code"),
    [
        ("t_none~1.jpg", 404, "preset.unknown"),
        ("pf_book~1,w_64.jpg", 404, "product.unknown"),
        (f"d_{'a' * 52},w_64.jpg", 404, "design.unknown"),
        ("t_edge~1.jpg", 404, "preset.unknown"),
        ("w_64.gif", 400, "key.ext"),
    ],
)
def test_what_cannot_be_made_has_its_code(
    tmp_path: Path, leaf: str, status: int, code: str
) -> None:
    async def scene(whole: House, asset: str) -> None:
        answer = await whole.ask(asset, leaf)
        assert (answer.status, json.loads(answer.body)["code"]) == (status, code)
        assert whole.traces[-1].code == code
        again = await whole.ask(asset, leaf)
        assert again.body == answer.body

    play(tmp_path, scene)


def test_a_preset_shows_under_its_version(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        assert (await whole.ask(asset, "t_card~1.jpg")).status == 200
        assert (await whole.ask(asset, "t_card~2.jpg")).status == 404

    play(tmp_path, scene)


def test_an_unknown_shop_and_photo_are_404(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        answer = await whole.ask("a" * 52, "w_64.jpg")
        assert json.loads(answer.body)["code"] == "asset.unknown"
        unsigned = await whole.send(f"/v1/acme/{asset}/w_64.jpg".encode())
        assert unsigned.status == 403
        assert whole.traces[-1].code == "sig.missing"
        assert b"sig.missing" not in unsigned.body

    play(tmp_path, scene)


def test_a_signed_answer_is_kept_no_longer_than_its_signature(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        soon = await whole.ask(asset, "w_64.jpg", now=NOW - 86_400)
        exp = -(-(NOW - 86_400 + 86_400) // 86_400) * 86_400
        assert header(soon, b"cache-control") == b"private, max-age=%d, immutable" % (exp - NOW)

    play(tmp_path, scene)


def test_info_json_is_the_record_and_a_304_when_it_is_known(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        answer = await whole.ask(asset, "info.json")
        assert json.loads(answer.body)["width"] == 901
        assert whole.traces[-1].hit == "record"
        tag = header(answer, b"etag").decode()
        assert (await whole.ask(asset, "info.json", if_none_match=tag)).status == 304

    play(tmp_path, scene)


def test_a_full_queue_refuses_before_any_wait(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        async with whole.admission.place(), whole.admission.place():
            waiting = [
                asyncio.create_task(whole.ask(asset, f"w_64,c_{x}_0_9000_9000.jpg"))
                for x in range(2)
            ]
            await asyncio.sleep(0.2)
            assert whole.admission.waiting == 2
            answer = await whole.ask(asset, "w_64,c_7_7_9000_9000.jpg")
        assert (answer.status, json.loads(answer.body)["code"]) == (503, "render.queue_full")
        assert {(await task).status for task in waiting} == {200}

    play(tmp_path, scene, waiting_max=2)


def test_a_full_queue_refuses_without_waiting_for_anything(tmp_path: Path) -> None:
    """What is stored or under way is answered; only what would have to be rendered is refused."""

    async def scene(whole: House, asset: str) -> None:
        kept = await whole.ask(asset, "w_320.jpg")
        looked_up = whole.request(asset, "w_640.jpg")
        assert whole.previews.answer_now(looked_up, Trace()) is None, "a place is free"
        async with whole.admission.place(), whole.admission.place():
            under_way = asyncio.create_task(whole.ask(asset, "w_480.jpg"))
            await asyncio.sleep(0.2)
            assert whole.admission.waiting == 1
            await whole.ask(asset, "w_320.jpg")  # the epoch is known for a moment
            trace = Trace()
            refused = whole.previews.answer_now(looked_up, trace)
            assert refused is not None
            assert (refused.status, trace.code) == (503, "render.queue_full")
            assert header(refused, b"retry-after")
            assert whole.previews.answer_now(whole.request(asset, "w_480.jpg"), Trace()) is None
            found = whole.previews.answer_now(whole.request(asset, "w_320.jpg"), Trace())
            assert found is not None
            assert found.body == kept.body
        assert (await under_way).status == 200

    play(tmp_path, scene, waiting_max=1)


def test_the_wrong_host_is_421(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        from cache_keys import Request
        from origin.flow.authorize import PreviewRequest
        from origin.flow.trace import Trace

        assert HOST != "evil.test"
        request = PreviewRequest(Request("GET", "evil.test", f"/v1/acme/{asset}/w_64.jpg".encode()))
        assert (await whole.previews.answer(request, Trace())).status == 421

    play(tmp_path, scene)


def test_the_same_bytes_after_an_erase_live_again_under_a_new_id(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        await whole.records.mark_erased("acme", asset)
        again = await whole.take(PHOTO)
        assert again.is_new
        assert again.asset.asset != asset
        assert again.asset.life == 1
        third = await whole.take(PHOTO, owner="c-2")
        assert (third.is_new, third.asset.asset) == (False, again.asset.asset)

    play(tmp_path, scene)


def test_what_kills_the_worker_that_opens_it_is_refused(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        del asset
        for code, wanted in (
            ("render.deadline", "photo.timeout"),
            ("render.crashed", "photo.crashed"),
        ):

            def fail(job: str, code: str = code) -> None:
                raise RenderFailed(code, log=job)

            whole.workers.before = fail
            with pytest.raises(PhotoRefused) as refused:
                await whole.take(photo_jpeg(333, 222, 1))
            assert refused.value.code == wanted

    play(tmp_path, scene)


def test_a_design_is_stored_under_its_meaning_and_shown(tmp_path: Path) -> None:
    async def scene(whole: House, asset: str) -> None:
        body = json.dumps({"photos": [{"asset": asset, "turn": 90}]}).encode()
        stored = await whole.personalize.take(whole.tenant, body, owner="c-1")
        again = await whole.personalize.take(whole.tenant, body + b" ", owner="c-2")
        assert stored.design == again.design
        leaf = f"d_{stored.design},w_64.jpg"
        assert [(await whole.ask(asset, leaf)).status for _ in range(2)] == [200, 200]
        other = (await whole.take(photo_jpeg(333, 222, 2))).asset.asset
        assert (await whole.ask(other, leaf)).status == 404
        await whole.records.mark_erased("acme", asset)
        with pytest.raises(Gone):
            await whole.personalize.take(whole.tenant, body, owner="c-1")

    play(tmp_path, scene)
