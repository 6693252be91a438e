"""The values that cross the purge's borders: what is purged, how, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What one target names."""

    TAG = "tag"
    URL = "url"
    PREFIX = "prefix"
    ALL = "all"


class Mode(StrEnum):
    """Soft: mark stale, serve while asking anew. Hard: remove. Hard is for takedowns."""

    SOFT = "soft"
    HARD = "hard"


class What(StrEnum):
    """What a person can ask to be purged; purge/select.py says what each of them means."""

    ASSET = "asset"
    OWNER = "owner"
    PROJECT = "project"
    DESIGN = "design"
    PRESET = "preset"
    ENGINE = "engine"
    TAG = "tag"
    URL = "url"
    PREFIX = "prefix"
    TENANT = "tenant"
    ALL = "all"


class State(StrEnum):
    """Where one target stands at one provider."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to purge. ``name``: asset id, owner, ``NAME~VER`` of a preset, tag, path, ...

    ``tenant`` is empty for engine, tag, url, prefix and all; ``name`` for tenant and all.
    """

    what: What
    tenant: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A tag, a canonical path under /v1/, a prefix of such paths, or everything (no text)."""

    kind: Kind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """What subjects carry at the edges, and the generations that their assets have now.

    ``generations``: ``"{tenant}/{asset}"`` to the new generation, a sample where there are many.
    ``label`` names the subjects for people and the audit; an owner or project only as a keyed hash.
    """

    what: What
    tenant: str
    label: str
    targets: tuple[Target, ...]
    generations: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One purge as it was asked for. ``order`` is unique and sorts by time."""

    order: str
    what: What
    tenant: str
    label: str
    targets: tuple[Target, ...]
    mode: Mode
    is_takedown: bool
    by: str  # who: a token's or an account's name, never a customer's
    reason: str  # why: kept for ever in the audit, so a ticket's number and no personal data
    created_at_s: float
    providers: tuple[str, ...]  # names; each target goes to each of them
    generations: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of a provider carries: texts of one kind, in one mode."""

    kind: Kind
    mode: Mode
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """What a provider's rate headers said: calls left, and seconds until there are more."""

    remaining: int | None = None
    reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A provider took the whole batch. ``ids`` are its own names of that, for its support.

    took_s: how long the call took, as the worker saw it.
    """

    ids: tuple[str, ...] = ()
    budget: Budget | None = None
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one provider takes. A kind that is absent in ``per_batch`` is sent as a wider tag.

    per_batch: texts in one call. rate_per_s, burst: calls, per account. header_bytes_max: the texts
    of one call joined by single spaces, 0 for no such limit.
    """

    per_batch: Mapping[Kind, int]
    rate_per_s: float
    burst: int
    header_bytes_max: int = 0

    def __post_init__(self) -> None:
        assert Kind.TAG in self.per_batch, "every provider purges by tag"
        assert all(count > 0 for count in self.per_batch.values()), "a batch holds something"
        assert self.rate_per_s > 0, "a provider takes calls"
        assert self.burst >= 1, "a provider takes calls"


@dataclass(frozen=True, slots=True)
class Progress:
    """One order at one provider: how many of its targets stand where.

    ``accepted_at_s``: the latest first acceptance, ``settled_at_s``: the latest second one; None
    as long as any target lacks it.
    """

    provider: str
    counts: Mapping[State, int]
    accepted_at_s: float | None
    settled_at_s: float | None
    code: str = ""  # of the last failure, if any target has failed


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """One order and where it stands everywhere. ``order`` comes without its targets."""

    order: Order
    target_count: int
    open_count: int  # of targets times providers: neither accepted twice nor a dead letter
    progress: Sequence[Progress]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to send: all was accepted twice or is a dead letter."""
        return self.open_count == 0

    @property
    def is_accepted(self) -> bool:
        """Whether every provider took every target at least once."""
        return all(part.accepted_at_s is not None for part in self.progress)

    @property
    def dead_count(self) -> int:
        """How many dead letters it has."""
        return sum(part.counts.get(State.DEAD, 0) for part in self.progress)
