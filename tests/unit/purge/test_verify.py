"""Verify on a simulated clock: how often it asks, when it stops, and what it says."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping

import pytest

from purge.judge import Probe, Seen, Verdict
from purge.probe import Edge, NoAnswer
from purge.values import Mode
from purge.verify import Finding, Question, Report, Verifier

pytestmark = pytest.mark.anyio

PATHS = tuple(f"/v1/acme/{letter * 52}/w_320.jpg" for letter in "ab")
NEAR, FAR = Edge("near", "http://near"), Edge("far", "http://far")
START_S = 1_800_000_000.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    """Time that passes only while someone sleeps; sleepers wake in order."""

    def __init__(self) -> None:
        self.s = 0.0

    def now_s(self) -> float:
        return START_S + self.s

    def monotonic_s(self) -> float:
        return self.s

    async def sleep(self, wait_s: float) -> None:
        until_s = self.s + wait_s
        await asyncio.sleep(0)
        self.s = max(self.s, until_s)


def answer(generation: int | None, status: int = 200, code: str = "") -> Seen:
    headers = {"cache-status": "edge; fwd=miss"}
    if generation is not None:
        headers["edgeproof-generation"] = str(generation)
    return Seen(START_S, status, headers, code)


class Edges:
    """Answers by script: of each edge, the answers in turn, the last one for ever."""

    def __init__(self, clock: Clock, script: Mapping[str, list[Seen | str]]) -> None:
        self.clock, self.script = clock, script
        self.asked: dict[tuple[str, str], list[float]] = defaultdict(list)

    async def ask(self, edge: Edge, path: str) -> Seen:
        times = self.asked[edge.name, path]
        times.append(self.clock.s)
        answers = self.script[edge.name]
        found = answers[min(len(times), len(answers)) - 1]
        if isinstance(found, str):
            raise NoAnswer(found)
        return found


async def verified(
    script: Mapping[str, list[Seen | str]],
    mode: Mode = Mode.HARD,
    *,
    is_erased: bool = False,
    paths: tuple[str, ...] = PATHS[:1],
) -> tuple[Report, Edges]:
    clock = Clock()
    edges = Edges(clock, script)
    places = [edge for edge in (NEAR, FAR) if edge.name in script]
    verifier = Verifier(places, edges.ask, clock, vantage="a test")
    probes = [Probe(path, 5, is_erased=is_erased) for path in paths]
    return await verifier.verify(Question(probes, mode, START_S)), edges


async def test_a_new_answer_is_gone_after_one_probe() -> None:
    report, edges = await verified({"near": [answer(5)], "far": [answer(6)]})
    assert report.is_verified
    assert [len(times) for times in edges.asked.values()] == [1, 1]
    assert report.words == "verified, as seen from a test: near gone, far gone"


async def test_hard_the_first_old_answer_is_the_end_with_its_evidence() -> None:
    report, _ = await verified({"near": [answer(4), answer(5)]})
    assert not report.is_verified
    (finding,) = report.edges[0].still_there
    assert finding.seen is not None
    assert finding.seen.headers["edgeproof-generation"] == "4"
    assert finding.asked == 1
    assert "below 5" in report.edges[0].reason


async def test_soft_the_first_answer_may_be_old() -> None:
    report, edges = await verified({"near": [answer(4), answer(5)]}, Mode.SOFT)
    assert report.is_verified
    assert len(edges.asked["near", PATHS[0]]) == 2


async def test_soft_an_old_answer_after_ten_seconds_is_still_there() -> None:
    report, edges = await verified({"near": [answer(4)]}, Mode.SOFT)
    assert report.edges[0].verdict is Verdict.STILL_THERE
    times = edges.asked["near", PATHS[0]]
    assert times[-1] == pytest.approx(10.0)
    assert 4 <= len(times) <= 12


async def test_softly_erased_is_judged_like_hard() -> None:
    report, edges = await verified({"near": [answer(9)]}, Mode.SOFT, is_erased=True)
    assert report.edges[0].verdict is Verdict.STILL_THERE
    assert len(edges.asked["near", PATHS[0]]) == 1


async def test_an_edge_that_is_away_for_a_moment_is_asked_again() -> None:
    report, _ = await verified({"near": ["no connection", answer(None, 503), answer(5)]})
    assert report.is_verified


@pytest.mark.parametrize(
    "strange",
    ["no answer in 10 s", answer(None, 503), answer(None), answer(None, 302), answer(5, 404)],
    ids=["nobody", "unwell", "not ours", "a redirect", "not found"],
)
async def test_what_could_not_be_seen_is_unknown_and_never_verified(strange: Seen | str) -> None:
    report, edges = await verified({"near": [strange], "far": [answer(5)]})
    assert not report.is_verified
    assert [edge.verdict for edge in report.edges] == [Verdict.UNKNOWN, Verdict.GONE]
    assert edges.asked["near", PATHS[0]][-1] == pytest.approx(10.0)
    assert report.edges[0].unknown[0].reason == report.edges[0].reason != ""


async def test_one_old_url_makes_an_edge_still_there_whatever_the_others_show() -> None:
    clock = Clock()

    async def ask(edge: Edge, path: str) -> Seen:
        return answer(5 if path == PATHS[0] else 4)

    verifier = Verifier([NEAR], ask, clock, vantage="a test")
    probes = [Probe(path, 5) for path in PATHS]
    (edge,) = (await verifier.verify(Question(probes, Mode.HARD, START_S))).edges
    assert (edge.verdict, edge.gone, len(edge.still_there)) == (Verdict.STILL_THERE, 1, 1)
    assert edge.still_there[0].path == PATHS[1]


async def test_without_edges_or_without_urls_nothing_is_verified() -> None:
    nothing, _ = await verified({})
    assert not nothing.is_verified
    assert "no edge" in nothing.words
    empty, _ = await verified({"near": [answer(5)]}, paths=())
    assert not empty.is_verified
    assert empty.edges[0].reason == "there was no URL to ask for"


async def test_each_finding_is_told_as_it_is_made_and_the_report_is_json() -> None:
    clock, told = Clock(), list[Finding]()
    edges = Edges(clock, {"near": [answer(4)], "far": [answer(5)]})
    verifier = Verifier([NEAR, FAR], edges.ask, clock, vantage="a test", told=told.append)
    probes = [Probe(path, 5) for path in PATHS]
    report = await verifier.verify(Question(probes, Mode.HARD, START_S))
    assert len(told) == 4
    shown = json.loads(json.dumps(report.as_json()))
    assert shown["is_verified"] is False
    assert shown["edges"][0]["still_there"][0]["seen"]["headers"]["edgeproof-generation"] == "4"
