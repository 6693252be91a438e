"""Seen from outside: one canonical log line per request, and counters with units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from origin.flow.admit import Admission
from origin.flow.authorize import PreviewRequest
from origin.flow.trace import Trace
from origin.headers import Answer
from origin.routes.recall import Labelled, Lines, Ready, line_around, path_of

#: Seconds; a hit takes less than a millisecond, a cold 50 MP source some seconds.
BUCKETS = (0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
PREVIEW_ANSWERED = "preview_answered"
REQUEST_FAILED = "request_failed"
#: The extensions that are label values; anything else is "other".
FORMATS = {"avif", "webp", "jpg", "png", "json"}


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every counter of one HTTP process. Labels come from closed sets, never from a key."""

    requests: Counter
    refusals: Counter
    answer_bytes: Counter
    answer_seconds: Histogram
    step_seconds: Histogram
    uploads: Counter
    upload_bytes: Counter
    damaged_objects: Counter
    evicted_objects: Counter
    evicted_bytes: Counter
    stored_bytes: Gauge
    tenants_over_quota: Gauge
    eager_pictures: Counter
    queue_waiting: Gauge
    queue_oldest_seconds: Gauge
    workers_alive: Gauge
    sandbox: Gauge
    worker_restarts: Gauge


def metrics(registry: CollectorRegistry) -> Metrics:
    """Make the counters in a registry."""

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"edgeproof_{name}", text, labels, registry=registry)

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(
            f"edgeproof_{name}", text, labels, registry=registry, multiprocess_mode="livesum"
        )

    def newest(name: str, text: str) -> Gauge:
        return Gauge(f"edgeproof_{name}", text, registry=registry, multiprocess_mode="mostrecent")

    def histogram(name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"edgeproof_{name}", text, labels, registry=registry, buckets=BUCKETS)

    return Metrics(
        requests=counter("requests", "Answers", "status", "lane", "format", "hit"),
        refusals=counter("refusals", "Answers that are errors", "code"),
        answer_bytes=counter("answer_bytes", "Bytes of bodies", "format"),
        answer_seconds=histogram("answer_seconds", "Time of an answer", "hit"),
        step_seconds=histogram("render_seconds", "Time of a step", "step"),
        uploads=counter("uploads", "Photos taken in or refused", "code"),
        upload_bytes=counter("upload_bytes", "Bytes of photos taken in"),
        damaged_objects=counter("damaged_objects", "Stored objects whose digest did not fit"),
        evicted_objects=counter("evicted_objects", "Objects removed for a quota", "kind"),
        evicted_bytes=counter("evicted_bytes", "Bytes removed for a quota", "kind"),
        stored_bytes=newest("stored_bytes", "Masters and previews of all shops"),
        tenants_over_quota=newest("tenants_over_quota", "Shops over it by what is too new to go"),
        eager_pictures=counter("eager_pictures", "Presets made ahead, or why not", "outcome"),
        queue_waiting=gauge("queue_waiting", "Cold pictures that wait for a worker"),
        queue_oldest_seconds=gauge("queue_oldest_seconds", "How long the first has waited"),
        workers_alive=gauge("workers_alive", "Worker processes that are up"),
        sandbox=gauge("worker_sandbox", "Layers that hold in the workers: 1 yes", "layer"),
        worker_restarts=gauge("worker_restarts", "Workers replaced since the start", "reason"),
    )


class RequestLog:
    """Writes the line and moves the counters of each answered preview.

    write_lines: where the lines of repeated answers go; None where info is not logged.
    """

    def __init__(
        self,
        logger: Any,  # structlog's own type
        counters: Metrics,
        engine: str,
        *,
        write_lines: Callable[[str], object] | None = None,
    ) -> None:
        self._logger = logger
        self._counters = counters
        self._engine = engine
        self.lines = Lines(write_lines)

    def answered(
        self, request: PreviewRequest, answer: Answer, trace: Trace, spent_s: float
    ) -> None:
        """Log and count one answer. Neither signature nor query is logged."""
        body_bytes = 0 if request.wire.method == "HEAD" else len(answer.body)
        self._count(answer, trace, spent_s, body_bytes)
        line: dict[str, object] = {
            "status": answer.status,
            "method": request.wire.method,
            "path": trace.path or path_of(request.wire.target),
            "key": trace.key,
            "tag_count": trace.tag_count,
            "lane": str(trace.lane),
            "hit": trace.hit,
            "bytes": body_bytes,
            "ms": round(spent_s * 1_000, 2),
            "steps_ms": {name: round(spent, 2) for name, spent in trace.steps_ms.items()},
            "engine": self._engine,
        }
        if trace.code:
            line |= {"code": trace.code, "reason": trace.reason}
        self._logger.info(PREVIEW_ANSWERED, **line)

    def ready(self, request: PreviewRequest, answer: Answer, trace: Trace) -> Ready:
        """Return an answer with all that its repetitions need to be logged and counted."""
        start, end = line_around(request, answer, trace, self._engine, PREVIEW_ANSWERED)
        return Ready(
            answer=replace(answer, body=b""),
            counting=self._labelled(answer, trace),
            line_start=start,
            line_end=end,
            size_bytes=len(answer.body),
            body=answer.body,
            again=trace.again,
        )

    def repeated(self, ready: Ready, spent_s: float) -> bool:
        """Log and count one repetition; return whether its line is the first that waits."""
        counting = ready.counting
        counting.requests.inc()
        counting.answer_bytes.inc(ready.size_bytes)
        counting.answer_seconds.observe(spent_s)
        if counting.refusals is not None:
            counting.refusals.inc()
        return self.lines.add(ready, spent_s)

    def flush(self) -> None:
        """Write the lines that wait."""
        self.lines.flush()

    def failed(self, bug: Exception) -> None:
        """Log a bug of ours with its traceback."""
        self._logger.error(REQUEST_FAILED, exc_info=bug)

    def _count(self, answer: Answer, trace: Trace, spent_s: float, body_bytes: int) -> None:
        counters = self._counters
        labelled = self._labelled(answer, trace)
        labelled.requests.inc()
        labelled.answer_bytes.inc(body_bytes)
        labelled.answer_seconds.observe(spent_s)
        if labelled.refusals is not None:
            labelled.refusals.inc()
        for step, spent_ms in trace.steps_ms.items():
            counters.step_seconds.labels(step).observe(spent_ms / 1_000)

    def _labelled(self, answer: Answer, trace: Trace) -> Labelled:
        counters = self._counters
        ext = trace.path.rpartition(".")[2]
        ext = ext if ext in FORMATS else "other"
        lane = str(trace.lane) or "none"
        return Labelled(
            counters.requests.labels(str(answer.status), lane, ext, trace.hit),
            counters.answer_bytes.labels(ext),
            counters.answer_seconds.labels(trace.hit),
            counters.refusals.labels(trace.code) if trace.code else None,
        )


def refresh_gauges(
    counters: Metrics, admission: Admission, alive: int, restarts: dict[str, int]
) -> None:
    """Set what is read rather than counted; called about once a second."""
    counters.queue_waiting.set(admission.waiting)
    counters.queue_oldest_seconds.set(admission.oldest_wait_s)
    counters.workers_alive.set(alive)
    for reason, count in restarts.items():
        counters.worker_restarts.labels(reason).set(count)
