"""Very many tags, the vendors' own clients and limits, simulated time: few calls, and no 429.

The queue, the clients and the double of both vendors' APIs are the real ones; only the clock is
set. ``PURGE_TAGS=100000`` makes it the whole of it; CI takes a tenth.
"""

from __future__ import annotations

import os
from math import ceil
from typing import cast

import httpx2
import pytest

from edgeproof.cdn_double.app import make_app
from edgeproof.cdn_double.desk import Accounts
from edgeproof.cdn_double.network import Network, Purge
from purge.configuration import PurgeConfiguration
from purge.providers import plans
from purge.providers.opening import open_providers
from tests.edge.cdn import HOST, serving
from tests.unit.purge.bench import SetClock, Vendor, bench

pytestmark = pytest.mark.anyio

TAGS = int(os.environ.get("PURGE_TAGS", "10000"))
ROUNDS = 2
#: The calls may be so many more than there must be.
SLACK = 1.02


class NoCache(Network):
    """Counts what would be purged: the vendors' books are what is looked at."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", "")
        self.tags = 0

    async def apply(self, purge: Purge) -> int:
        self.tags += len(purge.tags)
        return 0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("plan", ["free", "enterprise"])
async def test_very_many_tags_take_the_fewest_calls_and_meet_no_429(plan: str) -> None:
    clock, network = SetClock(), NoCache()
    accounts = Accounts(cloudflare_plan=plan, hosts=(HOST,))
    with serving(make_app(network, accounts, now=clock.now_s)) as double_url:
        fastly = {"name": "fastly", "service": accounts.fastly_service, "base_url": double_url}
        cloudflare = {"name": "cloudflare", "zone": accounts.cloudflare_zone, "plan": plan}
        cloudflare |= {"base_url": f"{double_url}/client/v4"}
        tables = {"fastly": [fastly | {"token_env": "FASTLY"}]}
        tables |= {"cloudflare": [cloudflare | {"token_env": "CLOUDFLARE"}]}
        tokens = {"FASTLY": accounts.fastly_token, "CLOUDFLARE": accounts.cloudflare_token}
        opened = open_providers(PurgeConfiguration.model_validate(tables), tokens)
        vendors = [cast("Vendor", provider) for provider in opened]
        async with bench(*(lambda _, one=one: one for one in vendors), clock=clock) as on:
            order = await on.purge(*(f"x-{number:06}" for number in range(TAGS)))
            await on.run()
            status = await on.queue.status(order.order)
        calls = httpx2.get(f"{double_url}/double").json()["calls"]
        for provider in opened:
            await provider.close()
    assert (status.is_settled, status.dead_count) == (True, 0)
    assert network.tags == ROUNDS * TAGS * len(vendors)
    per_call = {"fastly": plans.FASTLY_KEYS_PER_CALL, "cloudflare": 100}
    assert {call["status"] for call in calls} == {200}
    for vendor, count in per_call.items():
        made = sum(call["vendor"] == vendor for call in calls)
        least = ROUNDS * ceil(TAGS / count)
        assert least <= made <= SLACK * least, f"{vendor}: {made} calls, {least} needed"
