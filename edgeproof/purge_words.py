"""From names to what they stand for, from orders and plans to JSON: for the CLI and the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cache_keys import policy, tags
from edgeproof.purge_proof import Proof
from origin.ports import TenantRecords
from purge.audit import Entry
from purge.desk import DryRun
from purge.errors import BadPurge
from purge.providers.opening import Listed
from purge.reports import DeadLetter
from purge.select import checked
from purge.values import Mode, OrderStatus, Subject, What

#: A hard purge of these is a takedown, which goes before everything that waits.
TAKEN_DOWN = (What.ASSET, What.OWNER, What.PROJECT, What.DESIGN, What.URL, What.TAG)
#: Batches that a plan lists with their texts; the rest are counted.
SHOWN_BATCHES = 3
SHOWN_TEXTS = 5


def subjects_of(what: What, tenant: str, names: Iterable[str]) -> list[Subject]:
    """Return what the names stand for, without repetitions.

    Raises BadPurge that says which of them (counted from 1) is not of its form; "purge.empty".
    """
    if what is What.ALL:
        names = [""]
    subjects: dict[Subject, None] = {}
    for number, name in enumerate(names, 1):
        is_shop = what is What.TENANT
        subject = Subject(what, name if is_shop else tenant, "" if is_shop else name)
        try:
            checked(subject)
        except BadPurge as error:
            where = f"{what} number {number}, {name[:80]!r}: " if name else ""
            raise BadPurge(error.code, f"{where}{error.public}") from error
        subjects[subject] = None
    if not subjects:
        raise BadPurge("purge.empty")
    return list(subjects)


async def check_shops(records: TenantRecords, subjects: Sequence[Subject]) -> None:
    """Raise BadPurge "purge.unknown" for a shop that the records do not know."""
    for name in sorted({subject.tenant for subject in subjects if subject.tenant}):
        if await records.tenant(name) is None:
            raise BadPurge("purge.unknown", f"There is no shop {name}.")


def is_everything(subject: Subject) -> bool:
    """Say whether a purge reaches every shop."""
    is_named = (subject.what, subject.name) in {
        (What.TAG, tags.ALL),
        (What.PREFIX, policy.ROOT),
    }
    return is_named or subject.what is What.ALL


def is_of_a_whole_shop(subject: Subject) -> bool:
    """Say whether a purge reaches everything of a shop."""
    if subject.what is What.PREFIX:
        return subject.name.count("/") <= policy.ROOT.count("/") + 1
    is_tag = subject.what is What.TAG and subject.name.startswith("n-")
    return is_tag or subject.what is What.TENANT


def is_takedown(what: What, mode: Mode) -> bool:
    """Say whether a purge goes before all others: hard, and of something narrow."""
    return mode is Mode.HARD and what in TAKEN_DOWN


def status_document(status: OrderStatus, proof: Proof | None = None) -> dict[str, Any]:
    """Return one order and where it stands."""
    order = status.order
    document: dict[str, Any] = {
        "order": order.order,
        "state": state_of(status),
        "what": str(order.what),
        "label": order.label,
        "mode": str(order.mode),
        "takedown": order.is_takedown,
        "by": order.by,
        "reason": order.reason,
        "created_at": round(order.created_at_s, 3),
        "targets": status.target_count,
        "dead": status.dead_count,
        "generations": dict(order.generations),
        "providers": [
            {
                "provider": part.provider,
                "states": {str(state): count for state, count in part.counts.items()},
                "accepted_at": part.accepted_at_s,
                "settled_at": part.settled_at_s,
                "code": part.code,
            }
            for part in status.progress
        ],
    }
    if proof is not None:
        document["verified"] = proof.is_verified
        document["proof"] = proof.report.as_json() | {"words": proof.words}
    return document


def state_of(status: OrderStatus) -> str:
    """Return one word: open, accepted (the second purge is to come), settled, partly or dead."""
    if status.progress and status.dead_count:
        sent = len(status.order.providers) * status.target_count
        return "dead" if status.dead_count == sent else "partly"
    if status.is_settled:
        return "settled"
    return "accepted" if status.progress and status.is_accepted else "open"


def plan_document(found: DryRun, mode: Mode) -> dict[str, Any]:
    """Return what an order would send, and how long the rate limits make that take."""
    return {
        "dry_run": True,
        "label": found.selection.label,
        "mode": str(mode),
        "targets": len(found.selection.targets),
        "providers": [
            {
                "provider": plan.provider,
                "calls": plan.calls,
                "batches": len(plan.batches),
                "estimated_s": round(plan.estimated_s, 1),
                "first": [
                    {
                        "kind": str(batch.kind),
                        "texts": len(batch.texts),
                        "some": list(batch.texts[:SHOWN_TEXTS]),
                    }
                    for batch in plan.batches[:SHOWN_BATCHES]
                ],
            }
            for plan in found.plans
        ],
    }


def provider_document(listed: Listed) -> dict[str, Any]:
    """Return one configured provider, its secret's place only."""
    limits = listed.limits
    return {
        "provider": listed.name,
        "kind": listed.kind,
        "account": listed.account,
        "depth": listed.depth,
        "scope": listed.scope,
        "hosts": list(listed.hosts),
        "per_call": {str(kind): count for kind, count in limits.per_batch.items()},
        "rate_per_s": limits.rate_per_s,
        "burst": limits.burst,
        "secret": listed.secret,
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """Return one line of the audit."""
    return {
        "seq": entry.seq,
        "at": round(entry.at_s, 3),
        "event": entry.event,
        **{name: value for name, value in entry.facts.items() if name not in {"seq", "event"}},
    }


def letter_document(letter: DeadLetter) -> dict[str, Any]:
    """Return one dead letter."""
    return {
        "order": letter.order,
        "provider": letter.provider,
        "kind": str(letter.target.kind),
        "text": letter.target.text,
        "code": letter.code,
        "attempts": letter.attempts,
    }


def zones_of(listed: Sequence[Listed], providers: Sequence[str]) -> list[str]:
    """Return what a purge of everything asks to be repeated: each zone, service or instances."""
    return sorted({one.scope for one in listed if not providers or one.name in providers})
