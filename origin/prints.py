"""What a print is on its way from an order to a file: its states, its record, its port.

queued ─▶ running ─▶ done
  ▲          ├────▶ refused   the photo or the design cannot be printed so; it may be tried again
  └── resume ┴────▶ paused    the host cannot now (a full disk); nothing half-made is kept
any of them ─▶ erased         a tombstone: the photo or its owner went
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class PrintState(StrEnum):
    """Where a print is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    PAUSED = "paused"
    ERASED = "erased"


class PrintLane(StrEnum):
    """Who makes it: small sRGB pages go fast; large or colour-critical ones have their own."""

    FAST = "fast"
    CAREFUL = "careful"


class PrintStep(StrEnum):
    """What is being done to a print that runs."""

    WAITING = "waiting"
    SOURCE = "source"
    RENDER = "render"
    ARCHIVE = "archive"
    READY = "ready"


#: How far a print is at each step, in percent; rendering is nearly all of it.
PROGRESS_PERCENT = {
    PrintStep.WAITING: 0,
    PrintStep.SOURCE: 5,
    PrintStep.RENDER: 10,
    PrintStep.ARCHIVE: 90,
    PrintStep.READY: 100,
}


@dataclass(frozen=True, slots=True)
class PrintFile:
    """A finished file. sha256: hex of its bytes. Sides in px, bleed included."""

    media_type: str
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class PrintRecord:
    """One print. ``print_id`` is the keyed hash of its recipe, so an equal order is this print.

    recipe: its canonical JSON, which may hold a caption; empty when erased. code, words: why it
    was refused or paused. lease: who makes it now. not_before_s: Unix time of its next turn.
    """

    tenant: str
    print_id: str
    assets: tuple[str, ...]
    design: str | None
    product: str
    engine: str
    lane: PrintLane
    recipe: bytes = field(repr=False)
    created_at_s: int
    state: PrintState = PrintState.QUEUED
    step: PrintStep = PrintStep.WAITING
    code: str = ""
    words: str = ""
    attempts: int = 0
    updated_at_s: int = 0
    not_before_s: int = 0
    lease: str = field(default="", repr=False)
    file: PrintFile | None = None


@dataclass(frozen=True, slots=True)
class PrintRequest:
    """An order's Idempotency-Key and its body, both as SHA-256 (a key may be an order number)."""

    key_sha256: str
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended. ``not_before_s``: for one that goes back into the queue.

    counts_turn: False gives the turn back, when nobody is to blame (a server that stops).
    """

    state: PrintState
    step: PrintStep = PrintStep.WAITING
    code: str = ""
    words: str = ""
    not_before_s: int = 0
    file: PrintFile | None = None
    counts_turn: bool = True


class PrintRecords(Protocol):
    """The queue and the register of prints. A lease is fenced: who has lost it changes nothing."""

    async def add_print(
        self, record: PrintRecord, *, owner: str | None, request: PrintRequest | None
    ) -> tuple[PrintRecord, bool]:
        """Record an order; return the print and whether it is new.

        An equal print that is there is returned as it is; one that an owner's erase took is begun
        anew. owner: None is every owner of its photos. Raises NotFound "asset.unknown", Gone
        "asset.erased", BadDocument "print.idempotency".
        """

    async def print_of_request(self, tenant: str, request: PrintRequest) -> PrintRecord | None:
        """Return what that key ordered before; raises BadDocument 409 "print.idempotency"."""

    async def print_record(self, tenant: str, print_id: str) -> PrintRecord | None:
        """Return a print, erased ones too."""

    async def prints_of(self, tenant: str, asset: str) -> Sequence[PrintRecord]:
        """Return every print that shows a photo, erased ones too, by id."""

    async def print_with(self, tenant: str, sha256: str) -> PrintRecord | None:
        """Return a print whose file has that SHA-256 (hex)."""

    async def lasting_prints(self, tenant: str) -> Sequence[str]:
        """Return the ids of all prints that are not erased."""

    async def claim_print(
        self, lane: PrintLane, *, lease_s: int, only: tuple[str, str] | None = None
    ) -> PrintRecord | None:
        """Take the oldest print that waits, or whose maker's lease has run out.

        only: that print (tenant, id), in whatever lane.
        """

    async def keep_lease(self, record: PrintRecord, step: PrintStep, *, lease_s: int) -> bool:
        """Say that work goes on; False when the lease is lost."""

    async def settle_print(self, record: PrintRecord, ending: Ending) -> bool:
        """End a turn; False when the lease was lost: then nothing is changed."""

    async def resume_print(self, tenant: str, print_id: str) -> PrintRecord | None:
        """Put a paused or refused print back into the queue; None when it is neither."""
