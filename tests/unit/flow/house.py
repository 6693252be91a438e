"""A whole origin in one process: memory adapters, threads for workers, the real renderer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from cache_keys import Request, make_proof, parse_ring, read_target, rounded_exp, sign
from cache_keys.presets import Preset
from cache_keys.transform import Transform
from origin.adapters.decoded import MemoryLevels
from origin.adapters.memory import (
    MemoryDerivatives,
    MemoryLocks,
    MemoryObjects,
    MemorySources,
    ThreadWorkers,
)
from origin.adapters.memory_records import MemoryRecords
from origin.flow.admit import Admission
from origin.flow.authorize import Authorizer, Locks, PreviewRequest
from origin.flow.coalesce import Coalescer
from origin.flow.epoch import EpochWatch
from origin.flow.intake import Intake, IntakeParts, Taken, Upload
from origin.flow.look_up import HotPictures, Subjects
from origin.flow.personalize import Personalize
from origin.flow.preview import PreviewParts, Previews
from origin.flow.ration import Ration
from origin.flow.render import RenderLimits, RenderPorts, Renders
from origin.flow.respond import Responder
from origin.flow.trace import Trace
from origin.headers import Answer
from origin.ingest.caps import Caps
from origin.printing.products import Products
from origin.values import Tenant

T = TypeVar("T")
NOW = 1_800_000_000
MASTER = "ab" * 32
EDGE = "cd" * 32
ENGINE = "v8-test"
HOST = "origin.test"
NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class CountingWorkers(ThreadWorkers):
    """Counts the jobs by name; a test may put something before each."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    async def run(
        self,
        job: Callable[..., T],
        *args: object,
        deadline_s: float,
        is_background: bool = False,
    ) -> T:
        self.jobs.append(job.__name__)
        self.before(job.__name__)
        return await super().run(job, *args, deadline_s=deadline_s, is_background=is_background)


class Shelf:
    """Presets of every tenant."""

    def preset(self, tenant: str, name: str, version: int) -> Preset | None:
        del tenant
        if (name, version) == ("card", 1):
            return Preset("card", 1, Transform("jpg", w=200, h=100, fit="contain"))
        return None


@dataclass
class House:
    """The parts that tests look at."""

    previews: Previews
    intake: Intake
    personalize: Personalize
    records: MemoryRecords
    objects: MemoryObjects
    workers: CountingWorkers
    admission: Admission
    tenant: Tenant
    traces: list[Trace] = field(default_factory=list)

    async def take(self, content: bytes, owner: str = "c-1") -> Taken:
        """Take a photo in."""

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 10_000):
                yield content[start : start + 10_000]

        return await self.intake.take(Upload(self.tenant, owner), chunks())

    async def ask(self, asset: str, leaf: str, *, now: int = NOW, **fields: str) -> Answer:
        """Ask with a good signature."""
        return await self.send(signed(asset, leaf, now), fields)

    def request(self, asset: str, leaf: str) -> PreviewRequest:
        """Return a request with a good signature."""
        return PreviewRequest(Request("GET", HOST, signed(asset, leaf, NOW)))

    async def ask_as_edge(self, asset: str, leaf: str) -> Answer:
        """Ask as an edge that proves itself."""
        path = f"/v1/acme/{asset}/{leaf}"
        proof = make_proof("e1", EDGE.encode(), "GET", HOST, path, now=NOW)
        return await self.send(path.encode(), {}, proof.encode())

    async def send(
        self, target: bytes, fields: Mapping[str, str] = NO_FIELDS, proof: bytes | None = None
    ) -> Answer:
        """Send raw parts of a request: first what memory can answer, then the whole flow."""
        accept = tuple(value.encode() for name, value in fields.items() if name == "accept")
        others = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
        request = PreviewRequest(Request("GET", HOST, target, proof=proof), accept, others)
        trace = Trace()
        self.traces.append(trace)
        answer = self.previews.answer_now(request, trace)
        return answer or await self.previews.answer(request, trace)


def signed(asset: str, leaf: str, now: int) -> bytes:
    """Return a target with a good signature."""
    target = read_target(f"/v1/acme/{asset}/{leaf}".encode())
    return sign(target, RING, "k1", rounded_exp(now, 86_400), now=now).encode()


RING = parse_ring(f'{{"k1":{{"master":"{MASTER}","tenants":"all","retired":null}}}}'.encode())


async def house(folder: Path, *, deadline_s: float = 60.0, waiting_max: int = 64) -> House:
    """Build it with one shop, ``acme``."""
    records, objects, locks = MemoryRecords(), MemoryObjects(), MemoryLocks()
    workers, sources = CountingWorkers(), MemorySources(folder)
    tenant = Tenant("acme", b"k" * 32, is_public=False, is_suspended=False)
    await records.add_tenant(tenant)
    admission = Admission(running_max=2, waiting_max=waiting_max)
    renders = Renders(
        RenderPorts(
            *(workers, objects, sources, records, admission),
            *(Coalescer(locks), Coalescer(locks), MemoryLevels(20_000_000)),
        ),
        engine=ENGINE,
        limits=RenderLimits(deadline_s=60, quarantine_after=2),
    )
    parts = PreviewParts(
        authorizer=Authorizer(
            Locks(lambda: RING, {HOST}, {"e1": EDGE.encode()}, public_tenants=None), records
        ),
        epochs=EpochWatch(records, poll_s=0.05, grace_s=0),
        subjects=Subjects(records, Shelf(), Products()),
        hot=HotPictures(1_000_000),
        derivatives=MemoryDerivatives(records),
        coalescer=Coalescer(locks),
        admission=admission,
        ration=Ration(10_000),
        renders=renders,
        responder=Responder(exposes_details=False),
    )
    return House(
        previews=Previews(parts, engine=ENGINE, deadline_s=deadline_s, now=lambda: NOW),
        intake=Intake(
            IntakeParts(
                workers, sources, records, renders, locks, Admission(running_max=4, waiting_max=9)
            ),
            caps=Caps(),
            deadline_s=60,
            now=time.time,
        ),
        personalize=Personalize(records, records),
        records=records,
        objects=objects,
        workers=workers,
        admission=admission,
        tenant=tenant,
    )
