"""The chain holds, and whoever touches it is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import cast

import pytest
import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy import Delete, Update, delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from purge.audit import Audit, Head, head_text, read_head
from purge.errors import AuditBroken, BadConfiguration
from purge.observe import Watch
from purge.send import Worker
from purge.signing import Signer, is_signed, key_id, new_pem
from purge.tables import audit as entries
from purge.tables import audit_tip
from purge.work import Tender
from tests.unit.purge.bench import NOW_S, InMemory, bench

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def records() -> AsyncIterator[InMemory]:
    records = InMemory()
    await records.prepare()
    yield records
    await records.close()


@pytest.fixture
async def audit(records: InMemory) -> Audit:
    """An audit with ten entries."""
    audit = Audit(records, lambda: NOW_S)
    for number in range(10):
        await append(records, audit, number)
    return audit


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.from_pem(new_pem())


async def append(records: InMemory, audit: Audit, number: int) -> None:
    async def work(connection: AsyncConnection) -> int:
        return await audit.append(connection, "purge_ordered", {"order": f"p{number}", "é": [1]})

    await records.write(work)


async def change(records: InMemory, statement: Update | Delete) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(statement)

    await records.write(work)


async def test_an_untouched_chain_holds_and_reads_as_it_was_written(audit: Audit) -> None:
    assert await audit.verify() == 10
    said = [entry async for entry in audit.entries(after=8)]
    assert [(entry.seq, entry.event, entry.at_s) for entry in said] == [
        (9, "purge_ordered", NOW_S),
        (10, "purge_ordered", NOW_S),
    ]
    assert said[0].facts == {"order": "p8", "é": [1]}


async def test_the_entries_of_an_order_are_found_by_the_index(
    audit: Audit, records: InMemory
) -> None:
    await append(records, audit, 3)
    assert [entry.seq async for entry in audit.entries(order="p3")] == [4, 11]
    assert [entry.seq async for entry in audit.entries(order="p3", after=4)] == [11]
    query = "EXPLAIN QUERY PLAN SELECT * FROM purge_audit WHERE order_id = 'p3' ORDER BY seq"
    with records.engine.begin() as connection:
        plan = str(connection.execute(text(query)).all())
    assert "USING INDEX ix_purge_audit_order_id" in plan


async def test_an_entry_that_was_hidden_from_its_order_is_found(
    audit: Audit, records: InMemory
) -> None:
    await change(records, update(entries).where(entries.c.seq == 6).values(order_id=None))
    with pytest.raises(AuditBroken, match="entry 6 was changed"):
        await audit.verify()


async def test_an_empty_chain_holds(records: InMemory, signer: Signer) -> None:
    audit = Audit(records, lambda: NOW_S)
    head = await audit.sign(signer)
    assert await audit.verify(head, signer.public_pem()) == 0


@pytest.mark.parametrize("seq", [1, 5, 10])
async def test_an_edit_is_found(audit: Audit, records: InMemory, seq: int) -> None:
    changed = entries.c.body.concat(" ")
    await change(records, update(entries).where(entries.c.seq == seq).values(body=changed))
    with pytest.raises(AuditBroken, match=f"entry {seq} was changed"):
        await audit.verify()


@pytest.mark.parametrize("seq", [1, 5, 10])
async def test_a_removal_is_found(audit: Audit, records: InMemory, seq: int) -> None:
    await change(records, delete(entries).where(entries.c.seq == seq))
    with pytest.raises(AuditBroken):
        await audit.verify()


async def test_a_changed_order_is_found(audit: Audit, records: InMemory) -> None:
    for before, after in ((4, 99), (5, 4), (99, 5)):
        await change(records, update(entries).where(entries.c.seq == before).values(seq=after))
    with pytest.raises(AuditBroken, match="entry 4 was changed"):
        await audit.verify()


async def test_a_renumbered_rest_is_found(audit: Audit, records: InMemory) -> None:
    await change(records, delete(entries).where(entries.c.seq == 4))
    for seq in range(5, 11):
        await change(records, update(entries).where(entries.c.seq == seq).values(seq=seq - 1))
    with pytest.raises(AuditBroken, match="entry 4 was changed"):
        await audit.verify()


async def cut(records: InMemory, audit: Audit, left: int) -> None:
    """Cut the tail as well as can be done from inside the records."""
    row = await anext(audit._rows(left - 1))
    await change(records, delete(entries).where(entries.c.seq > left))
    await change(records, update(audit_tip).values(seq=left, hash=row["hash"]))


async def test_a_cut_tail_is_found_by_the_signed_head(
    audit: Audit, records: InMemory, signer: Signer
) -> None:
    head = await audit.sign(signer)
    await append(records, audit, 11)
    assert await audit.verify(head, signer.public_pem()) == 11
    await cut(records, audit, 7)
    assert await audit.verify() == 7, "without a head nobody can tell"
    with pytest.raises(AuditBroken, match="ends at entry 7, the signed head is at entry 10"):
        await audit.verify(head, signer.public_pem())


async def test_a_chain_that_was_written_anew_is_found_by_the_signed_head(
    audit: Audit, records: InMemory, signer: Signer
) -> None:
    head = await audit.sign(signer)
    await cut(records, audit, 7)
    for number in (70, 80, 90, 100):
        await append(records, audit, number)
    assert await audit.verify() == 11
    with pytest.raises(AuditBroken, match="not the one of the signed head"):
        await audit.verify(head, signer.public_pem())


FORGERIES: dict[str, Callable[[str], str]] = {
    "an older number": lambda line: line.replace('"seq":10', '"seq":7'),
    "another time": lambda line: line.replace(str(NOW_S), "1.0"),
    "another signature": lambda line: line.replace('"signature":"', '"signature":"AAAA'),
    "no base64": lambda line: line.replace('"signature":"', '"signature":"§'),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_head_is_refused(audit: Audit, signer: Signer, forgery: str) -> None:
    line = head_text(await audit.sign(signer))
    assert FORGERIES[forgery](line) != line
    with pytest.raises(AuditBroken, match="signature"):
        await audit.verify(read_head(FORGERIES[forgery](line)), signer.public_pem())


async def test_a_head_of_another_key_is_refused(audit: Audit, signer: Signer) -> None:
    other = Signer.from_pem(new_pem())
    with pytest.raises(AuditBroken, match="signature"):
        await audit.verify(await audit.sign(other), signer.public_pem())


async def test_a_head_survives_its_line(audit: Audit, signer: Signer) -> None:
    head = await audit.sign(signer)
    assert read_head(head_text(head)) == head
    assert head.key_id == key_id(signer.public_pem())


@pytest.mark.parametrize("line", ["", "{", "[]", "{}", '{"seq": "x"}'])
def test_what_is_no_head_is_said_to_be_none(line: str) -> None:
    with pytest.raises(AuditBroken, match="cannot be read"):
        read_head(line)


async def test_a_rolled_back_entry_leaves_no_gap(audit: Audit, records: InMemory) -> None:
    async def work(connection: AsyncConnection) -> None:
        await audit.append(connection, "purge_ordered", {})
        await connection.execute(text("SELECT nonsense"))

    with pytest.raises(Exception, match="nonsense"):
        await records.write(work)
    await append(records, audit, 11)
    assert await audit.verify() == 11


def test_a_signature_is_of_one_message_and_one_key(signer: Signer) -> None:
    signature = signer.sign(b"erased")
    assert is_signed(signer.public_pem(), b"erased", signature)
    assert not is_signed(signer.public_pem(), b"Erased", signature)
    assert not is_signed(Signer.from_pem(new_pem()).public_pem(), b"erased", signature)


@pytest.mark.parametrize(
    "pem", [b"", b"-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_refused(pem: bytes, signer: Signer) -> None:
    with pytest.raises(BadConfiguration):
        Signer.from_pem(pem)
    with pytest.raises(BadConfiguration):
        is_signed(pem, b"", "")


async def test_a_changed_head_number_changes_its_message(audit: Audit, signer: Signer) -> None:
    head = await audit.sign(signer)
    assert replace(head, seq=head.seq + 1).message() != head.message()


async def test_an_end_that_was_forged_is_never_signed(
    audit: Audit, records: InMemory, signer: Signer
) -> None:
    head = await audit.sign(signer)
    await cut(records, audit, 7)
    await change(records, update(audit_tip).values(seq=9))
    with pytest.raises(AuditBroken, match="ends at entry 7, the tip"):
        await audit.sign(signer)
    await change(records, update(audit_tip).values(seq=7))
    for number in (70, 80, 90, 100):
        await append(records, audit, number)
    assert (await audit.sign(signer)).seq == 11, "without the last head nobody can tell"
    with pytest.raises(AuditBroken, match="entry 11 was changed"):
        await audit.sign(signer, head)


async def test_the_next_head_goes_on_from_the_last_one(
    audit: Audit, records: InMemory, signer: Signer
) -> None:
    head = await audit.sign(signer)
    assert (await audit.sign(signer, head)).seq == 10
    await append(records, audit, 11)
    assert (await audit.sign(signer, head)).seq == 11
    later = await audit.sign(signer)
    await cut(records, audit, 10)
    with pytest.raises(AuditBroken, match="ends at entry 10, the last signed head is at 11"):
        await audit.sign(signer, later)


async def test_an_entry_before_the_first_one_is_found(audit: Audit, records: InMemory) -> None:
    async def put(connection: AsyncConnection) -> None:
        await connection.execute(insert(entries).values(seq=0, body="{}", hash="0" * 64))

    await records.write(put)
    with pytest.raises(AuditBroken, match="before the first"):
        await audit.verify()


async def test_without_its_end_the_audit_is_broken_and_takes_nothing(
    audit: Audit, records: InMemory
) -> None:
    await change(records, delete(audit_tip))
    for work in (audit.verify(), audit.length(), append(records, audit, 11)):
        with pytest.raises(AuditBroken, match="its end is missing"):
            await work


async def test_a_clock_that_goes_back_does_not_break_the_chain(
    records: InMemory, signer: Signer
) -> None:
    times = iter((NOW_S, NOW_S - 86_400.0, NOW_S + 1.0, NOW_S - 1.0))
    audit = Audit(records, lambda: next(times))
    for number in range(3):
        await append(records, audit, number)
    head = await audit.sign(signer)
    assert await audit.verify(read_head(head_text(head)), signer.public_pem()) == 3


async def test_a_worker_that_meets_a_broken_audit_keeps_the_last_head_and_says_so(
    signer: Signer,
) -> None:
    class Shelf:
        """Keeps a head in memory."""

        kept: Head | None = None
        full = False

        def keep(self, head: Head) -> None:
            if self.full:
                raise OSError(28, "No space left on device")
            self.kept = head

        def read(self) -> Head | None:
            return self.kept

    async with bench() as on:
        logged: list[dict[str, object]] = []
        logger = structlog.wrap_logger(structlog.ReturnLogger(), processors=[_into(logged)])
        worker = Worker(on.queue, on.audit, Watch(CollectorRegistry(), logger))
        heads = Shelf()
        tender = Tender(worker, signer, heads)
        await on.purge("a")
        await tender.step()
        assert heads.kept is not None
        assert heads.kept.seq == 1
        heads.full = True
        await on.purge("b")
        await tender.step()
        heads.full = False
        await tender.step()
        first = heads.kept
        assert first.seq == 2
        memory = cast("InMemory", on.records)
        await cut(memory, on.audit, 1)
        await on.purge("c")
        await on.purge("d")
        await tender.step()
        assert heads.kept == first, "the forged end was not signed"
        assert [line["event"] for line in logged] == [
            "audit_head_signed",
            "audit_head_unsigned",
            "audit_head_signed",
            "audit_head_unsigned",
        ]


def _into(logged: list[dict[str, object]]) -> Callable[..., str]:
    def keep(_: object, __: str, event: dict[str, object]) -> str:
        logged.append(dict(event))
        return ""

    return keep
