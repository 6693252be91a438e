"""The swarm: Locust users that play sessions and write the trace, in a process of their own.

``python -m loadtests.swarm PLAN.json``; loadtests/runs.py starts it.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from pathlib import Path

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.plan import Plan, read_plan
from loadtests.sessions import session
from loadtests.sessions.distinct import distinct
from loadtests.shop import Shop, read_shop
from loadtests.staged import StagedShape
from loadtests.trace import NO_ANSWER, Row, TraceWriter, cache_word, digest_of, is_tag_of
from loadtests.visitor import Ask, Page, Visitor

#: Connections of one browser to one host (HTTP/1.1), and of the crowd behind a shared link.
PARALLEL = 6
PARALLEL_BURST = 20
TIMEOUT_S = 30.0
#: A visitor that had to wait for pictures does not hurry afterwards to make up for more than this.
HURRY_S = 1.0


class Swarm:
    """What all users share: plan, shop, the next session's number, the trace."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.shop: Shop = read_shop(Path(plan.shop), Path(plan.ring))
        self.trace = TraceWriter(Path(plan.folder))
        self.now = int(time.time())
        self.numbers = itertools.count(1)
        self.busy = 0

    def next_number(self) -> int | None:
        """Return the number of the next session, None after the last one."""
        number = next(self.numbers)
        return None if self.plan.sessions and number > self.plan.sessions else number


class Visiting(FastHttpUser):
    """One visitor after the other, each playing its session; keeps whatever came."""

    swarm: Swarm
    connection_timeout = network_timeout = TIMEOUT_S
    max_retries = 0
    concurrency = PARALLEL_BURST
    insecure = True

    def on_start(self) -> None:
        """Begin at a moment of its own, so that users do not march in step."""
        self.next_at_s = time.monotonic() + self._pause_s(random.random() * 10)  # noqa: S311

    @task
    def visit(self) -> None:
        """Play the next session; the last one ends the user."""
        swarm = self.swarm
        number = swarm.next_number()
        if number is None:
            raise StopUser
        swarm.busy += 1
        try:
            chance = random.Random(f"cold/{swarm.plan.seed}/{number}")  # noqa: S311
            played = (number - 1) % swarm.plan.cycle + 1 if swarm.plan.cycle else number
            kind, pages = session(swarm.shop, swarm.plan.seed, played, swarm.now)
            for page in pages:
                self._look_at(page, number, kind)
                if chance.random() < swarm.plan.cold_share:
                    asked = distinct(Visitor(swarm.shop, chance, swarm.now), chance)
                    self._look_at(Page((asked,)), number, "distinct")
                if self._state == "stopping":
                    return
        finally:
            swarm.busy -= 1

    def _look_at(self, page: Page, number: int, kind: str) -> None:
        self._wait_turn(len(page.asks))
        pool = Pool(PARALLEL_BURST if page.is_burst else PARALLEL)
        for asked in page.asks:
            pool.spawn(self.fetch, asked, number, kind)
        pool.join()

    def _wait_turn(self, asks: int) -> None:
        now = time.monotonic()
        if self.next_at_s > now:
            gevent.sleep(self.next_at_s - now)
        self.next_at_s = max(self.next_at_s, now - HURRY_S) + self._pause_s(asks)

    def _pause_s(self, asks: float) -> float:
        plan = self.swarm.plan
        return asks * plan.visitors / plan.rate if plan.rate else 0.0

    def fetch(self, asked: Ask, number: int, kind: str) -> None:
        """Ask once and keep what came, whatever it was."""
        at_s, began = time.time(), time.perf_counter()
        with self.client.get(
            asked.target,
            name=kind,
            headers={"Accept": asked.accept},
            allow_redirects=False,
            catch_response=True,
        ) as response:
            body = response.content or b""
            spent_ms = (time.perf_counter() - began) * 1_000
            fields = response.headers or {}
            status = int(response.status_code or NO_ANSWER)
            # Locust's own summary then counts the same failures as the verdict.
            if status == asked.status:
                response.success()
        digest = digest_of(body)
        self.swarm.trace.write(
            Row(
                at_s=round(at_s, 4),
                session=number,
                kind=kind,
                key=asked.key,
                want=asked.status,
                status=status,
                ms=round(spent_ms, 2),
                size_bytes=len(body),
                digest=digest,
                is_own_digest=is_tag_of(fields.get("etag", ""), body, digest),
                cache=cache_word(fields.get("cache-status", "")),
                has_retry="retry-after" in fields,
            ),
            body,
        )


def main(plan_path: Path) -> None:
    """Play a plan to its end."""
    swarm = Visiting.swarm = Swarm(read_plan(plan_path))
    environment = Environment(
        user_classes=[Visiting],
        host=swarm.plan.host,
        shape_class=StagedShape(swarm.plan, lambda: swarm.busy),
        stop_timeout=TIMEOUT_S,
    )
    runner = environment.create_local_runner()
    runner.start_shape()
    assert runner.shape_greenlet is not None, "a shape was given"
    runner.shape_greenlet.join()
    runner.quit()
    swarm.trace.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
