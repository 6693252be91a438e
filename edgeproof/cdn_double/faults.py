"""What goes wrong on demand: the next calls of a vendor, or all of them until it is cleared."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Vendor(StrEnum):
    """Whose API."""

    FASTLY = "fastly"
    CLOUDFLARE = "cloudflare"


class Failure(StrEnum):
    """How a call fails."""

    TOO_MANY = "429"
    BROKEN = "500"
    TIMEOUT = "timeout"
    NOT_DONE = "not-done"
    PARTIAL = "partial"


#: What each failure does, for people.
MEANINGS = {
    Failure.TOO_MANY: "refused with the vendor's rate headers; nothing is purged",
    Failure.BROKEN: "the vendor answers 500; nothing is purged",
    Failure.TIMEOUT: "all is purged, and the answer comes too late to be read",
    Failure.NOT_DONE: "accepted like any other call, and nothing is purged",
    Failure.PARTIAL: "accepted, and only every second target is purged",
}


class Fault(BaseModel):
    """One planned failure. times: calls that it hits, None for all until cleared."""

    model_config = ConfigDict(extra="forbid")

    vendor: Vendor
    failure: Failure
    times: int | None = Field(1, ge=1, le=1_000_000)
    retry_after_s: int = Field(1, ge=0, le=86_400)
    delay_s: float = Field(30.0, ge=0, le=600)


def parse_fault(text: str) -> Fault:
    """Read ``vendor:failure`` or ``vendor:failure:times``; raises ValueError.

    Without a number it hits every call.
    """
    vendor, _, rest = text.partition(":")
    failure, _, times = rest.partition(":")
    return Fault(
        vendor=Vendor(vendor), failure=Failure(failure), times=int(times) if times else None
    )


class Faults:
    """The failures that are planned, in order."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []

    def take(self, vendor: Vendor) -> Fault | None:
        """Return what happens to this call of a vendor, and count it."""
        for fault in self.planned:
            if fault.vendor is not vendor:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self.planned.remove(fault)
            return fault
        return None
