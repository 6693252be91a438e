"""Looks whether a purge is done: asks every edge for some of its URLs, records what was seen."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from cache_keys import policy, tags
from edgeproof.proving import Proving
from origin.adapters.records.selection import MadeUnder, SqlSelection
from purge.errors import BadPurge
from purge.judge import Probe
from purge.values import Kind, OrderStatus, Target
from purge.verify import Finding, Question, Report

#: Of one order at most so many targets are looked up for URLs to ask for, spread over all of them.
TARGETS_LOOKED_AT = 200
_OF_PATH = re.compile(f"{policy.ROOT}(?:({policy.TENANT})/(?:({policy.HASH})/.*)?)?")
_PRESET_TAG = re.compile(f"t-({policy.TENANT})\\.({policy.NAME}~{policy.VER})")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen of one order. marked: targets at providers that are verified by it.

    is_of_edges: False where no edge is configured, so that only the origin was asked.
    """

    report: Report
    marked: int
    is_of_edges: bool
    has_caches: bool

    @property
    def is_verified(self) -> bool:
        """Whether all was seen to be gone, at the edges if there is any cache at all."""
        return self.report.is_verified and (self.is_of_edges or not self.has_caches)

    @property
    def words(self) -> str:
        """One sentence for people."""
        if self.has_caches and not self.is_of_edges:
            return "not verified: no [[edge]] is configured to ask through, only the origin was"
        if not any(edge.gone or edge.still_there or edge.unknown for edge in self.report.edges):
            return "not verified: nothing of it was ever made, so there is no URL to ask for"
        return self.report.words


async def prove(
    proving: Proving,
    selection: SqlSelection,
    status: OrderStatus,
    told: Callable[[Finding], None],
) -> Proof:
    """Ask every edge for a sample of a settled order's URLs, and record what was seen.

    Rows are marked verified only when every edge showed every URL gone and no letter is dead.
    Raises BadPurge "purge.early" while anything of the order is still to be sent, QueueUnavailable.
    """
    if not status.is_settled:
        raise BadPurge("purge.early")
    order = status.order
    targets = await proving.queue.targets(order.order)
    count = proving.samples
    probes = await sample(selection, status, targets, count)
    accepted_at_s = [part.accepted_at_s or 0.0 for part in status.progress]
    since_s = max(accepted_at_s, default=order.created_at_s)
    report = await proving.verifier(told).verify(Question(probes, order.mode, since_s))
    proof = Proof(report, 0, proving.has_edges, has_caches=bool(order.providers))
    if not proof.is_verified or status.dead_count:
        return proof
    edges = [edge.edge for edge in report.edges]
    facts = {"vantage": report.vantage, "edges": edges, "urls": len(probes)}
    marked = await proving.desk.verified(order.order, order.providers, facts)
    return Proof(report, marked, proof.is_of_edges, has_caches=proof.has_caches)


async def sample(
    selection: SqlSelection, status: OrderStatus, targets: Sequence[Target], count: int
) -> list[Probe]:
    """Choose URLs of an order: derivatives that were made, else what can be asked of any photo.

    Only photos whose generation this order moved are asked for, where it moved any: of the others
    nothing tells old from new.
    """
    generations = status.order.generations
    chosen: dict[str, Probe] = {}
    step = max(1, len(targets) // TARGETS_LOOKED_AT)
    looked_at = targets[::step]
    share = max(1, -(-count // max(1, len(looked_at))))
    for target in looked_at:
        taken = 0
        async with aclosing(_paths(selection, target)) as paths:
            async for path in paths:
                generation = generations.get(_photo_of(path))
                if generation is None and generations:
                    continue
                chosen.setdefault(path, Probe(path, generation=generation))
                taken += 1
                if taken >= share:
                    break
        if len(chosen) >= count:
            break
    if not chosen and any(_has_info(target) for target in targets):
        for name, generation in list(generations.items())[:count]:
            path = f"{policy.ROOT}{name}/info.json"
            chosen[path] = Probe(path, generation=generation)
    return list(chosen.values())[:count]


async def _paths(selection: SqlSelection, target: Target) -> AsyncGenerator[str]:
    """Yield canonical paths that the target covers."""
    if target.kind is Kind.URL:
        yield target.text
        return
    under = _under(target)
    if under is None:
        return
    after = ""
    while page := await selection.made_under(under, after=after):
        for made in page:
            is_inside = target.kind is not Kind.PREFIX or made.path.startswith(target.text)
            if is_inside and f"/t_{policy.EDGE_PRESET}~" not in made.path:
                yield made.path
        after = page[-1].key


def _under(target: Target) -> MadeUnder | None:
    """Say which derivatives a target covers; None for a tag of no kind of ours."""
    text = target.text
    if target.kind is Kind.ALL or text == tags.ALL:
        return MadeUnder()
    if target.kind is Kind.PREFIX:
        match = _OF_PATH.fullmatch(text)
        return MadeUnder(tenant=match[1], asset=match[2]) if match else None
    preset = _PRESET_TAG.fullmatch(text)
    if preset:
        return MadeUnder(tenant=preset[1], op=f"t_{preset[2]}")
    kinds = {
        "a-": MadeUnder(asset=text[2:]),
        "d-": MadeUnder(op=f"d_{text[2:]}"),
        "n-": MadeUnder(tenant=text[2:]),
        "e-": MadeUnder(engine=text[2:]),
    }
    return kinds.get(text[:2])


def _photo_of(path: str) -> str:
    return "/".join(path.removeprefix(policy.ROOT).split("/")[:2])


def _has_info(target: Target) -> bool:
    """Say whether a target covers the info.json of its photos."""
    is_wide = target.kind in {Kind.ALL, Kind.PREFIX} or target.text == tags.ALL
    return is_wide or target.text.startswith(("a-", "n-"))
