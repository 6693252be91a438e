"""What a receipt says: facts of the erase, evidence of the edges, and what nobody can prove."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeproof.receipts import SCHEMA, when
from origin.erasure import ErasedPhoto, Erasure, Outcome
from origin.headers import SIGNED_MAX_AGE_S
from origin.values import Tenant
from purge.values import OrderStatus
from purge.verify import Finding, Report

#: Answers that are quoted per edge; the rest is counted.
QUOTED_MAX = 50
#: How long an edge would keep what it was never told about: CDN-Cache-Control, DESIGN of answers.
EDGE_MAX_AGE_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Seen:
    """What the edges showed. ids: by provider, its own names of our purges."""

    report: Report | None
    findings: tuple[Finding, ...]
    ids: Mapping[str, Sequence[str]]


def receipt_of(
    tenant: Tenant,
    erasure: Erasure,
    photos: Sequence[ErasedPhoto],
    orders: Sequence[OrderStatus],
    seen: Seen,
    *,
    issued_at_s: float,
) -> dict[str, Any]:
    """Return the receipt as JSON. Times are UTC; photos and designs are ids, never names."""
    by_outcome = {
        outcome: [photo for photo in photos if photo.outcome is outcome] for outcome in Outcome
    }
    is_purged = all(status.is_settled and not status.dead_count for status in orders)
    is_seen = seen.report is None or seen.report.is_verified
    return {
        "schema": SCHEMA,
        "status": "verified" if is_seen and is_purged else "not verified",
        "erasure": erasure.erasure,
        "kind": erasure.kind.value,
        "tenant": erasure.tenant,
        "subject": erasure.subject,
        "by": erasure.by,
        "reason": erasure.reason,
        "began_at": when(erasure.began_at_s),
        "issued_at": when(issued_at_s),
        "photos": {
            "erased": [_erased(photo) for photo in by_outcome[Outcome.ERASED]],
            "released": [_released(photo) for photo in by_outcome[Outcome.RELEASED]],
            "kept": [_kept(photo) for photo in by_outcome[Outcome.KEPT]],
        },
        "photo_counts": {outcome.value: len(found) for outcome, found in by_outcome.items()},
        "removed": {
            "records": _sum(photo.counts for photo in photos),
            "files": _sum(photo.removed or {} for photo in photos),
        },
        "purges": [_purge(status, seen.ids) for status in orders],
        "edges": _edges(seen),
        "vantage": "" if seen.report is None else seen.report.vantage,
        "unproven": _unproven(tenant, orders, issued_at_s),
    }


def _erased(photo: ErasedPhoto) -> dict[str, object]:
    return {"asset": photo.asset, "at": when(photo.at_s), "generation": photo.generation}


def _released(photo: ErasedPhoto) -> dict[str, object]:
    return {"asset": photo.asset, "at": when(photo.at_s), "designs": list(photo.designs)}


def _kept(photo: ErasedPhoto) -> dict[str, object]:
    """Name a photo that a hold or an order keeps, and how many prints with it."""
    prints = (photo.removed or {}).get("prints_kept", 0)
    return {"asset": photo.asset, "why": photo.why, "prints": prints}


def _sum(counts: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return {name: number for name, number in sorted(total.items()) if number}


def _purge(status: OrderStatus, ids: Mapping[str, Sequence[str]]) -> dict[str, object]:
    providers = [
        {
            "provider": part.provider,
            "targets": {state.value: count for state, count in part.counts.items() if count},
            "accepted_at": None if part.accepted_at_s is None else when(part.accepted_at_s),
            "purged_again_at": None if part.settled_at_s is None else when(part.settled_at_s),
            "failure": part.code,
            "ids": list(ids.get(part.provider, ())),
        }
        for part in status.progress
    ]
    return {"order": status.order.order, "mode": "hard", "providers": providers}


def _edges(seen: Seen) -> list[dict[str, object]]:
    if seen.report is None:
        return []
    return [
        {
            "edge": edge.edge,
            "verdict": edge.verdict.value,
            "reason": edge.reason,
            "gone": edge.gone,
            "still_there": len(edge.still_there),
            "unknown": len(edge.unknown),
            "evidence": [
                _evidence(finding) for finding in seen.findings if finding.edge == edge.edge
            ][:QUOTED_MAX],
        }
        for edge in seen.report.edges
    ]


def _evidence(finding: Finding) -> dict[str, object]:
    answer = finding.seen
    shown: dict[str, object] = {"path": finding.path, "verdict": finding.verdict.value}
    if answer is None:
        return shown | {"reason": finding.reason}
    return shown | {
        "at": when(answer.at_s),
        "status": answer.status,
        "code": answer.code,
        "headers": dict(answer.headers),
    }


def _unproven(
    tenant: Tenant, orders: Sequence[OrderStatus], issued_at_s: float
) -> list[dict[str, object]]:
    """Name what may still hold the photo, and until when: the last answer left before the purge."""
    settled = [part.settled_at_s or issued_at_s for one in orders for part in one.progress]
    last_s = max(settled, default=issued_at_s)
    kept_s = tenant.browser_max_age_s if tenant.is_public else SIGNED_MAX_AGE_S
    found: list[dict[str, object]] = [
        {
            "what": "Browsers and apps that loaded a preview keep it in their own caches.",
            "until": when(last_s + kept_s),
        },
        {"what": "What people saved, printed or photographed.", "until": None},
        {"what": "Backups of the records, of the object store and of this host.", "until": None},
        {"what": "Bytes in free blocks of the disk or the object store's vendor.", "until": None},
    ]
    if orders:
        found.append(
            {
                "what": "A CDN's other places: each was told, only those named here were asked.",
                "until": when(last_s + EDGE_MAX_AGE_S),
            }
        )
        found.append({"what": "A CDN vendor's own logs and backups.", "until": None})
    return found
