"""Purges seen from outside: one canonical log line each, and counters with units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from purge.errors import PurgeError
from purge.reports import Backlog
from purge.settle import Settled
from purge.values import OrderStatus

PURGE_FINISHED = "purge_finished"
PURGE_CALL_FAILED = "purge_call_failed"
PURGE_RECORDS_AWAY = "purge_records_away"
PURGE_STUMBLED = "purge_stumbled"
AUDIT_HEAD_SIGNED = "audit_head_signed"
AUDIT_HEAD_UNSIGNED = "audit_head_unsigned"
#: Seconds of one call, and from an order to its acceptance everywhere.
CALL_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
ORDER_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0)


class Watch:
    """Every counter of one worker. Labels are providers' names and outcomes, never a tag."""

    def __init__(self, registry: CollectorRegistry, logger: Any) -> None:  # structlog's own type
        self._logger = logger
        name, of_one, of_both = "edgeproof_purge", ("provider",), ("provider", "outcome")
        self._calls = Counter(f"{name}_calls", "Calls", of_both, registry=registry)
        self._targets = Counter(f"{name}_targets", "Targets in calls", of_both, registry=registry)
        self._stale = Counter(
            f"{name}_stale", "Targets whose lease was lost", of_one, registry=registry
        )
        self._dead = Counter(
            f"{name}_given_up", "Targets that became dead letters", of_one, registry=registry
        )
        self._call_seconds = Histogram(
            f"{name}_call_seconds",
            "Time of a call",
            of_one,
            buckets=CALL_BUCKETS,
            registry=registry,
        )
        self._accept_seconds = Histogram(
            f"{name}_accept_seconds",
            "From an order to its acceptance by a provider",
            of_one,
            buckets=ORDER_BUCKETS,
            registry=registry,
        )
        self._open = Gauge(
            f"{name}_open", "Targets to be sent", of_one, multiprocess_mode="max", registry=registry
        )
        self._letters = Gauge(
            f"{name}_dead_letters",
            "Targets given up and not replayed: alert above 0",
            of_one,
            multiprocess_mode="max",
            registry=registry,
        )
        self._oldest = Gauge(
            f"{name}_oldest_seconds",
            "How long the first due target has waited",
            of_one,
            multiprocess_mode="max",
            registry=registry,
        )

    def called(self, provider: str, outcome: str, spent_s: float, settled: Settled) -> None:
        """Count one call and its rows."""
        self._calls.labels(provider, outcome).inc()
        self._targets.labels(provider, outcome).inc(settled.rows)
        self._stale.labels(provider).inc(settled.stale)
        self._dead.labels(provider).inc(settled.dead)
        self._call_seconds.labels(provider).observe(spent_s)

    def failed(self, provider: str, error: PurgeError) -> None:
        """Log why a call failed; with its traceback where the cause is no error of ours."""
        cause = error.__cause__ if not isinstance(error.__cause__, PurgeError) else None
        words = {"provider": provider, "code": error.code, "reason": error.log or error.public}
        self._logger.warning(PURGE_CALL_FAILED, **words, exc_info=cause)

    def finished(self, status: OrderStatus) -> None:
        """Write the line of an order with nothing left to do."""
        order, since_s = status.order, status.order.created_at_s
        parts = {}
        for part in status.progress:
            accepted_s = _after(part.accepted_at_s, since_s)
            parts[part.provider] = {
                "states": {str(state): count for state, count in part.counts.items()},
                "accepted_s": accepted_s,
                "settled_s": _after(part.settled_at_s, since_s),
                "code": part.code,
            }
            if accepted_s is not None:
                self._accept_seconds.labels(part.provider).observe(accepted_s)
        self._logger.log(
            _ERROR if status.dead_count else _INFO,
            PURGE_FINISHED,
            order=order.order,
            what=str(order.what),
            label=order.label,
            mode=str(order.mode),
            is_takedown=order.is_takedown,
            by=order.by,
            targets=status.target_count,
            dead=status.dead_count,
            providers=parts,
        )

    def backlogs(self, found: Iterable[Backlog]) -> None:
        """Set the gauges."""
        for one in found:
            self._open.labels(one.provider).set(one.open_rows)
            self._letters.labels(one.provider).set(one.dead_rows)
            self._oldest.labels(one.provider).set(one.oldest_s)

    def head_signed(self, seq: int, digest: str) -> None:
        """Log the signed end of the audit: a log that is kept elsewhere is a second witness."""
        self._logger.info(AUDIT_HEAD_SIGNED, seq=seq, hash=digest)

    def head_unsigned(self, error: Exception) -> None:
        """Log that the end of the audit was not signed: it does not hold, or cannot be kept."""
        self._logger.error(AUDIT_HEAD_UNSIGNED, reason=getattr(error, "public", str(error)))

    def stumbled(self, bug: Exception) -> None:
        """Log an error that nobody expected; the worker goes on."""
        self._logger.error(PURGE_STUMBLED, exc_info=bug)

    def records_away(self, error: PurgeError) -> None:
        """Log that the queue cannot be reached or written."""
        self._logger.error(PURGE_RECORDS_AWAY, code=error.code, reason=error.log or error.public)


_INFO, _ERROR = 20, 40  # levels of the standard library


def _after(at_s: float | None, since_s: float) -> float | None:
    return None if at_s is None else round(max(0.0, at_s - since_s), 3)
