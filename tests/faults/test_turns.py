"""Turns: who gets the next free worker, and that none is lost on the way."""

from __future__ import annotations

import asyncio

import pytest

from origin.adapters.turns import PATIENCE_S, Turns
from origin.errors import Overloaded

pytestmark = pytest.mark.anyio


class Clock:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def turns_of(workers: str, clock: Clock | None = None) -> Turns[str]:
    turns = Turns[str](len(workers), now_s=clock or Clock())
    for worker in workers:
        turns.join(worker)
    return turns


class Queue:
    """Jobs that ask for a worker, named in the order in which they get one."""

    def __init__(self, turns: Turns[str]) -> None:
        self.turns = turns
        self.served: list[str] = []
        self.tasks: dict[str, asyncio.Task[str]] = {}

    async def ask(self, *names: str) -> None:
        """Let jobs come; a name with a small letter is background."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._take(name))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _take(self, name: str) -> str:
        worker = await self.turns.take(is_background=name.islower())
        self.served.append(name)
        return worker

    async def done(self, name: str) -> None:
        self.turns.give(await self.tasks[name])
        await asyncio.sleep(0)

    def leave(self) -> None:
        for task in self.tasks.values():
            task.cancel()


async def test_foreground_jobs_go_first_each_kind_in_its_order() -> None:
    queue = Queue(turns_of("1"))
    await queue.ask("A", "b", "c", "D", "E")
    for name in "ADEb":
        await queue.done(name)
    await queue.done("c")
    assert queue.served == ["A", "D", "E", "b", "c"]


async def test_a_background_job_leaves_one_worker_free() -> None:
    queue = Queue(turns_of("123"))
    await queue.ask("a", "b", "c")
    assert (queue.served, queue.turns.free()) == (["a", "b"], 1)
    await queue.ask("D")
    assert queue.served == ["a", "b", "D"]
    await queue.done("a")
    assert queue.served == ["a", "b", "D"], "the one that is free now is kept free"
    await queue.done("D")
    assert queue.served == ["a", "b", "D", "c"]


async def test_the_only_worker_does_both_kinds() -> None:
    queue = Queue(turns_of("1"))
    await queue.ask("a", "b")
    await queue.done("a")
    assert queue.served == ["a", "b"]


async def test_a_flood_of_previews_does_not_stop_uploads_for_ever(clock: Clock) -> None:
    queue = Queue(turns_of("12", clock))
    await queue.ask("A", "B", "c", "d", "E", "F", "G")
    await queue.done("A")
    clock.now_s = PATIENCE_S
    await queue.done("B")
    await queue.done("E")
    assert queue.served == ["A", "B", "E", "c", "F"], "and never all workers for them"
    queue.leave()


async def test_a_caller_that_leaves_as_its_turn_comes_gives_the_worker_back() -> None:
    turns = turns_of("1")
    queue = Queue(turns)
    await queue.ask("A", "B")
    turns.give(await queue.tasks["A"])
    queue.tasks["B"].cancel()
    await asyncio.wait(queue.tasks.values())
    assert turns.free() == 1


async def test_a_caller_that_leaves_just_before_its_turn_is_passed_over() -> None:
    turns = turns_of("1")
    queue = Queue(turns)
    await queue.ask("A", "B", "C")
    queue.tasks["B"].cancel()
    turns.give(await queue.tasks["A"])
    assert await queue.tasks["C"] == "1"


async def test_a_worker_that_left_is_not_free_when_it_is_given_back() -> None:
    turns = turns_of("12")
    queue = Queue(turns)
    await queue.ask("a")
    turns.leave(await queue.tasks["a"])
    turns.give(await queue.tasks["a"])
    assert turns.free() == 1
    turns.join("3")
    await queue.ask("b")
    assert queue.served == ["a", "b"]


async def test_everyone_who_waits_can_be_refused() -> None:
    turns = turns_of("")
    queue = Queue(turns)
    await queue.ask("A", "b")
    turns.refuse(lambda: Overloaded("server.stopping"))
    answers = await asyncio.gather(*queue.tasks.values(), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Overloaded] * 2
    turns.join("1")
    assert turns.free() == 1
