"""Runs purges for the commands: opens everything, orders, waits, looks, shows progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from edgeproof import logs, settings
from edgeproof.console import ExitCode, remark, remarks
from edgeproof.proving import Proving, open_proving
from edgeproof.purge_proof import Proof, prove
from edgeproof.purge_unknown import unknown_tags
from edgeproof.purge_words import check_shops
from edgeproof.purging import Purging, configuration_of, open_purging
from edgeproof.settings import environment
from edgeproof.wiring import Stores, open_stores
from purge.desk import Desk, DryRun, Wish
from purge.providers.opening import Listed, list_providers
from purge.queue import Queue
from purge.values import OrderStatus, State, Subject
from purge.verify import Finding

#: Photos whose generations are moved in one transaction: about a fifth of a second, so that nobody
#: who writes to SQLite meanwhile gives up (EDGEPROOF_BUSY_TIMEOUT_S).
SUBJECTS_AT_ONCE = 5_000
#: A worker looks ten times a second; one that another order keeps busy has at least begun.
LEFT_ALONE_S = 10.0
LEFT_ALONE = (
    "nobody has begun to send it: either others go before it (`edgeproof purge status`), or no "
    "worker runs with this configuration (`edgeproof serve`, `edgeproof purge work`)"
)
#: Unknown tags that are named; the rest is a count.
UNKNOWN_SHOWN = 5
_DONE = (State.ACCEPTED, State.VERIFIED, State.DEAD)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an order came to. proof: None when nobody looked."""

    status: OrderStatus
    proof: Proof | None = None

    @property
    def exit_code(self) -> ExitCode:
        """Return what a script is told of an order that was waited for."""
        status = self.status
        if status.dead_count:
            sent = status.target_count * len(status.order.providers)
            return ExitCode.FAILED if status.dead_count == sent else ExitCode.PARTLY
        is_seen = self.proof is None or self.proof.is_verified
        return ExitCode.DONE if status.is_settled and is_seen else ExitCode.UNVERIFIED


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[Stores, Purging]]:
    """Open the purge manager on the records of this installation."""
    loaded = settings.load()
    logs.configure("warning")
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_purging(loaded, stores.database) as purging,
    ):
        yield stores, purging


@asynccontextmanager
async def opened_for_proof() -> AsyncIterator[tuple[Stores, Proving]]:
    """Open the purge manager, and what asks the edges."""
    loaded = settings.load()
    logs.configure("warning")
    async with (
        open_stores(loaded, is_new_allowed=False) as stores,
        open_proving(loaded, stores) as proving,
    ):
        yield stores, proving


def listed() -> Sequence[Listed]:
    """Return the configured providers; opens nothing."""
    return list_providers(configuration_of(settings.load()), environment())


async def foretell(subjects: Sequence[Subject], wish: Wish) -> DryRun:
    """Return what an order would send."""
    async with opened() as (stores, purging):
        await check_shops(stores.records, subjects)
        await _remark_unknown(stores, purging.queue, subjects)
        return await purging.desk.dry_run(subjects, wish)


async def ordered(
    subjects: Sequence[Subject], wish: Wish, told: Callable[[str], None]
) -> list[OrderStatus]:
    """Order a purge and return at once; ``told`` gets each order's id when it is committed."""
    async with opened() as (stores, purging):
        await check_shops(stores.records, subjects)
        await _remark_unknown(stores, purging.queue, subjects)
        orders = await _ordered(purging.desk, subjects, wish, told)
        return [await purging.queue.status(order) for order in orders]


async def _remark_unknown(stores: Stores, queue: Queue, subjects: Sequence[Subject]) -> None:
    unknown = await unknown_tags(stores.records, queue.records, subjects)
    for tag in unknown[:UNKNOWN_SHOWN]:
        remark(f"nothing here is known to carry the tag {tag}")
    if len(unknown) > UNKNOWN_SHOWN:
        remark(f"and {len(unknown) - UNKNOWN_SHOWN} more such tags")


async def _ordered(
    desk: Desk, subjects: Sequence[Subject], wish: Wish, told: Callable[[str], None]
) -> list[str]:
    orders = []
    for some in _portions(subjects, wish):
        order = await desk.order(some, wish)
        told(order.order)
        orders.append(order.order)
    return orders


async def carried_out(
    subjects: Sequence[Subject],
    wish: Wish,
    told: Callable[[str], None],
    *,
    limit_s: float,
    is_verified: bool,
) -> list[Outcome]:
    """Order a purge, work the queue in this process too until it is settled, and look."""
    async with opened_for_proof() as (stores, proving):
        await check_shops(stores.records, subjects)
        await _remark_unknown(stores, proving.queue, subjects)
        orders = await _ordered(proving.desk, subjects, wish, told)
        return await finished(stores, proving, orders, limit_s=limit_s, is_verified=is_verified)


async def finished(
    stores: Stores, proving: Proving, orders: Sequence[str], *, limit_s: float, is_verified: bool
) -> list[Outcome]:
    """Wait for orders, at most so long, and look at those that are settled."""
    with progress_of_orders() as (status_told, finding_told):
        statuses = await proving.until_settled(orders, status_told, limit_s)
        if not is_verified:
            return [Outcome(status) for status in statuses]
        outcomes = []
        for status in statuses:
            proof = None
            if status.is_settled:
                proof = await prove(proving, stores.records, status, finding_told)
            outcomes.append(Outcome(status, proof))
        return outcomes


async def looked_at(order: str) -> Outcome:
    """Ask the edges whether a settled order is done."""
    async with opened_for_proof() as (stores, proving):
        outcomes = await finished(stores, proving, [order], limit_s=0, is_verified=True)
        return outcomes[0]


async def watched(
    order: str, told: Callable[[OrderStatus], None], every_s: float | None
) -> OrderStatus:
    """Look at an order once, or until nothing of it is left to send; others do the work."""
    has_remarked = False
    async with opened() as (_, purging):
        while True:
            status = await purging.queue.status(order)
            told(status)
            if not has_remarked and is_left_alone(status, purging.queue.clock.now_s()):
                remark(LEFT_ALONE)
                has_remarked = True
            if status.is_settled or every_s is None:
                return status
            await asyncio.sleep(every_s)


def is_left_alone(status: OrderStatus, now_s: float) -> bool:
    """Say whether nobody has begun to send an order for longer than a worker needs to see it."""
    is_untouched = all(
        set(part.counts) <= {State.QUEUED} and part.accepted_at_s is None and not part.code
        for part in status.progress
    )
    is_old = now_s - status.order.created_at_s > LEFT_ALONE_S
    return is_old and is_untouched and not status.is_settled


@contextmanager
def progress_of_orders() -> Iterator[
    tuple[Callable[[OrderStatus], None], Callable[[Finding], None]]
]:
    """Show a bar for each provider and one for the edges, on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=remarks, disable=not remarks.is_terminal) as progress:
        bars: dict[tuple[str, str], TaskID] = {}
        asked: dict[str, TaskID] = {}

        def status_told(status: OrderStatus) -> None:
            for part in status.progress:
                key = (status.order.order, part.provider)
                if key not in bars:
                    bars[key] = progress.add_task(part.provider, total=status.target_count)
                done = sum(part.counts.get(state, 0) for state in _DONE)
                words = f"{part.provider}  {phase_of(status, part.provider)}"
                progress.update(bars[key], completed=done, description=words)

        def finding_told(finding: Finding) -> None:
            if finding.edge not in asked:
                asked[finding.edge] = progress.add_task(f"asked {finding.edge}", total=0)
            bar = asked[finding.edge]
            total = (progress.tasks[bar].total or 0) + 1
            progress.update(bar, total=total, completed=total)

        yield status_told, finding_told


def phase_of(status: OrderStatus, provider: str) -> str:
    """Return how far an order is at one provider, in words."""
    (part,) = [part for part in status.progress if part.provider == provider]
    dead = part.counts.get(State.DEAD, 0)
    if dead:
        return f"{dead} dead letters ({part.code})"
    if part.settled_at_s is not None:
        return "taken twice"
    if part.accepted_at_s is not None:
        return "taken, again at the response deadline"
    return f"waiting ({part.code})" if part.code else "waiting"


def _portions(subjects: Sequence[Subject], wish: Wish) -> Iterator[Sequence[Subject]]:
    """Cut very many subjects into orders; one that may be collapsed stays whole."""
    size = len(subjects) if wish.allow_collapse else SUBJECTS_AT_ONCE
    for first in range(0, len(subjects), size):
        yield subjects[first : first + size]
