"""An erase from its beginning to its receipt: the origin's part ▸ purges ▸ proof ▸ receipt.

Run again after any interruption it goes on where it was: the erasure is recorded when it begins,
and what is missing is found from its photos and its purges. It is over when its receipt says that
everything was seen to be gone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from blake3 import blake3

from cache_keys.tags import asset_tag, design_tag
from edgeproof.console import ExitCode
from edgeproof.reasons import check_reason
from edgeproof.receipt_text import Seen, receipt_of
from edgeproof.receipts import sign_receipt
from edgeproof.wiring import Stores
from origin.erasure import Announcement, ErasedPhoto, Erasure, Kind, Outcome, Scope
from origin.flow.erase import Erase
from origin.values import Tenant
from purge.audit import Audit
from purge.desk import Desk, Wish
from purge.judge import Probe
from purge.queue import Queue
from purge.signing import Signer
from purge.values import Mode, OrderStatus, Subject, What
from purge.verify import Finding, Question, Verifier

PHOTOS_ERASED = "photos_erased"
ERASE_FINISHED = "erase_finished"
#: URLs that are asked for through each edge: some seconds of probing, however large the erase.
PROBES_MAX = 200

#: Told after each step: its name, and how many photos, purges or URLs it has behind it.
Progress = Callable[[str, int], None]


class Purging(Protocol):
    """The purge manager, wired."""

    @property
    def desk(self) -> Desk:
        """Where purges are ordered."""

    @property
    def queue(self) -> Queue:
        """Where they stand."""

    @property
    def audit(self) -> Audit:
        """Where all of it is written down."""

    @property
    def signer(self) -> Signer:
        """The key of the audit's head and of receipts."""

    async def until_settled(
        self, orders: Sequence[str], told: Callable[[OrderStatus], None], limit_s: float
    ) -> Sequence[OrderStatus]:
        """Work the queue until nothing of these orders is left to send, at most so long."""

    def verifier(self, told: Callable[[Finding], None]) -> Verifier:
        """Return what asks the configured edges."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be erased, who wants it and why: ``by`` and ``reason`` are kept for ever."""

    tenant: Tenant
    scope: Scope
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """What an erase came to. receipt: signed text; None when there was nothing to erase."""

    erasure: str
    receipt: str | None
    exit_code: ExitCode
    photos: Sequence[ErasedPhoto]


def subject_of(tenant: Tenant, scope: Scope) -> str:
    """Name what is erased without naming a person: an owner or project as a keyed digest.

    Whoever has the shop's key and the name can find its erase; a list of names cannot be tried
    against what is left.
    """
    if scope.kind in (Kind.ASSET, Kind.SWEEP):
        return scope.name
    text = f"edgeproof-erasure-1\n{scope.kind}\n{scope.name}"
    return blake3(text.encode(), key=tenant.id_key).hexdigest()


def new_id(prefix: str, now_s: float) -> str:
    """Return an id that sorts by time (ms, 12 hex digits) and cannot be guessed (40 bits)."""
    return f"{prefix}{int(now_s * 1_000):012x}{secrets.token_hex(5)}"


class Erasing:
    """Runs erases to their end. limit_s: how long one waits for its purges."""

    def __init__(
        self,
        stores: Stores,
        erase: Erase,
        purging: Purging,
        *,
        limit_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stores = stores
        self._erase = erase
        self._purging = purging
        self._limit_s = limit_s
        self._now = now

    @property
    def audit(self) -> Audit:
        """Where holds are written down too."""
        return self._purging.audit

    async def run(self, asked: Asked, progress: Progress) -> Finished:
        """Erase, purge, look, and write the receipt.

        Purges that are still under way at the limit, or are dead letters, make a receipt that says
        "not verified": run it again. Raises OriginError or PurgeError when something that we rest
        on is away, and CommandFailed for a reason that the audit may not keep.
        """
        check_reason(asked.reason, asked.by)
        erasure = await self._begin(asked)
        counts = {"tombstone": 0, "delete": 0}

        def told(step: str, _: ErasedPhoto) -> None:
            counts[step] += 1
            progress(step, counts[step])

        announce = _Announce(self._purging, erasure)
        wiped = await self._erase.run(erasure, asked.scope, announce, told)
        self._purging.queue.wake()
        photos = await self._photos(erasure)
        if not photos:
            return await self._nothing(erasure)
        orders = await self._settled(erasure, photos, progress)
        seen = await self._look(asked.tenant.name, photos, orders, progress)
        issued_at_s = self._now()
        receipt = receipt_of(asked.tenant, erasure, photos, orders, seen, issued_at_s=issued_at_s)
        receipt["stores"] = {"objects": self._stores.where, "records": wiped.records}
        left = (*await self._stores.left(), *wiped.left)
        receipt["unproven"] += [{"what": sentence, "until": None} for sentence in left]
        text = sign_receipt(receipt, self._purging.signer)
        if receipt["status"] != "not verified":
            text = await self._finish(erasure, receipt, text)
        return Finished(erasure.erasure, text, _exit_code(receipt), photos)

    async def _begin(self, asked: Asked) -> Erasure:
        now_s = self._now()
        erasure = Erasure(
            erasure=new_id("e", now_s),
            tenant=asked.tenant.name,
            kind=asked.scope.kind,
            subject=subject_of(asked.tenant, asked.scope),
            by=asked.by,
            reason=asked.reason,
            began_at_s=int(now_s),
        )
        return await self._stores.records.begin_erasure(erasure)

    async def _photos(self, erasure: Erasure) -> list[ErasedPhoto]:
        photos: list[ErasedPhoto] = []
        after = ""
        while page := await self._stores.records.erased_photos(erasure.erasure, after=after):
            photos += page
            after = page[-1].asset
        return photos

    async def _nothing(self, erasure: Erasure) -> Finished:
        """End an erase that found nothing: the subject's last receipt still speaks for it."""
        records = self._stores.records
        await records.finish_erasure(erasure.erasure, "")
        before = await records.erasures(erasure.tenant, erasure.kind, erasure.subject)
        last = next((one for one in reversed(before) if one.receipt), None)
        if erasure.kind is Kind.SWEEP:  # an earlier sweep's photos are not this one's
            return Finished(erasure.erasure, None, ExitCode.DONE, [])
        if last is None:
            return Finished(erasure.erasure, None, ExitCode.FAILED, [])
        return Finished(last.erasure, last.receipt, ExitCode.DONE, [])

    async def _settled(
        self, erasure: Erasure, photos: Sequence[ErasedPhoto], progress: Progress
    ) -> Sequence[OrderStatus]:
        """Wait for the purges; what an earlier run left as dead letters is sent once more."""
        orders = sorted({photo.purge for photo in photos if photo.purge})
        for order in orders:
            if (await self._purging.queue.status(order)).dead_count:
                await self._purging.desk.replay(by=erasure.by, order=order)
        done: set[str] = set()

        def told(status: OrderStatus) -> None:
            if status.is_settled:
                done.add(status.order.order)
            progress("purge", len(done))

        return await self._purging.until_settled(orders, told, self._limit_s)

    async def _look(
        self,
        tenant: str,
        photos: Sequence[ErasedPhoto],
        orders: Sequence[OrderStatus],
        progress: Progress,
    ) -> Seen:
        probes = probes_of(tenant, photos)
        findings: list[Finding] = []

        def told(finding: Finding) -> None:
            findings.append(finding)
            progress("verify", len(findings))

        accepted = [part.accepted_at_s or 0.0 for one in orders for part in one.progress]
        question = Question(probes, Mode.HARD, max(accepted, default=self._now()))
        report = await self._purging.verifier(told).verify(question) if probes else None
        ids = await self._provider_ids([status.order.order for status in orders])
        return Seen(report, tuple(findings), ids)

    async def _provider_ids(self, orders: Sequence[str]) -> dict[str, list[str]]:
        """Return what the providers call our purges, by their names, for a question to them."""
        found: dict[str, list[str]] = {}
        for order in orders:
            async for entry in self._purging.audit.entries(order=order):
                if "ids" in entry.facts:
                    found.setdefault(str(entry.facts["provider"]), []).extend(entry.facts["ids"])
        return found

    async def _finish(self, erasure: Erasure, receipt: dict[str, Any], text: str) -> str:
        """Keep the receipt and return it; of two runs of one erase the first one's stands."""
        facts = {
            "erasure": erasure.erasure,
            "kind": erasure.kind.value,
            "tenant": erasure.tenant,
            "subject": erasure.subject,
            "by": erasure.by,
            "reason": erasure.reason,
            "status": receipt["status"],
            "photos": receipt["photo_counts"],
            "receipt_blake3": blake3(text.encode()).hexdigest(),
        }

        async def also(connection: Any) -> None:
            await self._purging.audit.append(connection, ERASE_FINISHED, facts)

        records = self._stores.records
        if await records.finish_erasure(erasure.erasure, text, also=also):
            return text
        known = await records.erasures(erasure.tenant, erasure.kind, erasure.subject)
        return next(
            (one.receipt for one in known if one.erasure == erasure.erasure and one.receipt), text
        )


class _Announce:
    """Orders the purge of one page, in the transaction that makes its tombstones."""

    def __init__(self, purging: Purging, erasure: Erasure) -> None:
        self._purging = purging
        self._erasure = erasure

    async def __call__(self, connection: Any, told: Announcement) -> str:
        tags = [asset_tag(asset) for asset in told.generations]
        tags += [design_tag(design) for design in told.designs]
        wish = Wish(Mode.HARD, by=self._erasure.by, reason=self._erasure.reason, is_takedown=True)
        moved = {f"{told.tenant}/{name}": number for name, number in told.generations.items()}
        order = ""
        if self._purging.queue.providers:  # else there is no cache that could keep anything
            subjects = [Subject(What.TAG, "", tag) for tag in tags]
            desk = self._purging.desk
            order = (await desk.order_in(connection, subjects, wish, generations=moved)).order
        facts = {
            "erasure": self._erasure.erasure,
            "tenant": told.tenant,
            "photos": sorted(told.generations),
            "designs": len(told.designs),
            "order": order,
        }
        await self._purging.audit.append(connection, PHOTOS_ERASED, facts)
        return order


def probes_of(tenant: str, photos: Sequence[ErasedPhoto]) -> list[Probe]:
    """Choose the URLs to ask for: of each photo one that anyone may know, then what was made."""
    gone = [photo for photo in photos if photo.outcome is Outcome.ERASED]
    known = [f"/v1/{tenant}/{photo.asset}/info.json" for photo in gone]
    made = [path for photo in photos for path in photo.paths]
    chosen = made[: max(PROBES_MAX - len(known), PROBES_MAX // 2)]
    chosen += known[: PROBES_MAX - len(chosen)]
    return [Probe(path, is_erased=True) for path in chosen]


def _exit_code(receipt: dict[str, Any]) -> ExitCode:
    if receipt["status"] == "not verified":
        return ExitCode.UNVERIFIED
    return ExitCode.PARTLY if receipt["photo_counts"]["kept"] else ExitCode.DONE
