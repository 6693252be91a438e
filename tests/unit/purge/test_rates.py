"""Very many tags, two vendors, simulated time: the calls that must be, and no more.

``PURGE_TAGS=100000`` makes it the whole of it; CI takes a fifth, for the time that it needs.
"""

from __future__ import annotations

import os
from math import ceil

import pytest

from purge.providers import plans
from purge.values import Kind, Limits
from tests.unit.purge.bench import SetClock, Vendor, bench

TAGS = int(os.environ.get("PURGE_TAGS", "20000"))
ROUNDS = 2
PER_CALL = {
    "fastly": plans.FASTLY_KEYS_PER_CALL,
    "cloudflare": plans.CLOUDFLARE["pro"].operations_per_call,
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def fastly(clock: SetClock) -> Vendor:
    per_batch = {Kind.TAG: PER_CALL["fastly"]}
    return Vendor("fastly", clock, Limits(per_batch, plans.FASTLY_RATE_PER_S, plans.FASTLY_BURST))


def cloudflare(clock: SetClock) -> Vendor:
    plan = plans.CLOUDFLARE["pro"]
    per_batch = {Kind.TAG: PER_CALL["cloudflare"]}
    return Vendor("cloudflare", clock, Limits(per_batch, plan.rate_per_s, plan.calls_at_once))


@pytest.mark.anyio
async def test_very_many_tags_take_the_fewest_calls_and_meet_no_429() -> None:
    async with bench(fastly, cloudflare) as on:
        order = await on.purge(*(f"x-{number:06}" for number in range(TAGS)))
        await on.run()
        status = await on.queue.status(order.order)
        assert status.is_settled
        assert status.dead_count == 0
        for name, vendor in on.vendors.items():
            least = ROUNDS * ceil(TAGS / PER_CALL[name])
            assert vendor.refusals == 0
            assert len(vendor.texts) == TAGS
            assert set(vendor.texts.values()) == {ROUNDS}
            assert len(vendor.calls) <= 1.02 * least, f"{len(vendor.calls)} calls, {least} needed"
