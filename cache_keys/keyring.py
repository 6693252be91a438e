"""The key ring: which kid opens which tenants until when, read from JSON in exactly one form."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from cache_keys import policy

_KID = re.compile(policy.KID)
_SECRET = re.compile(policy.SECRET)
_TENANT = re.compile(policy.TENANT)
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_FIELDS = {"master", "tenants", "retired"}
RING_BYTES_MAX = 1 << 20  # a ring has some keys, not thousands


class RingError(ValueError):
    """The ring, or the list of edge secrets, is not of the one form that loads."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """One entry. tenants: None is all. retired_at_s: Unix time from which it opens nothing."""

    master: bytes = field(repr=False)  # 64 lower-case hex characters, ASCII
    tenants: frozenset[str] | None
    retired_at_s: int | None

    def is_active(self, tenant: str, now: int) -> bool:
        """Say whether it signs and opens for a tenant at a Unix time."""
        return (self.tenants is None or tenant in self.tenants) and (
            self.retired_at_s is None or now < self.retired_at_s
        )


Ring = Mapping[str, RingKey]


def parse_ring(content: bytes) -> dict[str, RingKey]:
    """Read the ring file; its order is kept.

    Raises RingError with a sentence that names the entry and never a master.
    """
    document = _object(content, "The key ring")
    return {_kid(kid): _ring_key(kid, entry) for kid, entry in document.items()}


def parse_edge_secrets(content: bytes) -> dict[str, bytes]:
    """Read the secrets that edges prove themselves with: kid to 64 hex, at most two live.

    Raises RingError with a sentence that never shows a secret.
    """
    document = _object(content, "The list of edge secrets")
    if len(document) > policy.EDGE_KIDS_MAX:
        raise RingError(f"More than {policy.EDGE_KIDS_MAX} edge secrets are live.")
    return {_kid(kid): _secret(kid, secret) for kid, secret in document.items()}


def _object(content: bytes, what: str) -> dict[str, object]:
    if len(content) > RING_BYTES_MAX:
        raise RingError(f"{what} is larger than {RING_BYTES_MAX} bytes.")
    try:
        document = json.loads(content.decode(), object_pairs_hook=_once)
    except RingError:
        raise
    except (ValueError, RecursionError):
        # No cause: its text could quote a secret.
        raise RingError(f"{what} is not JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise RingError(f"{what} is not a JSON object of kids.")
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RingError("A name stands twice.")
    return found


def _kid(kid: str) -> str:
    if not _KID.fullmatch(kid):
        raise RingError(f"The kid {kid!r} is not 1 to 16 characters of a-z and 0-9.")
    return kid


def _secret(kid: str, secret: object) -> bytes:
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        raise RingError(f"The secret of {kid!r} is not 64 lower-case hex characters.")
    return secret.encode()


def _ring_key(kid: str, entry: object) -> RingKey:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise RingError(f"The entry {kid!r} has not exactly master, tenants and retired.")
    master = _secret(kid, entry["master"])
    return RingKey(master, _tenants(kid, entry["tenants"]), _retired_at_s(kid, entry["retired"]))


def _tenants(kid: str, tenants: object) -> frozenset[str] | None:
    if tenants == "all":
        return None
    if not isinstance(tenants, list) or not all(
        isinstance(name, str) and _TENANT.fullmatch(name) for name in tenants
    ):
        raise RingError(f'The tenants of {kid!r} are neither "all" nor a list of tenants\' names.')
    return frozenset(tenants)


def _retired_at_s(kid: str, retired: object) -> int | None:
    if retired is None:
        return None
    if isinstance(retired, str) and _TIME.fullmatch(retired):
        # A month 13 or a second 60 has the form and is no time.
        with suppress(ValueError):
            return calendar.timegm(datetime.fromisoformat(retired).timetuple())
    raise RingError(f"{kid!r} is retired neither null nor at a time like 2026-11-01T00:00:00Z.")
