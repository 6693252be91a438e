"""The audit: an append-only chain of what was asked, done and seen, with a signed head.

Each entry's hash covers the one before it and its own number and words, so an edit, a removal or a
changed order is found by walking the chain. A cut tail is found against the last signed head, which
is kept outside the records. Personal data has no place here: it could not be removed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import rfc8785
from sqlalchemy import insert, select, update

from purge.errors import AuditBroken
from purge.ports import Transactions
from purge.signing import Signer, is_signed
from purge.tables import audit, audit_tip

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

#: What the first entry's hash covers in place of a hash before it.
START = "0" * 64
#: Entries read at once while the chain is walked.
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit."""

    seq: int
    at_s: float
    event: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time, signed."""

    seq: int
    hash: str
    at_s: float
    key_id: str
    signature: str

    def message(self) -> bytes:
        """Return the bytes that the signature is of."""
        return _message(self.seq, self.hash, self.at_s, self.key_id)


class Heads(Protocol):
    """Keeps the last signed head outside the records. Raises AuditBroken, OSError."""

    def keep(self, head: Head) -> None:
        """Replace the kept head, unless it is a later one."""

    def read(self) -> Head | None:
        """Return the kept head, None when there is none yet."""


class Audit:
    """The chain in the records. Appending takes a lock that lasts until the transaction ends."""

    def __init__(self, records: Transactions, now_s: Callable[[], float]) -> None:
        self._records = records
        self._now_s = now_s

    async def append(
        self, connection: AsyncConnection, event: str, facts: Mapping[str, object]
    ) -> int:
        """Add an entry in the caller's transaction, best as its last step; return its number.

        Raises AuditBroken when the chain's end was taken away: nothing is done unrecorded.
        """
        tip = select(audit_tip.c.seq, audit_tip.c.hash).with_for_update()
        row = (await connection.execute(tip)).one_or_none()
        if row is None:
            raise _broken("its end is missing")
        seq = int(row.seq) + 1
        said: Any = {"at_s": self._now_s(), "event": event, "facts": dict(facts)}
        body = rfc8785.dumps(said).decode()
        digest = _hash(row.hash, seq, body)
        entry = {"seq": seq, "body": body, "hash": digest, "order_id": _order_of(facts)}
        await connection.execute(insert(audit).values(entry))
        await connection.execute(update(audit_tip).values(seq=seq, hash=digest))
        return seq

    async def entries(self, *, after: int = 0, order: str = "") -> AsyncIterator[Entry]:
        """Yield the entries after a number, in order, as they are written.

        order: only those about this order, found without reading the others.
        """
        async for row in self._rows(after, order):
            body = json.loads(row["body"])
            yield Entry(row["seq"], body["at_s"], body["event"], body["facts"])

    async def length(self) -> int:
        """Return the number of the last entry."""
        return (await self._tip())[0]

    async def sign(self, signer: Signer, last: Head | None = None) -> Head:
        """Sign the chain as it ends now, when it goes on from the last signed head and holds.

        Without one it is walked from its start: an end that was forged must never be signed.
        Raises AuditBroken.
        """
        tip = await self._tip()
        begin = (0, START) if last is None else (last.seq, last.hash)
        if tip[0] < begin[0]:
            raise _broken(f"it ends at entry {tip[0]}, the last signed head is at {begin[0]}")
        await self._walk(begin, {"the tip": tip})
        at_s, name = self._now_s(), signer.key_id
        return Head(*tip, at_s, name, signer.sign(_message(*tip, at_s, name)))

    async def verify(self, head: Head | None = None, public_pem: bytes = b"") -> int:
        """Walk the chain; return how many entries hold.

        head: a signed head from outside the records; the chain must go through it.
        Raises AuditBroken "audit.broken" with the first entry that does not hold.
        """
        if head is not None and not is_signed(public_pem, head.message(), head.signature):
            raise _broken("the signature of the head does not hold")
        marks = {"the tip": await self._tip()}
        if head is not None:
            marks["the signed head"] = (head.seq, head.hash)
        if await self._records.rows(select(audit.c.seq).where(audit.c.seq < 1).limit(1)):
            raise _broken("there is an entry before the first one")
        return await self._walk((0, START), marks)

    async def _walk(self, begin: tuple[int, str], marks: Mapping[str, tuple[int, str]]) -> int:
        """Follow the chain from the hash of an entry; return the number of the last one.

        marks: entries that it must come by, and their hashes.
        """
        seq, before = begin
        hashes = {seq: before}  # of the entries that a mark names
        async for row in self._rows(seq):
            if row["seq"] != seq + 1:
                raise _broken(f"entry {seq + 1} is missing")
            seq = row["seq"]
            before = _hash(before, seq, row["body"])
            if before != row["hash"] or not _names_its_order(row):
                raise _broken(f"entry {seq} was changed, moved or put in")
            if any(seq == mark for mark, _ in marks.values()):
                hashes[seq] = before
        for name, (mark, digest) in marks.items():
            if mark > seq:
                raise _broken(f"the chain ends at entry {seq}, {name} is at entry {mark}")
            if hashes.get(mark) != digest:
                raise _broken(f"the chain up to entry {mark} is not the one of {name}")
        return seq

    async def _tip(self) -> tuple[int, str]:
        found = await self._records.rows(select(audit_tip.c.seq, audit_tip.c.hash))
        if not found:
            raise _broken("its end is missing")
        return int(found[0]["seq"]), str(found[0]["hash"])

    async def _rows(self, after: int, order: str = "") -> AsyncIterator[Mapping[str, Any]]:
        while True:
            query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(PAGE)
            if order:
                query = query.where(audit.c.order_id == order)
            page = await self._records.rows(query)
            for row in page:
                yield dict(row)
            if len(page) < PAGE:
                return
            after = page[-1]["seq"]


def head_text(head: Head) -> str:
    """Write a head as one line of JSON."""
    return json.dumps(asdict(head), separators=(",", ":")) + "\n"


def read_head(text: str) -> Head:
    """Read what ``head_text`` wrote; raises AuditBroken when it is no head."""
    try:
        fields = json.loads(text)
        return Head(
            int(fields["seq"]),
            str(fields["hash"]),
            float(fields["at_s"]),
            str(fields["key_id"]),
            str(fields["signature"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise _broken("the signed head cannot be read") from error


def _message(seq: int, digest: str, at_s: float, key_id: str) -> bytes:
    return f"edgeproof-audit-head-1\n{seq}\n{digest}\n{at_s!r}\n{key_id}".encode()


def _hash(before: str, seq: int, body: str) -> str:
    return hashlib.sha256(f"edgeproof-audit-1\n{before}\n{seq}\n{body}".encode()).hexdigest()


def _order_of(facts: Mapping[str, Any]) -> str | None:
    return facts.get("order") or None


def _names_its_order(row: Mapping[str, Any]) -> bool:
    """Say whether the column, which no hash covers, repeats what the entry says."""
    try:
        return bool(_order_of(json.loads(row["body"])["facts"]) == row["order_id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _broken(sentence: str) -> AuditBroken:
    return AuditBroken("audit.broken", f"The audit does not hold: {sentence}.")
