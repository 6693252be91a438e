"""What both vendors' APIs share: who may ask, what was asked, what goes wrong, what is done."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from edgeproof.cdn_double.faults import Failure, Fault, Faults, Vendor
from edgeproof.cdn_double.network import Network, Purge

#: Calls that are remembered for whoever looks; the counts go on.
CALLS_MAX = 10_000
#: Fastly: 100,000 purges an hour for one account on average; a batch is one call.
FASTLY_PER_HOUR = 100_000


class Accounts(BaseModel):
    """The one account that each vendor has here. hosts: those of its zone and service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fastly_token: str = Field("loopback-fastly-token", repr=False)
    fastly_service: str = "loopbackservice0000001"
    fastly_per_hour: int = Field(FASTLY_PER_HOUR, ge=1)
    cloudflare_token: str = Field("loopback-cloudflare-token", repr=False)
    cloudflare_zone: str = "00000000000000000000000000000001"
    cloudflare_plan: str = "enterprise"
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was answered. targets: named by it; objects: dropped by Varnish."""

    number: int
    vendor: Vendor
    what: str
    is_soft: bool
    targets: int
    status: int
    failure: Failure | None
    objects: int
    at_s: float


@dataclass(slots=True)
class Desk:
    """Takes the vendors' calls; one for all."""

    network: Network
    accounts: Accounts
    now: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS_MAX))
    count: int = 0

    async def carry_out(self, purge: Purge, fault: Fault | None) -> int:
        """Purge, as far as the planned failure lets it; return how many objects went."""
        if fault is not None and fault.failure is Failure.NOT_DONE:
            return 0
        is_partial = fault is not None and fault.failure is Failure.PARTIAL
        objects = await self.network.apply(purge.half() if is_partial else purge)
        if fault is not None and fault.failure is Failure.TIMEOUT:
            await asyncio.sleep(fault.delay_s)
        return objects

    def note(
        self,
        vendor: Vendor,
        what: str,
        purge: Purge,
        status: int,
        outcome: tuple[Fault | None, int],
    ) -> int:
        """Remember a call and return its number, the first is 1."""
        fault, objects = outcome
        failure = None if fault is None else fault.failure
        self.count += 1
        self.calls.append(
            Call(
                self.count,
                vendor,
                what,
                purge.is_soft,
                len(purge),
                status,
                failure,
                objects,
                self.now(),
            )
        )
        return self.count

    def shown(self) -> list[dict[str, object]]:
        """Return the calls as JSON."""
        return [asdict(call) for call in self.calls]

    def is_host(self, host: str) -> bool:
        """Say whether the account answers for a host, given with or without its port."""
        return host in self.accounts.hosts or host.rpartition(":")[0] in self.accounts.hosts
