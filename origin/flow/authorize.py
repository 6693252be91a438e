"""Who asks and what for: the rules of cache_keys over this host's keys and tenants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from cache_keys.asking import Asked, Gate, Request, admit, ask
from cache_keys.keyring import Ring
from origin.ports import TenantRecords


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """One request as it came: ``wire`` for the rules, the Accept lines, the fields of RFC 9110."""

    wire: Request
    accept: tuple[bytes, ...] = ()
    fields: Mapping[bytes, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Permitted:
    """A request that may be answered. exp_s: its signature's end, None when unsigned or an edge."""

    asked: Asked
    is_edge: bool
    exp_s: int | None


@dataclass(frozen=True, slots=True)
class Locks:
    """What opens this origin. ring: asked each time, so that a new file needs no restart.

    public_tenants: None means that the records say who is public.
    """

    ring: Callable[[], Ring]
    hosts: Collection[str]
    edge_secrets: Mapping[str, bytes] = field(repr=False)
    public_tenants: frozenset[str] | None


class Authorizer:
    """Judges requests against the rules; asks the records for public tenants once per epoch."""

    def __init__(self, locks: Locks, records: TenantRecords) -> None:
        self._locks = locks
        self._records = records
        self._public = locks.public_tenants or frozenset()
        self._public_epoch: int | None = None

    def is_ready(self, epoch: int) -> bool:
        """Return whether permit() can judge without asking the records."""
        return self._locks.public_tenants is not None or self._public_epoch == epoch

    async def prepare(self, epoch: int) -> None:
        """Ask the records who is public, as of this epoch."""
        tenants = await self._records.tenants()
        self._public = frozenset(tenant.name for tenant in tenants if tenant.is_public)
        self._public_epoch = epoch

    def ring(self) -> Ring:
        """Return the key ring that permit() would judge by now."""
        return self._locks.ring()

    def permit(self, request: PreviewRequest, now_s: int) -> Permitted:
        """Return what is asked and by whom; raises Refusal, the first that holds."""
        locks = self._locks
        gate = Gate(locks.ring(), self._public, locks.hosts, locks.edge_secrets)
        admitted = admit(request.wire, gate, now_s)
        asked = ask(admitted.target, request.accept, is_edge=admitted.is_edge)
        return Permitted(asked, admitted.is_edge, admitted.exp)
