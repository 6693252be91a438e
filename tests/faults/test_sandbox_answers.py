"""What a worker in a stranger's hands may tell the server: plain values of the promised type."""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fuzz import rounds
from fuzz.mutate import mutated
from fuzz.rounds import Found, fuzz_answers, fuzz_profiles, fuzz_walks, fuzz_workers, times
from fuzz.seeds import own_seeds
from fuzz.targets import read_hostile_answer
from origin.adapters.frames import (
    LENGTH,
    AnswerUnreadable,
    Outcome,
    answered,
    error_of,
    read_answer,
    value_of,
)
from origin.adapters.pool import WorkerPool
from origin.adapters.sandbox import WorkerLimits
from origin.errors import PhotoRefused, RenderFailed
from origin.flow import jobs
from origin.values import Masters, Rendered
from tests.contract.jobs import add, nothing
from tests.faults import inside

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(1, limits=WorkerLimits(answer_mb=1), warm=nothing)
    await pool.start()
    yield pool
    await pool.close(timeout_s=0)


class Opens:
    """A pickle of it makes a folder where it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


async def test_a_pickle_in_an_answer_runs_nothing_and_costs_the_worker(
    pool: WorkerPool, tmp_path: Path
) -> None:
    body = pickle.dumps(Opens(tmp_path / "pwned"))
    with pytest.raises(RenderFailed, match=r"render\.crashed") as caught:
        await pool.run(inside.answer_with, body, len(body), deadline_s=20)
    assert "cannot be read" in caught.value.log
    assert not (tmp_path / "pwned").exists()
    assert await pool.run(add, 1, 2, deadline_s=60) == 3
    assert pool.restarts == {"crashed": 1}


async def test_an_answer_of_endless_length_is_not_waited_for(pool: WorkerPool) -> None:
    with pytest.raises(RenderFailed, match=r"render\.crashed") as caught:
        await pool.run(inside.answer_with, b"", 2**63, deadline_s=60)
    assert "more than a worker may answer" in caught.value.log


async def test_an_honest_answer_that_is_too_large_is_refused_too(pool: WorkerPool) -> None:
    from tests.contract.jobs import many_bytes

    with pytest.raises(RenderFailed, match=r"render\.crashed"):
        await pool.run(many_bytes, 2 << 20, deadline_s=20)


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        {"content": "text", "width_px": 1, "height_px": 1, "steps_ms": {}},
        {"content": b"", "width_px": "1", "height_px": 1, "steps_ms": {}},
        {"content": b"", "width_px": 1, "height_px": 1},
        {"content": b"", "width_px": 1, "height_px": 1, "steps_ms": {"a": "b"}},
        Masters({640: b""}, "", ""),
        None,
    ],
)
def test_a_value_of_another_type_than_promised_is_refused(value: object) -> None:
    reply = read_answer(answered(Outcome.VALUE, value)[LENGTH.size :])
    with pytest.raises(AnswerUnreadable):
        value_of(reply, jobs.render, ())


def test_a_value_of_the_promised_type_comes_back_whole() -> None:
    rendered = Rendered(b"\x00\xff", 3, 2, {"encode": 0.5})
    reply = read_answer(answered(Outcome.VALUE, rendered)[LENGTH.size :])
    assert value_of(reply, jobs.render, ()) == rendered


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("SystemExit", "photo.damaged"),
        ("PhotoRefused", "no.code"),
        ("DesignError", "A.B"),
        ("", ""),
    ],
)
def test_an_error_that_is_not_ours_is_not_raised(kind: str, code: str) -> None:
    body = msgspec.msgpack.encode(
        {"outcome": "error", "error": {"kind": kind, "code": code, "status": 200, "public": "x"}}
    )
    reply = read_answer(body)
    assert reply.error is not None
    with pytest.raises(AnswerUnreadable):
        error_of(reply.error)


def test_an_errors_status_is_the_tables_and_never_the_workers() -> None:
    body = answered(Outcome.ERROR, error=PhotoRefused("photo.damaged"))[LENGTH.size :]
    lie = msgspec.msgpack.decode(body)
    lie["error"]["status"] = 200
    reply = read_answer(msgspec.msgpack.encode(lie))
    assert reply.error is not None
    raised = error_of(reply.error)
    assert isinstance(raised, PhotoRefused)
    assert raised.status == 422


def test_a_text_that_utf8_cannot_carry_is_said_in_other_words() -> None:
    error = PhotoRefused("photo.damaged", log="file \udcff")
    reply = read_answer(answered(Outcome.ERROR, error=error)[LENGTH.size :])
    assert reply.error is not None
    assert reply.error.log == "file \\udcff"


def test_ten_thousand_damaged_answers_are_read_or_refused() -> None:
    codes = fuzz_answers(random.Random(1), times(10_000))
    assert codes["unreadable"] > 5_000
    assert len(codes) > 3, "some are still good"


def test_damaged_files_are_walked_or_refused_with_a_stable_code() -> None:
    codes = fuzz_walks(own_seeds(), random.Random(2), times(600))
    assert {"ok", "photo.damaged", "photo.format"} <= codes.keys()


def test_damaged_profiles_are_judged() -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert fuzz_profiles([profile], random.Random(3), times(300)) == {"judged": 300}


async def test_damaged_files_cost_workers_and_never_the_server() -> None:
    codes = await fuzz_workers(own_seeds(), random.Random(4), times(120))
    assert codes.total() >= 120
    assert codes["photo.damaged"] > 0


def test_a_fuzzer_says_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> str:
        return str(path.read_bytes()[20])

    monkeypatch.setattr(rounds, "walk_file", broken)
    with pytest.raises(Found, match="IndexError") as caught:
        fuzz_walks(own_seeds(), random.Random(5), times(2_000))
    assert len(caught.value.content) <= 20


def test_the_same_seed_damages_the_same_way() -> None:
    first, again = ([mutated([bytes(500)], random.Random(6)) for _ in range(3)] for _ in range(2))
    assert first == again
    assert read_hostile_answer(b"") == "unreadable"
