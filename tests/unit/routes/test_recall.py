"""Answers given again: only while second, epoch and ring are the same, each logged and counted."""

from __future__ import annotations

import json

import pytest
from prometheus_client import CollectorRegistry

from cache_keys.asking import Request
from origin.flow.authorize import PreviewRequest
from origin.flow.preview import Moment
from origin.flow.trace import Trace
from origin.headers import Answer
from origin.routes import recall
from origin.routes.observe import RequestLog, metrics
from origin.routes.recall import Asking, Recall

ASKING: Asking = (b"GET", b"/v1/a", ((b"host", b"h"),))


def log(written: list[str], registry: CollectorRegistry | None = None) -> RequestLog:
    counters = metrics(registry or CollectorRegistry())
    return RequestLog(None, counters, "v1", write_lines=written.append)


def ready(observer: RequestLog) -> recall.Ready:
    trace = Trace(hit="memory", path="/v1/a/b/w_64.jpg", key="k", lane="edge", tag_count=3)
    request = PreviewRequest(Request("GET", "h", b"/v1/a?sig=secret"))
    return observer.ready(request, Answer(200, [], b"12345"), trace)


@pytest.mark.parametrize("later", [(8, 1, {}), (7, 2, {}), (7, 1, {"k2": 1}), None])
def test_an_answer_holds_until_second_epoch_or_ring_moves(later: Moment | None) -> None:
    now: list[Moment | None] = [(7, 1, {})]
    remembered = Recall(lambda: now[0])
    assert remembered.find(ASKING) is None
    answer = ready(log([]))
    remembered.keep(ASKING, answer, now[0])
    assert remembered.find(ASKING) is answer
    now[0] = later
    assert remembered.find(ASKING) is None


def test_an_answer_that_was_judged_in_an_older_moment_is_not_kept() -> None:
    now: list[Moment | None] = [(7, 1, {})]
    remembered = Recall(lambda: now[0])
    remembered.find(ASKING)
    began, now[0] = now[0], (8, 1, {})
    remembered.find(ASKING)
    remembered.keep(ASKING, ready(log([])), began)
    assert remembered.find(ASKING) is None


def test_other_bytes_are_another_request() -> None:
    now: Moment = (7, 1, {})
    remembered = Recall(lambda: now)
    remembered.find(ASKING)
    remembered.keep(ASKING, ready(log([])), now)
    assert remembered.find((b"GET", b"/v1/a", ((b"host", b"other"),))) is None
    assert remembered.find((b"GET", b"/v1/A", ASKING[2])) is None


def test_what_is_remembered_is_bounded() -> None:
    now: Moment = (7, 1, {})
    remembered = Recall(lambda: now)
    remembered.find(ASKING)
    answer = ready(log([]))
    for number in range(recall.READY_MAX + 1):
        remembered.keep((b"GET", b"/%d" % number, ()), answer, now)
    assert remembered.find((b"GET", b"/0", ())) is answer
    assert remembered.find((b"GET", b"/%d" % recall.READY_MAX, ())) is None


def test_each_repetition_has_its_line_and_its_count_and_no_secret() -> None:
    written: list[str] = []
    registry = CollectorRegistry()
    observer = log(written, registry)
    answer = ready(observer)
    assert observer.repeated(answer, 0.000_25)
    assert not observer.repeated(answer, 0.001)
    assert written == []
    observer.flush()
    lines = [json.loads(line) for line in "".join(written).splitlines()]
    assert [line["ms"] for line in lines] == [0.25, 1.0]
    assert lines[0]["path"] == "/v1/a/b/w_64.jpg"
    assert lines[0]["event"] == "preview_answered"
    assert lines[0]["timestamp"].endswith("Z")
    assert "secret" not in written[0]
    labels = {"status": "200", "lane": "edge", "format": "jpg", "hit": "memory"}
    assert registry.get_sample_value("edgeproof_requests_total", labels) == 2
    assert registry.get_sample_value("edgeproof_answer_bytes_total", {"format": "jpg"}) == 10


def test_many_lines_do_not_wait() -> None:
    written: list[str] = []
    observer = log(written)
    answer = ready(observer)
    for _ in range(recall.LINES_MAX):
        observer.repeated(answer, 0.0001)
    assert len(written) == 1


def test_without_the_info_level_no_line_is_kept() -> None:
    observer = RequestLog(None, metrics(CollectorRegistry()), "v1")
    assert not observer.repeated(ready(observer), 0.0001)
